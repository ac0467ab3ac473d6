"""The findings about a home are right when all is well, and say so when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from entitylocker.engines import health
from entitylocker.engines.layout import Layout
from tests.engines.conftest import Running

pytestmark = pytest.mark.xdist_group("engines")


def test_a_fresh_home_is_well(running: Running) -> None:
    findings = health.check_home(running.home)
    assert [finding.name for finding in findings] == [
        "free_space",
        "permissions",
        "access_rules",
        "durability",
        "ports",
    ]
    assert [finding for finding in findings if not finding.ok] == []


def test_a_secret_that_others_may_read_is_found(running: Running) -> None:
    secret = Layout(running.home).secrets / "engines.json"
    secret.chmod(0o644)
    try:
        finding = health.check_permissions(running.home)
    finally:
        secret.chmod(0o600)
    assert not finding.ok
    assert str(secret) in finding.message


def test_a_changed_access_rule_is_found(running: Running) -> None:
    rules = Layout(running.home).database / "pg_hba.conf"
    before = rules.read_text()
    try:
        rules.write_text("local all all trust\n")
        finding = health.check_access_rules(running.home)
    finally:
        rules.write_text(before)
    assert not finding.ok
    assert "pg_hba.conf" in finding.message


def test_test_settings_are_not_durable(running: Running, tmp_path: Path) -> None:
    data = Layout(tmp_path).database
    data.mkdir(parents=True)
    (data / "postgresql.conf").write_text("fsync = off\n")
    assert not health.check_durability(tmp_path).ok


def test_a_home_never_started_has_no_ports(tmp_path: Path) -> None:
    assert not health.check_ports(tmp_path).ok

"""`entitylocker trust` beside a database: what it takes over counts for everybody and is in the operator's log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from entitylocker import tenancy
from entitylocker.audit.models import OPERATOR_LOG, Event
from entitylocker.cli.trust import trust
from entitylocker.config import load_settings, remember
from entitylocker.extensions import db
from entitylocker.storage.keys import OperatorKey
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.trust import service
from tests.trust.authorities import make_authority, make_crl, packed

ROLES = ("owner", "app", "operator", "worker")


@pytest.fixture
def home(tmp_path: Path, engine_facts: dict[str, Any]) -> Path:
    """The home of an installation whose database runs."""
    place = tmp_path / "home"
    return _set_up(place, **{name: value for name, value in engine_facts.items() if name.startswith("database_")})


def _set_up(place: Path, **database: Any) -> Path:
    remember(place, **database)
    OperatorKey.create(load_settings(place).operator_key_file)
    return place


def run(*arguments: object) -> Any:
    return CliRunner().invoke(trust, [str(argument) for argument in arguments])


@pytest.mark.parametrize("kind", ["file", "folder", "zip"])
def test_what_is_imported_counts_for_everybody_at_once(app: Flask, home: Path, tmp_path: Path, kind: str) -> None:
    root = make_authority()
    files = {"root.pem": root.pem, "list.crl": make_crl(root)}
    source = tmp_path / "source"
    if kind == "folder":
        source.mkdir()
        for name, content in files.items():
            (source / name).write_bytes(content)
    else:
        source.write_bytes(root.pem if kind == "file" else packed(files))
    done = run("import", "--home", home, "--json", source)
    assert json.loads(done.stdout) == {"imported": [root.name] * (1 if kind == "file" else 2)}
    assert not (home / "trust").exists()
    with app.app_context():
        assert root.der in service.installation_trust().roots
        with tenancy.transaction(Tenant(DatabaseRole.OPERATOR, OPERATOR_LOG)):
            events = db.session.query(Event).filter_by(subject_name=root.name, tag="trust:add").all()
    assert [(event.actor_kind, event.means) for event in events] == [("operator", "command")]
    listed = json.loads(run("list", "--home", home, "--json").stdout)
    assert {one["name"]: one["where"] for one in listed}[root.name] == "database"
    assert f"{root.name}  (root, yours, until" in run("list", "--home", home).output
    assert json.loads(run("import", "--home", home, "--json", source).stdout) == {"imported": []}


def test_somebody_who_is_no_authority_is_refused_and_nothing_is_taken_over(
    app: Flask, home: Path, tmp_path: Path
) -> None:
    root = make_authority()
    source = tmp_path / "all.zip"
    source.write_bytes(packed({"a.pem": root.pem, "b.pem": make_authority(issuer=root, ca=False).pem}))
    assert run("import", "--home", home, source).exit_code != 0
    with app.app_context():
        assert root.der not in service.installation_trust().roots


def test_a_database_that_does_not_answer_is_said_in_words(tmp_path: Path) -> None:
    nowhere = "postgresql+psycopg://el_operator:x@127.0.0.1:9/none"
    home = _set_up(tmp_path / "home", **dict.fromkeys((f"database_{role}_url" for role in ROLES), nowhere))
    source = tmp_path / "root.pem"
    source.write_bytes(make_authority().pem)
    refused = run("import", "--home", home, source)
    assert refused.exit_code == 1
    assert "does not answer" in refused.output
    assert "Traceback" not in refused.output
    listed = run("list", "--home", home)
    assert listed.exit_code == 0
    assert "CCA India 2022  (root, shipped" in listed.output
    assert "The database does not answer" in listed.output

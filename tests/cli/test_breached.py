"""Checking and sorting a list of breached passwords by command, and what `doctor` says of it and of mail."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from entitylocker.accounts.breached import digest_of_password, is_listed
from entitylocker.cli.doctor import _breached_passwords, _mail
from entitylocker.cli.main import main
from entitylocker.config import Settings, load_settings

WORDS = ("seven wet otters juggle", "password", "letmein", "qwerty")


@pytest.fixture
def unsorted(tmp_path: Path) -> Path:
    path = tmp_path / "unsorted.txt"
    lines = sorted((digest_of_password(word) for word in WORDS), reverse=True)
    path.write_bytes(b"".join(line.lower() + b":17\r\n" for line in [*lines, lines[0]]))
    return path


def test_an_unsorted_list_is_refused_and_sorted(unsorted: Path, tmp_path: Path) -> None:
    target = tmp_path / "sorted.txt"
    refused = CliRunner().invoke(main, ["operator", "check-breached", str(unsorted)])
    assert refused.exit_code == 1
    assert "line 2 is not behind the line before it" in refused.output
    done = CliRunner().invoke(main, ["operator", "sort-breached", str(unsorted), str(target)])
    assert (done.exit_code, "4 digests, sorted" in done.output) == (0, True)
    assert CliRunner().invoke(main, ["operator", "check-breached", str(target)]).exit_code == 0
    assert all(is_listed(target, digest_of_password(word)) for word in WORDS)
    assert not is_listed(target, digest_of_password("something else"))


def test_what_is_no_list_leaves_no_target(tmp_path: Path) -> None:
    source, target = tmp_path / "words.txt", tmp_path / "sorted.txt"
    source.write_text("password\nletmein\n")
    done = CliRunner().invoke(main, ["operator", "sort-breached", str(source), str(target)])
    assert done.exit_code == 1 and "line 1" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["words.txt"]


def test_doctor_says_whether_the_list_is_there_and_how_old(settings: Settings, unsorted: Path, tmp_path: Path) -> None:
    def look(path: str) -> tuple[bool, str]:
        finding = _breached_passwords(dataclasses.replace(settings, breached_passwords=path))
        return finding.ok, finding.message

    assert look("")[0]
    assert look(str(tmp_path / "absent.txt")) == (
        False, f"The list of breached passwords is not at {tmp_path / 'absent.txt'}.",
    )  # fmt: skip
    ok, said = look(str(unsorted))
    assert not ok and "not sorted" in said
    target = tmp_path / "sorted.txt"
    CliRunner().invoke(main, ["operator", "sort-breached", str(unsorted), str(target)])
    os.utime(target, (time.time() - 40 * 86400,) * 2)
    ok, said = look(str(target))
    assert ok and "40 days old" in said
    (tmp_path / "empty.txt").touch()
    assert not look(str(tmp_path / "empty.txt"))[0]


def test_the_setting_is_read_from_the_environment(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"ENTITYLOCKER_BREACHED_PASSWORDS": "/srv/list.txt"})
    assert settings.breached_passwords == "/srv/list.txt"


def test_doctor_says_when_mail_does_not_leave(settings: Settings) -> None:
    assert _mail(settings).ok, "a demo has an outbox"
    assert not _mail(dataclasses.replace(settings, demo=False)).ok
    assert "waited" in _mail(dataclasses.replace(settings, smtp_url="smtp://127.0.0.1:1")).message

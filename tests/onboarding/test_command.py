"""`entitylocker onboard`, and the practice organisation of `entitylocker demo --seats`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.cli import onboard as command
from entitylocker.cli.demo_practice import prepare_practice
from entitylocker.cli.main import main
from entitylocker.config import Settings
from entitylocker.extensions import db
from entitylocker.organisations import service as organisations_service
from entitylocker.tenancy import Tenant
from tests.factories import Member, Organisations
from tests.onboarding.officers import Officer, Sheet, make_officers

Call = Callable[..., Result]


@pytest.fixture
def call(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The command on this worker's database."""
    monkeypatch.setattr(command, "settings_of", lambda home: settings)

    def do(*arguments: object) -> Result:
        return CliRunner().invoke(main, ["onboard", *map(str, arguments)])

    return do


def _file(tmp_path: Path, sheet: Sheet) -> Path:
    path = tmp_path / "officers.csv"
    path.write_bytes(sheet.bytes("utf-16"))
    return path


def _json(result: Result) -> Any:
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_a_file_is_looked_at_then_worked_through_then_nothing_is_to_be_changed(
    call: Call, parent: Member, tmp_path: Path
) -> None:
    path = _file(tmp_path, make_officers(3, 5, host=f"{uuid4().hex[:8]}.example"))
    who = ("--parent", "State of Tests", "--as", parent.email.upper())
    looked = call(path, *who, "--dry-run", "--json")
    assert looked.exit_code == 0, looked.output
    assert {row["state"] for row in _json(looked)["rows"]} == {"ready"}
    assert _json(looked)["sending"] == {"wanted": 5, "left_today": 5000, "limit": 5000}
    assert _json(call(path, *who, "--dry-run", "--json")) == _json(looked), "looking changes nothing"
    done = call(path, "--parent", parent.organisation_id, *who[2:], "--json", "--result", tmp_path / "result.csv")
    assert (done.exit_code, _json(done)["counts"]["done"]) == (0, 5)
    lines = list(csv.reader(io.StringIO((tmp_path / "result.csv").read_text("utf-8-sig"))))
    assert len(lines) == 6 and lines[1][7] == "Done"
    again = call(path, *who)
    assert again.exit_code == 0 and "5 had nothing to change" in again.stdout
    assert "Rows" in again.stderr and "100%" in again.stderr, "whoever waits sees how far it is"
    with parent.app.app_context(), tenancy.transaction(Tenant(organisation_id=parent.organisation_id)):
        acts = db.session.execute(text("SELECT actor_name, means FROM events WHERE tag = 'onboarding:start'")).all()
    assert set(acts) == {(parent.name, "command")}


def test_slips_are_written_to_a_file_that_stands_alone(call: Call, parent: Member, tmp_path: Path) -> None:
    rows = [Officer("Health", name, way="slip", role="administrator") for name in ("Asha Rao", "Ravi Kumar")]
    rows[1].role = "reader"
    slips = tmp_path / "slips.html"
    who = ("--parent", "State of Tests", "--as", parent.email)
    held_back = call(_file(tmp_path, Sheet(rows)), *who, "--json")
    assert held_back.exit_code == 1
    assert _json(held_back)["rows"][0]["problems"][0]["code"] == "not_in_person"
    done = call(_file(tmp_path, Sheet(rows)), *who, "--in-person", "--slips", slips, "--json")
    assert done.exit_code == 0 and _json(done)["slips_file"] == str(slips)
    page = slips.read_text("utf-8")
    assert "Asha Rao" in page and "<script" not in page and "href=" not in page and "src=" not in page
    assert len(set(re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", page))) == 1, "Ravi’s slip was made by the first call"
    assert slips.stat().st_mode & 0o077 == 0


def test_problems_are_named_by_line_and_column(call: Call, parent: Member, tmp_path: Path) -> None:
    rows = [Officer("Health", "Asha Rao", "nothing"), Officer("Health", "Ravi Kumar", f"r@{uuid4().hex[:6]}.example")]
    done = call(_file(tmp_path, Sheet(rows)), "--parent", "State of Tests", "--as", parent.email)
    assert done.exit_code == 1
    assert "Line 2: Health / Asha Rao: E-mail address: This is not an e-mail address." in done.stdout
    assert "1 rows done" in done.stdout


@pytest.mark.parametrize("role", [Role.READER, Role.AUDITOR, Role.SIGNATORY])
def test_only_whoever_may_seat_people_runs_it(
    call: Call, parent: Member, organisations: Organisations, tmp_path: Path, role: Role
) -> None:
    member = organisations.add_member(role, parent.organisation_id)
    refused = call(_file(tmp_path, make_officers(1, 1)), "--parent", "State of Tests", "--as", member.email)
    assert refused.exit_code == 1 and "role does not allow" in refused.output


def test_what_cannot_be_meant_is_said(call: Call, parent: Member, tmp_path: Path) -> None:
    path = _file(tmp_path, make_officers(1, 1))
    nobody = call(path, "--parent", "State of Tests", "--as", "nobody@example.in")
    nowhere = call(path, "--parent", "Elsewhere", "--as", parent.email)
    path.write_bytes(b"PK\x03\x04")
    workbook = call(path, "--parent", "State of Tests", "--as", parent.email)
    assert [result.exit_code for result in (nobody, nowhere, workbook)] == [2, 2, 2]
    assert "Nobody has an account" in nobody.output
    assert "State of Tests" in nowhere.output
    assert "workbook" in workbook.output


def test_a_file_that_is_too_long_is_refused_for_people_and_programs(call: Call, parent: Member, tmp_path: Path) -> None:
    path = _file(tmp_path, Sheet([Officer("Health", "Asha Rao", way="slip")] * 2001))
    for more in ([], ["--dry-run"]):
        refused = call(path, "--parent", "State of Tests", "--as", parent.email, "--json", *more)
        assert refused.exit_code == 2 and "has 2001 rows" in refused.stderr and "into 2 files" in refused.stderr
        said = _json(refused)
        assert said.pop("message") in " ".join(refused.stderr.split())
        assert said == {"error": "onboarding_too_many_rows", "rows": 2000, "found": 2001, "files": 2}
    letter = tmp_path / "order.pdf"
    letter.write_bytes(b"no pdf")
    path.write_bytes(make_officers(1, 1).bytes())
    refused = call(path, "--parent", "State of Tests", "--as", parent.email, "--json", "--letter", letter)
    assert (refused.exit_code, _json(refused)["error"]) == (2, "onboarding_letter_refused")


def test_help_is_in_plain_words() -> None:
    said = CliRunner().invoke(main, ["onboard", "--help"])
    assert said.exit_code == 0
    assert "one row for each officer" in " ".join(said.output.split()) and "--dry-run" in said.output


def test_a_practice_organisation_has_a_slip_for_each_seat_and_is_topped_up(
    app: Flask, settings: Settings, organisations: Organisations, tmp_path: Path
) -> None:
    own = replace(settings, home=tmp_path)
    (tmp_path / "secrets").mkdir()
    said: list[str] = []
    first = prepare_practice(app, own, 65, said.append)
    assert first["seats"] == 65 and Path(first["slips_file"]).parent == tmp_path
    codes = _codes(first)
    assert len(codes) == 65
    guest = organisations.person()
    with app.test_request_context():
        organisation_id = organisations_service.redeem_invitation(guest.actor, codes[0])
    assert str(organisation_id) == first["organisation_id"]
    again = prepare_practice(app, own, 65, said.append)
    assert again["organisation_id"] == first["organisation_id"] and again["trainer"] == first["trainer"]
    assert len(_codes(again)) == 65 and set(codes[1:]) < set(_codes(again)) and codes[0] not in _codes(again)


def _codes(facts: dict[str, Any]) -> list[str]:
    page = Path(facts["slips_file"]).read_text("utf-8")
    return list(dict.fromkeys(re.findall(r">([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})<", page)))

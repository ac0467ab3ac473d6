"""Taking everything with you: unpacked again it is what was deposited, and nobody gets more of it than they may."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tracemalloc
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.audit.models import Event
from entitylocker.config import Settings
from entitylocker.errors import LockerError, PermissionDenied
from entitylocker.exports import archive as archives
from entitylocker.exports import service
from entitylocker.exports.archive import make_archive
from entitylocker.exports.models import Export
from entitylocker.extensions import db
from entitylocker.organisations import service as organisations_service
from entitylocker.tenancy import Tenant
from entitylocker.vault import service as vault
from entitylocker.vault.deposits import Upload, add_version, deposit
from entitylocker.vault.views import Details
from tests.factories import Member, Organisations, csrf_token
from tests.oauth.world import World, make_world


@pytest.fixture
def world(app: Flask, organisations: Organisations, settings: Settings) -> World:
    return make_world(app, organisations, settings.base_url)


def paper(number: int, size: int = 2000) -> bytes:
    return b"%PDF-1.7\n" + f"% paper {number}\n".encode() * (size // 12) + b"%%EOF\n"


def put(member: Member, title: str, content: bytes, folder_id: Any = None) -> Any:
    with member.app.test_request_context():
        upload = Upload("scan.pdf", io.BytesIO(content))
        return deposit(member.actor, upload, Details(title=title), folder_id).document_id


def download(member: Member) -> Any:
    client = member.client()
    return client.post(
        f"/organisations/{member.organisation_id}/export", data={"csrf_token": csrf_token(client)}, buffered=False
    )


def unpacked(member: Member) -> zipfile.ZipFile:
    answer = download(member)
    assert answer.status_code == 200, answer.text
    assert answer.content_length == len(answer.data), "the length was known before"
    return zipfile.ZipFile(io.BytesIO(answer.data))


def exports_of(member: Member) -> list[Export]:
    with member.app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        return list(db.session.scalars(select(Export).order_by(Export.id)))


def test_what_is_unpacked_is_what_was_deposited(world: World) -> None:
    giver, kept = world.giver, {}
    with world.app.test_request_context():
        top = vault.get_top(giver.actor).folder
        assert top is not None
        folder = vault.create_folder(giver.actor, top.id, "Registration: 2026/27")
    first = put(giver, "=HYPERLINK(1)", paper(1), folder.id)
    kept["documents/Registration_ 2026_27/=HYPERLINK(1).pdf"] = paper(2)
    kept["earlier-versions/Registration_ 2026_27/=HYPERLINK(1) (version 1).pdf"] = paper(1)
    with world.app.test_request_context():
        add_version(giver.actor, Upload("second.pdf", io.BytesIO(paper(2))), first)
    put(giver, "../../../etc/passwd", paper(3))
    put(giver, "Deed", paper(4))
    put(giver, "DEED", paper(5))
    binned = put(giver, "Old lease", paper(6))
    with world.app.test_request_context():
        vault.bin_document(giver.actor, binned)
    kept["in-the-bin/Old lease.pdf"] = paper(6)
    kept["documents/Deed.pdf"], kept["documents/DEED (2).pdf"] = paper(4), paper(5)
    tokens = world.tokens()
    whole = unpacked(giver)
    assert whole.testzip() is None
    names = whole.namelist()
    assert not [name for name in names if name.startswith("/") or ".." in name.split("/") or "\\" in name]
    for path, content in kept.items():
        assert whole.read(path) == content, path
    sums = dict(reversed(line.split("  ", 1)) for line in whole.read("SHA256SUMS").decode().splitlines())
    assert set(sums) == set(names) - {"SHA256SUMS"}
    for path, digest in sums.items():
        assert hashlib.sha256(whole.read(path)).hexdigest() == digest, path
    manifest = json.loads(whole.read("manifest.json"))
    assert (manifest["documents"], manifest["versions"]) == (6, 7)
    assert {line["path"]: line["sha256"] for line in manifest["files"]}.items() <= sums.items()
    assert {line["deposited_by"] for line in manifest["files"]} == {giver.name}
    (consent,) = json.loads(whole.read("consents/consents.json"))
    assert consent["id"] == tokens["consent_id"]


def test_cells_that_would_run_are_made_text(world: World) -> None:
    put(world.giver, "=1+1", paper(1))
    put(world.giver, "  @SUM(A1)", paper(2))
    whole = unpacked(world.giver)
    for name in ("manifest.csv", "consents/consents.csv", "audit/trail.csv"):
        rows = list(csv.reader(io.StringIO(whole.read(name).decode("utf-8-sig"))))
        assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))], name
    titles = [row["title"] for row in csv.DictReader(io.StringIO(whole.read("manifest.csv").decode("utf-8-sig")))]
    assert "'=1+1" in titles


def test_the_trail_comes_with_the_bytes_of_its_proofs(world: World) -> None:
    world.tokens()
    whole = unpacked(world.giver)
    lines = whole.read("audit/events.jsonl").splitlines()
    with world.app.app_context(), tenancy.transaction(Tenant(organisation_id=world.giver.organisation_id)):
        stored = [bytes(row) for row in db.session.scalars(select(Event.canonical).order_by(Event.sequence))]
    assert lines == stored[: len(lines)]
    assert [json.loads(line)["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    assert len(stored) == len(lines) + 2, "that it began and that it ended came after"
    assert len(whole.read("audit/trail.csv").decode().splitlines()) == len(lines) + 1


def test_it_is_written_down_and_can_be_begun_again(world: World) -> None:
    giver = world.giver
    broken = download(giver)
    next(broken.response)
    broken.close()
    (first,) = exports_of(giver)
    assert first.ended_at is None, "who broke off has not taken everything"
    with world.app.app_context():
        assert not service_facts(giver).is_good
    unpacked(giver)
    assert [row.ended_at is not None for row in exports_of(giver)] == [False, True]
    with world.app.app_context():
        assert service_facts(giver).is_good
    assert world.tags().count("organisation:export") == 2
    assert world.tags().count("organisation:export_end") == 1
    page = giver.client().get(f"/organisations/{giver.organisation_id}/export").text
    assert "Not finished" in page
    assert "Whole" in page


def service_facts(member: Member) -> Any:
    return organisations_service.get_life(member.actor).export


@pytest.mark.parametrize("role", [role for role in Role if role.value not in ("administrator", "branch_administrator")])
def test_only_administrators_take_everything(world: World, role: Role) -> None:
    member = world.organisations.add_member(role, world.giver.organisation_id)
    assert download(member).status_code == 403
    with world.app.test_request_context(), pytest.raises(PermissionDenied):
        service.begin_export(member.actor)
    assert exports_of(world.giver) == []


def test_another_organisation_is_in_none_of_it(world: World) -> None:
    secret = put(world.keeper, "Not theirs", paper(9))
    whole = unpacked(world.giver)
    together = b"".join(whole.read(name) for name in whole.namelist())
    assert str(secret).encode() not in together
    assert paper(9) not in together


def test_no_transaction_is_open_while_bytes_stream(world: World) -> None:
    put(world.giver, "Paper", paper(1))
    with world.app.test_request_context():
        made = make_archive(service.begin_export(world.giver.actor), lambda: world.giver.actor)
        for _ in made.pieces:
            with pytest.raises(tenancy.NoTransaction):
                tenancy.current()


@pytest.mark.parametrize("how", ["removed", "signed_out"])
def test_the_stream_stops_when_the_right_ends(world: World, how: str) -> None:
    """Fault 15: whoever is removed or signed out in the middle gets no further document."""
    giver, app = world.giver, world.app
    for number in range(3):
        put(giver, f"Paper {number}", paper(number, 100_000))
    world.organisations.add_member(Role.ADMINISTRATOR, giver.organisation_id)
    answer = download(giver)
    assert answer.status_code == 200
    pieces: Iterator[bytes] = answer.response
    got = next(pieces)
    with app.test_request_context():
        if how == "removed":
            organisations_service.leave_organisation(giver.actor)
        else:
            from entitylocker.accounts.sessions import end_session

            end_session(giver.actor, giver.session_id)
    with pytest.raises(LockerError):
        for piece in pieces:
            got += piece
    assert len(got) < answer.content_length
    assert not [number for number in range(3) if paper(number, 100_000) in got]
    assert exports_of(giver)[0].ended_at is None


def test_memory_does_not_grow_with_the_documents(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve megabytes go through and are let go: less than that is held at any moment."""
    big = paper(1, 1_000_000)
    for number in range(12):
        put(world.giver, f"Paper {number}", big)
    with world.app.test_request_context():
        made = make_archive(service.begin_export(world.giver.actor), lambda: world.giver.actor)
        tracemalloc.start()
        sent = sum(len(piece) for piece in made.pieces)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert sent == made.size > 12 * len(big)
    assert peak < 8 * 1024 * 1024


def test_of_many_documents_each_is_asked_for_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An export of a thousand documents is a thousand short looks, however long they are."""
    for number in range(5):
        put(world.giver, f"Paper {number}", paper(number))
    opened: list[Any] = []
    real = service.open_version
    monkeypatch.setattr(archives.service, "open_version", lambda *which: opened.append(which[1]) or real(*which))
    with world.app.test_request_context():
        made = make_archive(service.begin_export(world.giver.actor), lambda: world.giver.actor)
        list(made.pieces)
    assert len(opened) == len(set(opened)) == 6


def test_a_closed_organisation_is_still_taken_along(world: World) -> None:
    from tests.organisations.helpers import close

    close(world.giver)
    names = unpacked(world.giver).namelist()
    assert "documents/Certificate PANCR.pdf" in names

"""Uploads: what is stored is what was sent, once; nothing is held while bytes stream."""

from __future__ import annotations

import hashlib
import io
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, request
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Role, require
from entitylocker.audit.models import Event
from entitylocker.errors import PermissionDenied
from entitylocker.extensions import db
from entitylocker.storage.store import ObjectStore
from entitylocker.tenancy import NoTransaction
from entitylocker.vault import service
from entitylocker.vault.papers import PaperSource
from entitylocker.vault.service import Upload
from entitylocker.vault.views import Details
from entitylocker.web import body_pace
from entitylocker.web.body_pace import PaceKeeper
from entitylocker.web.uploads import FileTooLarge, TooManyUploads, receive_file, upload_slots
from tests.factories import Organisations
from tests.vault.helpers import BOUNDARY, PLAIN_PDF, Sender, code_of, multipart, text_of, upload_of


@pytest.mark.parametrize("size", [1, 200_000, 1024 * 1024 + 17, 6 * 1024 * 1024])
def test_bytes_come_back_as_they_were_sent(sender: Sender, size: int) -> None:
    content = PLAIN_PDF + os.urandom(size)
    stored = sender.deposit(content)
    assert stored["sha256"] == hashlib.sha256(content).hexdigest()
    assert stored["size"] == len(content)
    assert sender.get(f"/documents/{stored['document_id']}/content").data == content


def test_bytes_that_look_like_the_end_of_the_body(sender: Sender) -> None:
    content = PLAIN_PDF + f"\r\n--{BOUNDARY[:-1]}\r\n--\r\n\r--{BOUNDARY}x".encode()
    assert sender.get(f"/documents/{sender.deposit(content)['document_id']}/content").data == content


def test_details_are_kept_and_unknown_fields_refused(sender: Sender) -> None:
    sender.deposit(title="Licence", type_code="FSSAI", number="12/3", issued_on="2026-01-02", expires_on="2027-01-01")
    kept = sender.listed()[0]
    assert (kept["title"], kept["type"], kept["number"]) == ("Licence", "FSSAI", "12/3")
    assert (kept["issued_on"], kept["expires_on"]) == ("2026-01-02", "2027-01-01")
    for fields in ({"owner": "me"}, {"type_code": "NOSUCH"}, {"expires_on": "soon"}, {"folder_id": "x"},
                   {"issued_on": "2026-02-02", "expires_on": "2026-02-01"}):  # fmt: skip
        assert sender.send("api", PLAIN_PDF, **fields).status_code == 422
    assert len(sender.listed()) == 1


def test_a_page_shows_again_what_was_typed(sender: Sender) -> None:
    answer = sender.send("page", b"no pdf", title="My licence", number="77")
    assert answer.status_code == 415
    assert 'value="My licence"' in answer.text
    assert 'value="77"' in answer.text
    assert "This is not a PDF file" in text_of(answer)


def test_no_transaction_is_open_while_the_body_streams(sender: Sender, in_app: Flask) -> None:
    seen: list[bool] = []

    class Stream(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            with pytest.raises(NoTransaction):
                tenancy.current()
            seen.append(db.session.registry.has())
            return super().read(size)

    service.deposit(sender.member.actor, Upload("a.pdf", PaperSource(Stream(PLAIN_PDF))), Details())
    assert seen
    assert not any(seen)


def test_nothing_stays_when_the_store_has_it_and_the_record_fails(
    sender: Sender, in_app: Flask, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The right ends between the last byte and the record.
    actor = sender.member.actor
    monkeypatch.setattr("entitylocker.vault.deposits.require", _refuse_the_second_time())
    with pytest.raises(PermissionDenied):
        service.deposit(actor, upload_of(), Details())
    assert list(object_store.list_keys(f"{actor.organisation_id}/")) == []


def _refuse_the_second_time():  # type: ignore[no-untyped-def]
    calls: list[int] = []

    def asked(*facts):  # type: ignore[no-untyped-def]
        calls.append(1)
        if len(calls) > 1:
            raise PermissionDenied("delegation_ended")
        return require(*facts)

    return asked


def test_the_same_upload_eight_times_at_once_is_one_document(sender: Sender, app: Flask) -> None:
    actor = sender.member.actor

    def send(_: int) -> str:
        with app.app_context():
            return service.deposit(actor, upload_of(key="together"), Details()).document_id

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(8)))
    assert len(answers) == 1
    assert len(sender.listed()) == 1


def test_keys_of_different_people_are_apart(sender: Sender, organisations: Organisations) -> None:
    other = Sender(organisations.add_member(Role.RECORDS_OFFICER, sender.member.organisation_id))
    first = sender.send("api", PLAIN_PDF, key="k").get_json()
    second = other.send("api", PLAIN_PDF + b"%", key="k").get_json()
    assert first["document_id"] != second["document_id"]


@pytest.mark.parametrize("key", ["", "a" * 201, "\u00e9"])
def test_keys_that_are_none(sender: Sender, key: str) -> None:
    assert sender.send("api", PLAIN_PDF, key=key).status_code == 422


def test_a_newer_version_takes_the_place_of_the_current_one(sender: Sender) -> None:
    stored = sender.deposit(filename="one.pdf")
    path = f"/documents/{stored['document_id']}"
    body = multipart(sender.first_fields("page"), "two.pdf", PLAIN_PDF + b"%2")
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = sender.client.post(f"{sender.base}{path}/versions/add", data=body, headers=headers)
    assert answer.status_code == 303
    assert sender.get(f"{path}/content").data == PLAIN_PDF + b"%2"
    assert sender.get(f"{path}/versions/1/content").data == PLAIN_PDF
    assert "Version 2" in text_of(sender.get(path))
    assert sender.get(f"{path}/versions/3/content").status_code == 404


def test_a_deposit_leaves_its_event_and_its_job(sender: Sender, app: Flask) -> None:
    stored = sender.deposit()
    actor = sender.member.actor
    with app.app_context(), tenancy.transaction(tenancy.tenant_of(actor)):
        event = db.session.query(Event).filter_by(tag="document:deposit").one()
        waiting = text("SELECT count(*) FROM procrastinate_jobs WHERE args->>'version_id' = :id")
        assert db.session.execute(waiting, {"id": stored["version_id"]}).scalar_one() == 1
    assert event.subject_id == UUID(stored["document_id"])
    assert event.data["sha256"] == stored["sha256"]


def test_a_reader_may_not_deposit_and_a_stranger_finds_nothing(sender: Sender, organisations: Organisations) -> None:
    reader = Sender(organisations.add_member(Role.READER, sender.member.organisation_id))
    refused = reader.send("api", PLAIN_PDF)
    assert (refused.status_code, code_of(refused)) == (403, "permission_denied")
    stranger = Sender(organisations.make(verified=False))
    body = multipart({}, "a.pdf", PLAIN_PDF)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = stranger.client.post(f"/api/v1{sender.base}/documents", data=body, headers=headers)
    assert answer.status_code == 404


def test_too_many_uploads_at_once_are_sent_away(app: Flask) -> None:
    body = multipart({}, "a.pdf", PLAIN_PDF)
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    with app.test_request_context(data=body, content_type=kind, method="POST"):
        slots, taken = upload_slots(), 0
        try:
            while slots.acquire(blocking=False):
                taken += 1
            with pytest.raises(TooManyUploads), receive_file(request, 1000):
                pass
        finally:
            for _ in range(taken):
                slots.release()
        assert taken == app.extensions["entitylocker"].settings.uploads_at_once
        with receive_file(request, 1000) as incoming:
            assert incoming.stream.read() == PLAIN_PDF


def test_a_chunked_body_is_stopped_at_the_limit(app: Flask) -> None:
    body = multipart({}, "a.pdf", PLAIN_PDF + b"x" * 200_000)
    environ = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked",
               "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}"}  # fmt: skip
    with (
        app.test_request_context(method="POST", environ_overrides=environ),
        pytest.raises(FileTooLarge),
        receive_file(request, 100_000) as incoming,
    ):
        while incoming.stream.read():
            pass


def test_a_slow_sender_is_cut_off() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        keeper = PaceKeeper(least=10_000, grace=0.1)
        with pytest.raises(TimeoutError), keeper.watch({"gunicorn.socket": ours}, 100):
            assert ours.recv(100) == b""
        # A read in time is left alone.
        theirs_again, again = socket.socketpair()
        with again, theirs_again:
            theirs_again.sendall(b"here")
            with keeper.watch({"gunicorn.socket": again}, 100):
                assert again.recv(100) == b"here"


def test_a_slow_form_is_cut_off_too() -> None:
    ours, theirs = socket.socketpair()

    def read_form(environ: dict[str, Any], _start: Any) -> list[bytes]:
        return [environ["wsgi.input"].read(100)]

    with ours, theirs, ours.makefile("rb") as body, pytest.MonkeyPatch.context() as patch:
        patch.setattr(body_pace, "pace", PaceKeeper(least=10_000, grace=0.1))
        with pytest.raises(TimeoutError):
            body_pace.keep_pace(read_form)({"wsgi.input": body, "gunicorn.socket": ours}, None)


def test_an_ordinary_form_with_a_huge_file_part_is_refused_unread(app: Flask) -> None:
    class Untouched(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("the body was read")

    environ = {"wsgi.input": Untouched(), "CONTENT_LENGTH": str(64 * 1024 * 1024), "REQUEST_METHOD": "POST",
               "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}"}  # fmt: skip
    answer = app.test_client().open("/sign-in", environ_overrides=environ)
    assert answer.status_code == 413

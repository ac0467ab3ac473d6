"""tests/hostile_inputs.yaml, line by line, over the page and over the API."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from werkzeug.test import TestResponse

from entitylocker.access import Role
from entitylocker.accounts import service as accounts
from entitylocker.errors import LockerError
from entitylocker.organisations import service as organisations
from entitylocker.storage.store import ObjectStore
from tests.factories import Member, Organisations, Person
from tests.vault.helpers import BOUNDARY, PLAIN_PDF, Sender, code_of, document_id_of, multipart, text_of
from tests.vault.hostile_files import FILES, KEPT_NAMES, NAMES

CASES: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[1] / "hostile_inputs.yaml").read_text("utf-8")
)
OTHER_PDF = PLAIN_PDF + b"% another one\n"


class TrickySource(io.RawIOBase):
    """A body on the wire: after `act_at` bytes `act` is called once; it may end before it should."""

    def __init__(self, body: bytes, act_at: int = -1, act: Callable[[], None] | None = None) -> None:
        super().__init__()
        self._body, self._sent, self._act_at, self._act = body, 0, act_at, act

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        if self._act is not None and self._sent >= self._act_at:
            self._act, act = None, self._act
            act()
        piece = self._body[self._sent : self._sent + min(len(target), 16 * 1024)]
        target[: len(piece)] = piece
        self._sent += len(piece)
        return len(piece)


class Scene:
    """A new organisation, of which somebody sends what a case says."""

    def __init__(self, organisations: Organisations, app: Flask, paper: Callable[[str], bytes]) -> None:
        self.app, self._organisations, self._paper = app, organisations, paper
        self.administrator = organisations.make(verified=False)
        self.sender = Sender(self.administrator)

    def send(self, way: str, case: dict[str, Any]) -> TestResponse:
        """Send it as `case` says; the last answer."""
        content = self._content(case.get("file", "plain"))
        name = NAMES.get(case.get("filename", "paper.pdf"), case.get("filename", "paper.pdf"))
        how: Callable[[str, bytes, str], TestResponse] = getattr(self, "_" + case.get("sent", "whole"))
        return how(way, content, name)

    def _content(self, file: str) -> bytes:
        if file == "half_a_pdf":
            whole = self._paper("valid")
            return whole[: len(whole) // 2]
        return FILES[file]() if file in FILES else self._paper(file)

    def _whole(self, way: str, content: bytes, name: str) -> TestResponse:
        return self.sender.send(way, content, name)

    def _broken(self, way: str, content: bytes, name: str) -> TestResponse:
        body = multipart(self.sender.first_fields(way), name, content, complete=False)
        return self.sender.send_body(way, body)

    def _cut(self, way: str, content: bytes, name: str) -> TestResponse:
        body = multipart(self.sender.first_fields(way), name, content + b"x" * 100_000)
        return self._from_wire(way, TrickySource(body[: len(body) // 2]), len(body))

    def _cut_quietly(self, way: str, content: bytes, name: str) -> TestResponse:
        body = multipart(self.sender.first_fields(way), name, content + b"x" * 100_000)
        return self._from_wire(way, TrickySource(body[: len(body) // 2]), len(body), terminated=True)

    def _too_large(self, way: str, content: bytes, name: str) -> TestResponse:
        def must_not_be_read() -> None:
            pytest.fail("the body was read")

        return self._from_wire(way, TrickySource(b"x", 0, must_not_be_read), 10**12)

    def _without_token(self, way: str, content: bytes, name: str) -> TestResponse:
        return self.sender.send_body(way, multipart({}, name, content), headers={"X-CSRFToken": "wrong"})

    def _field_after_file(self, way: str, content: bytes, name: str) -> TestResponse:
        body = multipart(self.sender.first_fields(way), name, content, complete=False)
        more = f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\nlate\r\n--{BOUNDARY}--\r\n'
        return self.sender.send_body(way, body + more.encode())

    def _hostile_title(self, way: str, content: bytes, name: str) -> TestResponse:
        return self.sender.send(way, content, name, title="Pay\u202e<b>\0\x07 me")

    def _twice(self, way: str, content: bytes, name: str) -> TestResponse:
        first = document_id_of(self.sender.send(way, content, name))
        second = self.sender.send(way, content, name)
        if way == "api":
            assert second.get_json()["duplicate_of"] == first
        else:
            assert first in self.sender.client.get(second.location).text
        return second

    def _same_key(self, way: str, content: bytes, name: str) -> TestResponse:
        first = self.sender.send(way, content, name, key="one key")
        second = self.sender.send(way, content, name, key="one key")
        assert document_id_of(first) == document_id_of(second)
        assert first.get_data() == second.get_data()
        return second

    def _same_key_other_file(self, way: str, content: bytes, name: str) -> TestResponse:
        self.sender.send(way, content, name, key="one key")
        return self.sender.send(way, OTHER_PDF, name, key="one key")

    def _session_ends(self, way: str, content: bytes, name: str) -> TestResponse:
        member = self._officer()

        def end() -> None:
            with self.app.app_context():
                accounts.end_session(Person.actor.fget(member), member.session_id)

        return self._interrupted(way, content, name, end)

    def _right_ends(self, way: str, content: bytes, name: str) -> TestResponse:
        member = self._officer()

        def end() -> None:
            membership_id, administrator = member.actor.membership_id, self.administrator.actor
            assert membership_id is not None
            with self.app.test_request_context():
                organisations.end_membership(administrator, membership_id)

        return self._interrupted(way, content, name, end)

    def _officer(self) -> Member:
        """Lets somebody else than the administrator send."""
        officer = self._organisations.add_member(Role.RECORDS_OFFICER, self.administrator.organisation_id)
        self.sender = Sender(officer)
        return officer

    def _interrupted(self, way: str, content: bytes, name: str, act: Callable[[], None]) -> TestResponse:
        body = multipart(self.sender.first_fields(way), name, content + b"\n" * 300_000)
        return self._from_wire(way, TrickySource(body, 150_000, act), len(body))

    def _from_wire(self, way: str, source: TrickySource, length: int, *, terminated: bool = False) -> TestResponse:
        return self.sender.send_body(
            way, b"", input_stream=io.BufferedReader(source, 16 * 1024), length=length, terminated=terminated
        )


@pytest.fixture
def scene(organisations: Organisations, app: Flask, paper: Callable[[str], bytes]) -> Scene:
    return Scene(organisations, app, paper)


def errors_by_code() -> dict[str, str]:
    """The words of every error of the house."""

    def below(kind: type[LockerError]) -> Iterator[type[LockerError]]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    return {kind.code: kind.message for kind in below(LockerError)}


@pytest.mark.parametrize("way", ["page", "api"])
@pytest.mark.parametrize("name", CASES)
def test_hostile_input(name: str, way: str, scene: Scene, object_store: ObjectStore) -> None:
    case = CASES[name]
    answer = scene.send(way, case)
    expected = 303 if way == "page" and case["status"] == 201 else case["status"]
    assert answer.status_code == expected, answer.text
    if "code" in case:
        told = code_of(answer) == case["code"] or errors_by_code()[case["code"]].split("%")[0] in text_of(answer)
        assert told, answer.text
        assert "Traceback" not in answer.text
    watcher = Sender(scene.administrator)
    kept = watcher.listed()
    assert len(kept) == case["kept"]
    assert len(list(object_store.list_keys(f"{scene.administrator.organisation_id}/"))) == case["kept"]
    assert all(document["sha256"] == _digest_of(watcher, document["id"]) for document in kept)
    if "called" in case:
        assert kept[0]["filename"] == KEPT_NAMES.get(case["called"], case["called"])
    if "verdict" in case:
        _check(watcher, kept[0]["id"], case)


def _digest_of(watcher: Sender, document_id: str) -> str:
    answer = watcher.client.get(f"/api/v1{watcher.base}/documents/{document_id}/content")
    assert answer.status_code == 200
    return hashlib.sha256(answer.data).hexdigest()


def _check(watcher: Sender, document_id: str, case: dict[str, Any]) -> None:
    assert watcher.check(document_id) in case["verdict"]
    found = watcher.client.get(f"/api/v1{watcher.base}/documents/{document_id}").get_json()
    assert found["reason"] in case.get("reason", [found["reason"]])
    assert watcher.get(f"/documents/{document_id}").status_code == 200

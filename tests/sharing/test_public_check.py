"""The public check: right answers, whatever the bytes, and nothing of them kept."""

from __future__ import annotations

import dataclasses
import io
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from flask import Flask

from entitylocker.app import create_app
from entitylocker.config import Settings, load_settings
from entitylocker.sharing.schemas import PublicReportSchema
from entitylocker.signatures.report import Report
from entitylocker.storage.store import ObjectStore
from tests.factories import Organisations
from tests.sharing.helpers import Visitor
from tests.statements import statements
from tests.vault.helpers import BOUNDARY, PLAIN_PDF, code_of, multipart, text_of
from tests.vault.hostile_files import FILES

MakePaper = Callable[[str], bytes]
NAME = "a name nobody keeps.pdf"


def locked_pdf(password: str) -> bytes:
    """A PDF that opens with `password` only."""
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out, encryption=pikepdf.Encryption(owner=password, user=password))
    return out.getvalue()


def test_the_page_answers_with_the_verdict_first(visitor: Visitor, paper: MakePaper) -> None:
    answer = visitor.send(paper("valid"), NAME)
    assert answer.status_code == 200
    words = text_of(answer)
    assert words.index("Signer not confirmed") < words.index("Is it signed?") < words.index("SHA-256")
    assert "Check another" in words
    assert NAME not in answer.text


def test_page_and_api_say_the_same_and_bodies_may_be_bare(visitor: Visitor, paper: MakePaper) -> None:
    for kind in ("valid", "unsigned", "changed_after_signing"):
        by_form = visitor.report(paper(kind))
        bare = visitor.client.post("/api/v1/check", data=paper(kind), content_type="application/pdf").get_json()
        for report in (by_form, bare):
            for instant in ("checked_at", "valid_on"):
                report.pop(instant)
        assert by_form == bare
        assert by_form["sha256"]


def test_the_report_of_the_api_leaves_nothing_out(visitor: Visitor) -> None:
    assert set(PublicReportSchema().fields) == {one.name for one in dataclasses.fields(Report)}
    described = visitor.client.get("/api/v1/openapi.json").get_json()["paths"]["/api/v1/check"]["post"]
    assert set(described["requestBody"]["content"]) == {"application/pdf", "multipart/form-data"}
    assert {"200", "413", "429", "503"} <= set(described["responses"])


@pytest.mark.parametrize("kind", sorted(set(FILES) - {"empty"}))
def test_hostile_bytes_get_an_answer(visitor: Visitor, kind: str) -> None:
    content = FILES[kind]()
    answer = visitor.send(content, f"{kind}.pdf")
    assert answer.status_code == 200
    assert visitor.report(content)["verdict"] in ("not_checkable", "not_signed")


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"\x00" * 5000, os.urandom(5000)], ids=["head", "zeros", "noise"])
def test_what_is_no_pdf_is_not_checkable(visitor: Visitor, content: bytes) -> None:
    assert visitor.report(content)["verdict"] == "not_checkable"
    assert "Cannot be checked" in text_of(visitor.send(content))


@pytest.mark.parametrize(
    "name", ["a\x00b.pdf", "../../etc/passwd", "\u202efdp.exe", "<img src=x onerror=alert(1)>.pdf", "n" * 9000]
)
def test_no_name_makes_a_fault_or_comes_back(visitor: Visitor, name: str) -> None:
    answer = visitor.send(PLAIN_PDF, name)
    assert answer.status_code in (200, 400)
    assert "onerror=alert" not in answer.text


def test_empty_files_and_bodies_without_one_are_refused(visitor: Visitor) -> None:
    answer = visitor.send(b"", "")
    assert answer.status_code == 422
    assert "This file is empty" in text_of(answer)
    assert visitor.send(b"", to="/api/v1/check").status_code == 422
    assert visitor.client.post("/api/v1/check", data=b"", content_type="application/pdf").status_code == 422
    assert visitor.send_body(b"nothing of that kind").status_code == 400


def test_too_large_is_said_in_words(settings: Settings) -> None:
    small = Visitor(create_app(dataclasses.replace(settings, public_check_bytes=1024 * 1024)))
    too_large = PLAIN_PDF + b"x" * 1024 * 1024
    answer = small.send(too_large)
    assert answer.status_code == 413
    assert "larger than the 1 MB" in text_of(answer)
    assert 'name="file"' in answer.text, "the form is there for another try"
    for kind in ("application/pdf", "application/octet-stream"):
        refused = small.client.post("/api/v1/check", data=too_large, content_type=kind)
        assert (refused.status_code, code_of(refused)) == (413, "body_too_large")


@pytest.mark.parametrize("multi", [True, False], ids=["form", "bare"])
def test_a_body_of_unknown_length_is_stopped_at_the_limit(settings: Settings, multi: bool) -> None:
    small = Visitor(create_app(dataclasses.replace(settings, public_check_bytes=200_000)))
    content = PLAIN_PDF + b"x" * 400_000
    kind = f"multipart/form-data; boundary={BOUNDARY}" if multi else "application/pdf"
    environ = {"wsgi.input": io.BytesIO(multipart({}, "a.pdf", content) if multi else content),
               "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": kind}  # fmt: skip
    assert small.client.post("/api/v1/check", environ_overrides=environ).status_code == 413


def test_a_body_that_breaks_off_is_not_taken_for_the_whole(visitor: Visitor) -> None:
    for kind in (f"multipart/form-data; boundary={BOUNDARY}", "application/pdf"):
        environ = {"wsgi.input": io.BytesIO(PLAIN_PDF), "CONTENT_LENGTH": "5000", "CONTENT_TYPE": kind,
                   "wsgi.input_terminated": True}  # fmt: skip
        answer = visitor.client.post("/api/v1/check", environ_overrides=environ)
        assert answer.status_code == 400
        assert code_of(answer) in ("upload_interrupted", "broken_upload")


# Nothing is kept.

_watching: list[str] | None = None


def _note_openings(name: str, arguments: tuple[Any, ...]) -> None:
    if _watching is not None and name == "open" and isinstance(arguments[0], str | os.PathLike):
        writes = arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) if isinstance(arguments[2], int) else 0
        if writes:
            _watching.append(str(arguments[0]))


sys.addaudithook(_note_openings)


@pytest.fixture
def written_files() -> Iterator[list[str]]:
    """Every file that this process opens for writing during the test."""
    global _watching
    _watching = []
    yield _watching
    _watching = None


def test_nothing_of_a_file_is_kept(
    visitor: Visitor,
    settings: Settings,
    object_store: ObjectStore,
    written_files: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    # Larger than what form parsers keep in memory, and not compressible into it.
    secret = os.urandom(8).hex().encode()
    content = PLAIN_PDF + secret + os.urandom(3 * 1024 * 1024)
    objects = set(object_store.list_keys(""))
    with statements(visitor.app) as seen:
        assert visitor.send(content, NAME, password="the password").status_code == 200
        assert visitor.send(content, NAME, to="/api/v1/check").status_code == 200
    assert set(object_store.list_keys("")) == objects
    # What may change anything: but for the count of the visitor's network, nothing.
    acting = re.compile("throttle_(?!look)|claim_|sweep_")
    changing = [one for one in seen if not one.startswith("SELECT") or acting.search(one)]
    assert {one.split("(")[0] for one in changing} <= {"SELECT throttle_hit"}, changing
    assert set(written_files) <= {str(settings.home / "run" / "public-check.lock")}
    assert (settings.home / "run" / "public-check.lock").read_bytes() == b""
    for trace in (NAME, "the password", secret.decode(), content[:60].hex()):
        assert trace not in caplog.text


def test_nobody_s_session_is_read_or_begun(app: Flask, organisations: Organisations, visitor: Visitor) -> None:
    member = organisations.make()
    client = member.client()
    client.environ_base["REMOTE_ADDR"] = visitor.address
    body = multipart({}, "a.pdf", PLAIN_PDF)
    answer = client.post("/check", data=body, content_type=f"multipart/form-data; boundary={BOUNDARY}")
    assert answer.status_code == 200
    assert member.name not in answer.text and member.email not in answer.text
    api = visitor.send(PLAIN_PDF, to="/api/v1/check")
    assert "Set-Cookie" not in api.headers


# Who may send, and what is offered.


def test_the_page_of_another_site_cannot_send_its_visitors_files(visitor: Visitor) -> None:
    body = multipart({}, "a.pdf", PLAIN_PDF)
    for to in ("/check", "/api/v1/check"):
        for site, status in (("cross-site", 400), ("same-site", 400), ("same-origin", 200), ("none", 200)):
            answer = visitor.send_body(body, to=to, **{"Sec-Fetch-Site": site})
            assert answer.status_code == status, (to, site)


def test_a_password_is_asked_for_and_forgotten(visitor: Visitor) -> None:
    locked = locked_pdf("open sesame")
    asked = visitor.send(locked)
    assert asked.status_code == 200
    assert 'name="password"' in asked.text
    wrong = visitor.send(locked, password="open barley")
    assert 'name="password"' in wrong.text
    right = visitor.send(locked, password="open sesame")
    assert "Not signed" in text_of(right)
    for answer in (asked, wrong, right):
        assert "sesame" not in answer.text and "barley" not in answer.text
    assert visitor.send(locked, password="x" * 201).status_code == 422


def test_the_operator_can_switch_it_off(settings: Settings, app: Flask) -> None:
    off = Visitor(create_app(dataclasses.replace(settings, public_check=False)))
    assert off.client.get("/check").status_code == 404
    assert off.send(PLAIN_PDF).status_code == 404
    assert off.send(PLAIN_PDF, to="/api/v1/check").status_code == 404
    assert 'href="/check"' not in off.client.get("/sign-in").text
    assert app.test_client().get("/sign-in").text.count('href="/check"') == 2


@pytest.mark.parametrize(("word", "value"), [("off", False), ("on", True), ("no", False)])
def test_the_setting_is_read_from_the_environment(tmp_path: Path, word: str, value: bool) -> None:
    assert load_settings(tmp_path, {"ENTITYLOCKER_PUBLIC_CHECK": word}).public_check is value

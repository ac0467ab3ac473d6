"""Sending files as a browser or a program does, with every byte of the body in the test's hand."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from entitylocker.access import Actor
from entitylocker.vault import service
from entitylocker.vault.papers import PaperSource
from entitylocker.vault.service import Upload
from tests.factories import Member, csrf_token

BOUNDARY = "----a-boundary-of-the-tests"
PLAIN_PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"


def multipart(fields: dict[str, str], filename: str, content: bytes, *, complete: bool = True) -> bytes:
    """A body with these fields and then the file. Names go in as UTF-8, as browsers send them."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    escaped = filename.replace("\\", r"\\").replace('"', "%22")
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{escaped}"\r\n'
    head += "Content-Type: application/pdf\r\n\r\n"
    end = f"\r\n--{BOUNDARY}--\r\n".encode() if complete else b""
    return "".join(parts).encode() + head.encode() + content + end


@dataclass
class Sender:
    """A member who sends files over a page or the API."""

    member: Member
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.member.client()

    @property
    def base(self) -> str:
        return f"/organisations/{self.member.organisation_id}"

    def send(
        self, way: str, content: bytes, filename: str = "paper.pdf", *, key: str | None = None, **fields: str
    ) -> TestResponse:
        """Send a file over `way`, page or api."""
        return self.send_body(way, multipart({**self.first_fields(way, key), **fields}, filename, content), key=key)

    def send_body(self, way: str, body: bytes, *, key: str | None = None, **options: Any) -> TestResponse:
        """Send a body as it is. `options` go to the test client."""
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **options.pop("headers", {})}
        if way == "api":
            headers.setdefault("X-CSRFToken", csrf_token(self.client))
            if key is not None:
                headers["Idempotency-Key"] = key
        address = f"/api/v1{self.base}/documents" if way == "api" else f"{self.base}/documents/upload"
        stream, length = options.pop("input_stream", None), options.pop("length", None)
        terminated = options.pop("terminated", False)
        if stream is None:
            return self.client.post(address, data=body, headers=headers, **options)
        # As a server hands it over: a length in the header, and a stream that may end before that. Some servers say
        # so (`wsgi.input_terminated`), and are then left alone by the layers in between.
        environ = {"wsgi.input": stream, "CONTENT_LENGTH": str(length), "CONTENT_TYPE": headers["Content-Type"]}
        environ["wsgi.input_terminated"] = terminated
        return self.client.post(address, headers=headers, environ_overrides=environ, **options)

    def first_fields(self, way: str, key: str | None = None) -> dict[str, str]:
        """The fields that every upload over `way` begins with."""
        if way == "api":
            return {}
        return {"csrf_token": csrf_token(self.client), **({"idempotency_key": key} if key else {})}

    def deposit(self, content: bytes = PLAIN_PDF, filename: str = "paper.pdf", **fields: str) -> dict[str, Any]:
        """Send a file over the API and expect it to be stored."""
        answer = self.send("api", content, filename, **fields)
        assert answer.status_code == 201, answer.text
        return dict(answer.get_json())

    def listed(self) -> list[dict[str, Any]]:
        """All documents that the member sees, over the API."""
        return list(self.client.get(f"/api/v1{self.base}/documents?limit=100").get_json()["items"])

    def version_id(self, document_id: str) -> str:
        """The current version of a document."""
        with self.member.app.app_context():
            return str(service.get_document(self.member.actor, UUID(document_id)).version.id)

    def check(self, document_id: str) -> str:
        """Do the job that waits for a document; its verdict."""
        version_id = self.version_id(document_id)
        with self.member.app.app_context():
            service.check_version(str(self.member.organisation_id), version_id)
            return str(service.get_document(self.member.actor, UUID(document_id)).version.verdict)

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a plain form to a page below the organisation."""
        return self.client.post(f"{self.base}{path}", data={"csrf_token": csrf_token(self.client), **fields})

    def get(self, path: str, **options: Any) -> TestResponse:
        """A page below the organisation."""
        return self.client.get(f"{self.base}{path}", **options)


def code_of(answer: TestResponse) -> str | None:
    """The code of a refusal, from problem JSON or from the page."""
    if answer.is_json or answer.mimetype == "application/problem+json":
        return str(answer.get_json(force=True)["code"])
    found = re.search(r'Code of this answer: <span class="mono">(\w+)<', answer.text)
    return found.group(1) if found else None


def text_of(answer: TestResponse) -> str:
    """The words of a page without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def document_id_of(answer: TestResponse) -> str:
    """The document an upload led to: named in the JSON, or the page one is sent to."""
    if answer.is_json:
        return str(answer.get_json()["document_id"])
    return urlsplit(answer.location).path.rsplit("/", 1)[-1]


class Bytes:
    """Bytes as a stream."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int = -1) -> bytes:
        piece, self._content = self._content[:size], self._content[size:]
        return piece


def upload_of(content: bytes = PLAIN_PDF, filename: str = "paper.pdf", key: str | None = None) -> Upload:
    """An upload for the service."""
    return Upload(filename, PaperSource(Bytes(content)), key)


__all__ = ["Actor", "Bytes", "Sender", "code_of", "document_id_of", "multipart", "text_of", "upload_of"]

"""What an application may see of a person: who they are, their papers and files, and putting a file there."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Any
from urllib.parse import unquote

from flask import Blueprint, Response, jsonify, request

from entitylocker.sandbox.citizen_clients import ClientFacts
from entitylocker.sandbox.citizen_errors import WireError, insufficient_scope
from entitylocker.sandbox.citizen_house import Caller, Upload, caller, house
from entitylocker.sandbox.citizen_people import IssuedPaper
from entitylocker.sandbox.citizen_tokens import describe

MOST_BYTES = 10 * 1024 * 1024
_MEDIA_TYPES = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/png": ".png"}
_MAGIC = {b"%PDF-": ".pdf", b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png"}
_RESTRICTED = re.compile(r"[\\:*?<>|'^~]")
_PROFILE = ("userdetails", "profile", "openid")
UPLOADS_FOLDER = "1"

pages = Blueprint("citizen_files", __name__)


@pages.get("/public/oauth2/1/user")
def user() -> Response:
    """Who the person is."""
    who = caller("user")
    who.need(*_PROFILE)
    return jsonify({**describe(who.citizen), "email": who.citizen.email, "reference_key": secrets.token_hex(16)})


@pages.get("/public/oauth2/1/files/issued")
def issued_1() -> Response:
    """The papers of the person, as version 1 lists them: one media type each."""
    return _issued(lambda paper: "application/pdf")


@pages.get("/public/oauth2/2/files/issued")
def issued_2() -> Response:
    """The papers of the person."""
    return _issued(lambda paper: ["application/pdf", "application/xml"])


def _issued(media_types: Any) -> Response:
    who = _reader_of_papers()
    items = [
        {
            "name": paper.description,
            "type": "file",
            "size": "",
            "date": f"{paper.issued_on:%d-%m-%Y}",
            "parent": "",
            "mime": media_types(paper),
            "uri": paper.uri,
            "doctype": paper.doctype,
            "description": paper.description,
            "issuerid": paper.issuer_id,
            "issuer": paper.issuer,
        }
        for paper in who.papers()
    ]
    return jsonify({"items": items, "resource": "D"})


def _reader_of_papers() -> Caller:
    who = caller("list", about_documents=True)
    if "files.issueddocs" not in who.grant.scopes and not any(s.startswith("partners.") for s in who.grant.scopes):
        raise insufficient_scope()
    return who


@pages.get("/public/oauth2/1/files/", defaults={"folder": ""}, strict_slashes=False)
@pages.get("/public/oauth2/1/files/<folder>")
def uploaded(folder: str) -> Response:
    """The person's own files: the root holds one folder, the folder the files."""
    who = caller("list", about_documents=True)
    who.need("files.uploadeddocs")
    if not folder:
        return jsonify({"directory": "/", "items": [_item("Uploads", "dir", UPLOADS_FOLDER)]})
    if folder != UPLOADS_FOLDER:
        raise WireError(404, "invalid_id", "The folder does not exist")
    items = [_item(upload.name, "file", "", upload) for upload in house().shelves.uploads(who.citizen)]
    return jsonify({"directory": "/Uploads", "items": items})


def _item(name: str, kind: str, folder: str, upload: Upload | None = None) -> dict[str, str]:
    return {
        "name": name,
        "type": kind,
        "id": folder,
        "size": str(len(upload.data)) if upload else "0",
        "date": f"{upload.uploaded_at:%d-%m-%Y}" if upload else "01-01-2026",
        "parent": UPLOADS_FOLDER if upload else "0",
        "mime": upload.media_type if upload else "",
        "uri": upload.uri if upload else "",
        "description": "",
        "issuer": "",
    }


@pages.get("/public/oauth2/1/file/<path:uri>")
@pages.get("/public/oauth2/1/file/", defaults={"uri": ""})
def file(uri: str) -> Response:
    """The bytes of a paper or of a file, with their hmac. The address may stand in the path or in `?uri=`."""
    who, uri = caller("file", about_documents=True), _named(uri)
    for upload in house().shelves.uploads(who.citizen):
        if upload.uri == uri:
            who.need("files.uploadeddocs")
            return _bytes(who.client, upload.data, upload.media_type)
    return _bytes(who.client, house().printer.pdf(_paper(who, uri), who.citizen), "application/pdf")


@pages.get("/public/oauth2/1/xml/<path:uri>")
@pages.get("/public/oauth2/1/xml/", defaults={"uri": ""})
def xml(uri: str) -> Response:
    """A paper as certificate XML, signed by the locker; only of what was issued."""
    who, uri = caller("file", about_documents=True), _named(uri)
    return _bytes(who.client, house().printer.xml(_paper(who, uri), who.citizen), "application/xml")


def _named(uri: str) -> str:
    if uri == "uri":
        uri = request.args.get("uri", "")
    if not uri:
        raise WireError(400, "uri_missing", "URI parameter missing")
    return unquote(uri)


def _paper(who: Caller, uri: str) -> IssuedPaper:
    """The person's paper with that address. Raises WireError: 404 for none, 403 for one not agreed to."""
    for paper in house().shelves.papers(who.citizen):
        if paper.uri == uri:
            if not who.grant.may_see(paper.doctype):
                raise insufficient_scope()
            who.need("files.issueddocs", f"partners.{paper.doctype}")
            return paper
    raise WireError(404, "invalid_uri", "No file found for given URI")


def _bytes(client: ClientFacts, data: bytes, media_type: str) -> Response:
    response = Response(data, content_type=media_type)
    if not house().faults.take("no_hmac", "file"):
        wrong = house().faults.take("wrong_hmac", "file") is not None
        response.headers["hmac"] = client.file_hmac(b"other bytes" if wrong else data)
    return response


@pages.post("/public/oauth2/1/file/upload")
def upload() -> Response:
    """Put a file into the person's locker; `path` and `hmac` are headers."""
    who = caller("upload", about_documents=True)
    who.need("files.uploadeddocs")
    path, data = request.headers.get("path", ""), _body()
    media_type = _check(path, request.mimetype, request.headers.get("hmac"), data, who.client)
    if not house().shelves.put(who.citizen, Upload(path.strip("/"), media_type, data)):
        raise WireError(400, "invalid_filesize", "The locker of this person is full")
    return jsonify({"path": path, "size": str(len(data))})


def _body() -> bytes:
    """At most one byte more than is taken."""
    return request.stream.read(MOST_BYTES + 1)


def _check(path: str, media_type: str, stated: str | None, data: bytes, client: ClientFacts) -> str:
    """Raises WireError with the code of the first thing that does not fit. Answers the media type."""
    name = path.rsplit("/", 1)[-1]
    folder = path.strip("/").rpartition("/")[0]
    checks = (
        (bool(path), "path_missing", "Path parameter is missing"),
        (bool(media_type), "contenttype_missing", "Content-Type parameter is missing"),
        (bool(stated), "hmac_missing", "HMAC parameter is missing"),
        (bool(name), "filename_missing", "Filename is missing in path parameter"),
        (not _RESTRICTED.search(path), "invalid_filename", "Restricted characters are not allowed in file name"),
        (folder in ("", "Uploads"), "invalid_path", "The destination folder does not exist"),
        (bool(data), "file_data_missing", "Missing file content in the request"),
        (len(data) <= MOST_BYTES, "invalid_filesize", "The file size exceeds maximum allowed file size of 10MB"),
        (media_type in _MEDIA_TYPES, "invalid_filetype", "The file type is not allowed"),
    )
    for holds, error, description in checks:
        if not holds:
            raise WireError(400, error, description)
    if not hmac.compare_digest((stated or "").encode(), client.file_hmac(data).encode()):
        raise WireError(400, "hmac_mismatch", "HMAC does not match")
    if _kind_of(data) != _MEDIA_TYPES[media_type]:
        words = "The mimetype provided in Content-Type parameter does not match with the mimetype of the file"
        raise WireError(400, "mimetype_mismatch", words)
    return media_type


def _kind_of(data: bytes) -> str:
    """The ending that belongs to what the bytes begin with; empty for anything that is not taken."""
    return next((ending for magic, ending in _MAGIC.items() if data.startswith(magic)), "")

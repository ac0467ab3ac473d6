"""The vault over JSON, for programs with a session: documents, bytes, reports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request, url_for
from flask_smorest import Blueprint
from marshmallow import RAISE
from werkzeug.wrappers import Response

from entitylocker.errors import N_, InvalidInput
from entitylocker.extensions import csrf
from entitylocker.vault import service
from entitylocker.vault.models import Version
from entitylocker.vault.schemas import (
    MAX_KEY,
    DepositedSchema,
    DepositSchema,
    DocumentPageSchema,
    DocumentSchema,
    ListQuerySchema,
    ListSchema,
    ReportSchema,
)
from entitylocker.vault.upload_form import upload_of
from entitylocker.vault.views import Deposited, DocumentDetail, Page
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.downloads import send_content
from entitylocker.web.engine_room import engines
from entitylocker.web.forms import load
from entitylocker.web.uploads import receive_file, require_csrf

blueprint = Blueprint(
    "documents_api",
    __name__,
    url_prefix="/api/v1",
    description="Documents of an organisation, for its members.",
)

_ALL = "/organisations/<uuid:organisation_id>/documents"
_ONE = f"{_ALL}/<uuid:document_id>"
_BYTES = {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
_UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "description": "The file comes last.",
                "properties": {
                    "folder_id": {"type": "string", "format": "uuid"},
                    "title": {"type": "string"},
                    "type_code": {"type": "string"},
                    "number": {"type": "string"},
                    "issued_on": {"type": "string", "format": "date"},
                    "expires_on": {"type": "string", "format": "date"},
                    "file": {"type": "string", "format": "binary"},
                },
                "required": ["file"],
            }
        }
    },
}
_HEADERS = [
    {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "maxLength": MAX_KEY}},
    {"in": "header", "name": "X-CSRFToken", "required": True, "schema": {"type": "string"}},
]


@blueprint.get(_ALL)
@session_only
@blueprint.arguments(ListQuerySchema, location="query", unknown=RAISE)
@blueprint.response(200, DocumentPageSchema)
def list_documents(asked: dict[str, Any], organisation_id: UUID) -> Page:
    """The documents that the member may see, newest first."""
    cursor = service.Cursor(asked["older"], asked["newer"])
    return service.list_documents(current_actor(), ListSchema.filters(asked), cursor, asked["limit"])


# The token comes in a header: looking for it the usual way would read the whole body into memory.
@csrf.exempt
@blueprint.post(_ALL)
@session_only
@blueprint.doc(requestBody=_UPLOAD, parameters=_HEADERS)
@blueprint.response(201, DepositedSchema)
def deposit(organisation_id: UUID) -> tuple[Deposited, int, dict[str, str]]:
    """Store a document. Sent again under the same Idempotency-Key it is stored once and answered alike."""
    actor = current_actor()
    require_csrf(request.headers.get("X-CSRFToken"))
    with receive_file(request, engines().settings.max_upload_bytes) as incoming:
        data = load(DepositSchema, dict(incoming.fields))
        upload = upload_of(incoming, _key() or data["key"])
        done = service.deposit(actor, upload, data["details"], data["folder_id"])
    place: dict[str, Any] = {"organisation_id": organisation_id, "document_id": done.document_id}
    return done, 201, {"Location": url_for("documents_api.get_document", **place)}


@blueprint.get(_ONE)
@session_only
@blueprint.response(200, DocumentSchema)
def get_document(organisation_id: UUID, document_id: UUID) -> DocumentDetail:
    """A document with its current version."""
    return service.get_document(current_actor(), document_id)


@blueprint.get(f"{_ONE}/content")
@session_only
@blueprint.response(200, description="The bytes; 206 for a range.", content_type="application/pdf")
def get_content(organisation_id: UUID, document_id: UUID) -> Response:
    """The bytes of the current version, with ETag and Repr-Digest; ranges are served."""
    found = service.open_content(current_actor(), document_id)
    return send_content(
        request,
        found.reader,
        size=found.size,
        sha256=found.sha256,
        filename=found.filename,
        media_type=found.media_type,
    )


@blueprint.get(f"{_ONE}/report")
@session_only
@blueprint.response(200, ReportSchema)
def get_report(organisation_id: UUID, document_id: UUID) -> dict[str, Any]:
    """What the check of the current version found; `report` is null while it is not finished."""
    return _report_of(service.get_document(current_actor(), document_id).version)


@blueprint.get(f"{_ONE}/versions/<int:number>/report")
@session_only
@blueprint.response(200, ReportSchema)
def get_version_report(organisation_id: UUID, document_id: UUID, number: int) -> dict[str, Any]:
    """What the check of any version found; `report` is null while it is not finished."""
    return _report_of(service.get_version(current_actor(), document_id, number).version)


def _report_of(version: Version) -> dict[str, Any]:
    return {
        "document_id": version.document_id,
        "version": version.number,
        "verdict": version.verdict,
        "reason": version.reason,
        "checked_at": version.checked_at,
        "report": None if version.verdict == "checking" else version.report,
    }


def _key() -> str | None:
    """The Idempotency-Key header. Raises InvalidInput if it cannot be one."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise InvalidInput({"Idempotency-Key": [N_("Please use 1 to 200 visible ASCII characters.")]})
    return key

"""What a portal reads with its access token: the consent, its documents, their bytes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response

from entitylocker.consents import reading
from entitylocker.consents.schemas import ConsentSchema, DocumentsSchema, SharedDocumentSchema
from entitylocker.consents.terms import ConsentView
from entitylocker.extensions import limiter
from entitylocker.web.actors import acting_actor
from entitylocker.web.arrival import token_only
from entitylocker.web.downloads import send_content

blueprint = Blueprint(
    "consents_api",
    __name__,
    url_prefix="/api/v1/consents/<uuid:consent_id>",
    description="What an organisation gave to a portal, for the portal with its access token.",
)
# A portal reads what it was given, again and again if it must; it does not hammer.
limiter.limit("1200 per minute")(blueprint)
_BEARER: dict[str, Any] = {"security": [{"bearer": []}]}


@blueprint.get("")
@token_only
@blueprint.doc(**_BEARER)
@blueprint.response(200, ConsentSchema)
def get_consent(consent_id: UUID) -> ConsentView:
    """The consent that the token stands for."""
    return reading.get_granted(_portal(), consent_id)


@blueprint.get("/documents")
@token_only
@blueprint.doc(**_BEARER)
@blueprint.response(200, DocumentsSchema)
def list_documents(consent_id: UUID) -> dict[str, Any]:
    """Its documents with their verdicts."""
    return {"documents": reading.list_granted(_portal(), consent_id)}


@blueprint.get("/documents/<uuid:document_id>")
@token_only
@blueprint.doc(**_BEARER)
@blueprint.response(200, SharedDocumentSchema)
def get_document(consent_id: UUID, document_id: UUID) -> dict[str, Any]:
    """What is known of one document, and its verdict now."""
    return reading.describe_document(_portal(), consent_id, document_id)


@blueprint.get("/documents/<uuid:document_id>/content")
@token_only
@blueprint.doc(**_BEARER)
@blueprint.response(200, description="The bytes with Repr-Digest; 206 for a range.", content_type="application/pdf")
def get_content(consent_id: UUID, document_id: UUID) -> Response:
    """The bytes of one document. Every request counts as a fetch, a range too."""
    found = reading.admit_fetch(_portal(), consent_id, document_id)
    response = send_content(
        request,
        found.reader,
        size=found.size,
        sha256=found.sha256,
        filename=found.filename,
        media_type=found.media_type,
    )
    response.headers["Entitylocker-Verdict"] = found.verdict.value
    if found.checked_at is not None:
        response.headers["Entitylocker-Checked-At"] = found.checked_at.isoformat()
    return response


def _portal() -> Any:
    """The portal that `token_only` found."""
    return acting_actor()

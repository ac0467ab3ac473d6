"""What portals are answered about consents and documents."""

from __future__ import annotations

from marshmallow import Schema, fields

from entitylocker.consents.rules import ConsentState


class ConsentedDocumentSchema(Schema):
    id = fields.UUID(attribute="document_id")
    type = fields.String(attribute="document_type")
    title = fields.String()
    fetches = fields.Integer(metadata={"description": "How often its bytes were fetched."})


class ConsentSchema(Schema):
    """A consent as its portal sees it."""

    id = fields.UUID()
    state = fields.Enum(ConsentState, by_value=True)
    organisation = fields.String(attribute="organisation_name")
    purpose = fields.Function(lambda view: {"code": view.purpose_code, "text": view.purpose_text})
    until = fields.String()
    ends_at = fields.DateTime()
    given_at = fields.DateTime()
    fetch = fields.Function(lambda view: {"times": view.fetch_times})
    retention = fields.Function(lambda view: {"days": view.retention_days})
    documents = fields.List(fields.Nested(ConsentedDocumentSchema))


class SharedDocumentSchema(Schema):
    """What is known of a consented document, and the verdict of its signatures."""

    id = fields.String()
    title = fields.String()
    type = fields.String()
    type_label = fields.String()
    number = fields.String()
    issued_on = fields.String(allow_none=True)
    expires_on = fields.String(allow_none=True)
    version = fields.Integer()
    media_type = fields.String()
    size = fields.Integer(metadata={"description": "Bytes."})
    sha256 = fields.String()
    verdict = fields.String()
    reason = fields.String(allow_none=True)
    checked_at = fields.String(allow_none=True)
    offered = fields.Boolean(metadata={"description": "Whether its bytes are handed out now."})
    why_not = fields.String(allow_none=True)


class DocumentsSchema(Schema):
    documents = fields.List(fields.Nested(SharedDocumentSchema))

"""What the consent page sends."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class AnswerSchema(Schema):
    """The answer to a request. Nothing but what was ticked is given."""

    decision = fields.String(required=True, validate=validate.OneOf(["allow", "deny"]))
    organisation_id = fields.UUID(load_default=None, allow_none=True)
    documents = fields.List(fields.UUID(), load_default=list)

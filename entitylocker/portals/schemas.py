"""What people type about a portal."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, pre_load, validate

from entitylocker.vault.rules import clean_line

LONGEST_NAME = 80
LONGEST_REASON = 500


class PortalSchema(Schema):
    """A portal to be registered. The key set comes as text or as a file; the page puts either into `jwks`."""

    name = fields.String(required=True, validate=validate.Length(min=3, max=LONGEST_NAME))
    homepage = fields.String(required=True, validate=validate.Length(min=1))
    redirect_uris = fields.String(required=True, validate=validate.Length(min=1))
    jwks = fields.String(load_default="")
    document_types = fields.List(fields.String(), load_default=list)
    contact = fields.Email(required=True, validate=validate.Length(max=254))

    @post_load
    def tidy(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """Names are one line without control characters."""
        return {**data, "name": clean_line(data["name"])}


class ReasonSchema(Schema):
    """Why the operator says no."""

    reason = fields.String(required=True, validate=validate.Length(min=3, max=LONGEST_REASON))

    @post_load
    def tidy(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """One line without control characters."""
        return {**data, "reason": clean_line(data["reason"])}


class NoteSchema(Schema):
    """What the operator saw that says an organisation is who it says, and until when. Both may be left out."""

    note = fields.String(load_default="", validate=validate.Length(max=LONGEST_REASON))
    valid_until = fields.Date(load_default=None)
    seen_name = fields.String(load_default=None)

    @pre_load
    def drop_empty(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """A day that was left empty was not given."""
        return {name: value for name, value in data.items() if name != "valid_until" or value}

    @post_load
    def tidy(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """One line without control characters."""
        return {**data, "note": clean_line(data["note"])}


class DisputeSchema(ReasonSchema):
    """Whose a contested identifier is from now on. The reason is for the operator's log only."""

    decision = fields.String(required=True, validate=validate.OneOf(["stays", "passes"]))

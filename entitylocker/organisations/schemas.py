"""What people type about organisations and their members."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from entitylocker.access import Role
from entitylocker.accounts.schemas import NEEDED, EmailAddress, Line, Name
from entitylocker.identifiers import IdentifierKind, OrganisationKind

NAME_MAX = 200
IDENTIFIER_MAX = 60


class _IdentifierFields(Schema):
    identifier_kind = fields.String(
        required=True, error_messages=NEEDED, validate=validate.OneOf([kind.value for kind in IdentifierKind])
    )
    identifier = Line(IDENTIFIER_MAX, required=True)

    @post_load
    def typed(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """Kinds as what they are."""
        return {**data, "identifier_kind": IdentifierKind(data["identifier_kind"])}


class RegisterSchema(_IdentifierFields):
    """A new organisation with one identifier."""

    name = Name(NAME_MAX, required=True)
    kind = fields.String(
        required=True,
        error_messages=NEEDED,
        validate=validate.OneOf([kind.value for kind in OrganisationKind]),
    )

    @post_load
    def typed_kind(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """The kind as what it is."""
        return {**data, "kind": OrganisationKind(data["kind"])}


class IdentifierSchema(_IdentifierFields):
    """One more identifier."""


class InviteSchema(Schema):
    """Whom to invite, and as what."""

    email = EmailAddress(required=True)
    role = fields.String(required=True, error_messages=NEEDED, validate=validate.OneOf([role.value for role in Role]))

    @post_load
    def typed(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """The role as what it is."""
        return {**data, "role": Role(data["role"])}


class MemberQuery(Schema):
    """Where a page of members begins."""

    after = fields.UUID(load_default=None)

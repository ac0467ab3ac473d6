"""What people type about organisations and their members."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate

from entitylocker.access import Role
from entitylocker.accounts.schemas import NEEDED, Line, Name, NewEmailAddress
from entitylocker.errors import N_
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.notifications.phones import find_phone
from entitylocker.organisations.errors import NoSuchPhone

NAME_MAX = 200
IDENTIFIER_MAX = 60
PERSON_NAME_MAX = 120
REASON_MAX = 500


# The ends of the calendar are no last days.
_DAYS = validate.Range(date(2000, 1, 1), date(2199, 12, 31), error=N_("This day is too far away."))
_STATEABLE = [kind.value for kind in IdentifierKind if kind.of_organisation]


class _IdentifierFields(Schema):
    identifier_kind = fields.String(required=True, error_messages=NEEDED, validate=validate.OneOf(_STATEABLE))
    identifier = Line(IDENTIFIER_MAX, required=True)
    valid_until = fields.Date(load_default=None, validate=_DAYS)

    @pre_load
    def drop_empty(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """A day that was left empty was not given."""
        return {name: value for name, value in data.items() if name != "valid_until" or value}

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


class DirectorSchema(Schema):
    """A director or designated partner."""

    din = Line(IDENTIFIER_MAX, required=True)
    name = Name(PERSON_NAME_MAX, required=True)


class NewNameSchema(Schema):
    """Another name of the organisation, and why."""

    name = Name(NAME_MAX, required=True)
    reason = Line(REASON_MAX, required=True)


class RoleSchema(Schema):
    """The role of a member from now on."""

    role = fields.String(required=True, error_messages=NEEDED, validate=validate.OneOf([role.value for role in Role]))

    @post_load
    def typed(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """The role as what it is."""
        return {**data, "role": Role(data["role"])}


class InviteSchema(Schema):
    """Whom to invite, and as what."""

    email = NewEmailAddress(required=True)
    role = fields.String(required=True, error_messages=NEEDED, validate=validate.OneOf([role.value for role in Role]))

    @post_load
    def typed(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """The role as what it is."""
        return {**data, "role": Role(data["role"])}


class SlipSchema(Schema):
    """Whose slip it is, and as what."""

    guest_name = Name(required=True)
    role = fields.String(required=True, error_messages=NEEDED, validate=validate.OneOf([role.value for role in Role]))
    in_person = fields.Boolean(load_default=False)

    @post_load
    def typed(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """The role as what it is."""
        return {**data, "role": Role(data["role"])}


class PhoneSchema(Schema):
    """Whom to send a text message, and as what."""

    guest_name = Name(required=True)
    phone = Line(40, required=True)
    role = fields.String(required=True, error_messages=NEEDED, validate=validate.OneOf([role.value for role in Role]))

    @post_load
    def typed(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """Role and number as what they are."""
        phone = find_phone(data["phone"])
        if phone is None:
            raise ValidationError({"phone": [NoSuchPhone.message]})
        return {**data, "role": Role(data["role"]), "phone": phone}


class SlipChoice(Schema):
    """Which slip; None: all, in parts, `after` the last of the part before."""

    invitation_id = fields.UUID(load_default=None)
    after = fields.UUID(load_default=None)


class JoinSchema(Schema):
    """The code of a slip or text message."""

    code = Line(64, required=True)


class MemberQuery(Schema):
    """Where a page of members begins."""

    after = fields.UUID(load_default=None)

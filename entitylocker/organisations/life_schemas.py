"""What people type about the life of an organisation and in proposals."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from entitylocker.access import Role
from entitylocker.access.roles import SEAT_ROLES
from entitylocker.accounts.schemas import NEEDED, Line, NewEmailAddress
from entitylocker.organisations.life_rules import ProposalKind
from entitylocker.organisations.proposals import Wish
from entitylocker.organisations.schemas import NAME_MAX

REASON_MAX = 500
# What a demoted administrator can be given.
SMALLER_ROLES = tuple(role for role in Role if role is not Role.ADMINISTRATOR and role not in SEAT_ROLES)
_ABOUT_SOMEBODY = tuple(kind.value for kind in ProposalKind if kind.concerns_somebody)


class ReasonSchema(Schema):
    """Why something is done, in words that help."""

    reason = Line(REASON_MAX, required=True)


class CloseSchema(ReasonSchema):
    """Closing, with the name of the organisation typed to confirm it."""

    name = Line(NAME_MAX, required=True)

    @post_load
    def wish(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """What is proposed."""
        return {"wish": Wish(ProposalKind.CLOSE, data["reason"], name=data["name"])}


class LiftSchema(ReasonSchema):
    """Lifting a suspension."""

    @post_load
    def wish(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """What is proposed."""
        return {"wish": Wish(ProposalKind.LIFT, data["reason"])}


class RemoveSchema(ReasonSchema):
    """A proposal about another administrator. `role` is read for demoting, `email` for replacing."""

    kind = fields.String(required=True, error_messages=NEEDED, validate=validate.OneOf(_ABOUT_SOMEBODY))
    concerned_id = fields.UUID(required=True, error_messages={**NEEDED, "invalid_uuid": NEEDED["required"]})
    role = fields.String(load_default="", validate=validate.OneOf(["", *(role.value for role in SMALLER_ROLES)]))
    email = fields.String(load_default="")

    @post_load
    def wish(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """What is proposed. Raises ValidationError for an address that is none."""
        kind = ProposalKind(data["kind"])
        role = Role(data["role"]) if data["role"] and kind is ProposalKind.DEMOTE else None
        email = None
        if kind is ProposalKind.REPLACE:
            email = NewEmailAddress(required=True).deserialize(data["email"], "email", data)
        return {"wish": Wish(kind, data["reason"], data["concerned_id"], role, email)}


class VoteSchema(Schema):
    """A vote."""

    vote = fields.String(required=True, validate=validate.OneOf(["yes", "no"]))


class OrganisationQuery(Schema):
    """Which organisations the operator looks at."""

    q = fields.String(load_default="", validate=validate.Length(max=NAME_MAX))
    before = fields.UUID(load_default=None)

"""What people type about units, branches and agencies."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load, pre_load, validate

from entitylocker.access import Role
from entitylocker.accounts.schemas import NEEDED, Line, Name, NewEmailAddress
from entitylocker.errors import N_
from entitylocker.identifiers import OrganisationKind
from entitylocker.units.rules import AGENCY_ROLES, DEPTH

NAME_MAX = 200
NOTE_MAX = 300
CODE_MAX = 40
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MESSAGES = {
    **NEEDED,
    "invalid": N_("This is not a date."),
    "invalid_uuid": N_("Please choose one of the list."),
}
# The ends of the calendar are no days for this: as instants in UTC they would lie beyond it.
_DAYS = validate.Range(date(2000, 1, 1), date(2199, 12, 31), error=N_("This day is too far away."))


class _Form(Schema):
    """What was left empty was not given."""

    @pre_load
    def drop_empty(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """Optional fields are loaded as absent."""
        return {name: value for name, value in data.items() if value != ""}


class OpenSchema(_Form):
    """A new unit."""

    name = Name(NAME_MAX, required=True)
    kind = fields.String(
        required=True, error_messages=NEEDED, validate=validate.OneOf([kind.value for kind in OrganisationKind])
    )
    note = Line(NOTE_MAX, load_default="")

    @post_load
    def typed(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """The kind as what it is."""
        return {**data, "kind": OrganisationKind(data["kind"])}


class AskSchema(_Form):
    """Whom to ask to become a unit, by their code."""

    organisation_code = Line(CODE_MAX, required=True)
    note = Line(NOTE_MAX, load_default="")


class HeadSchema(_Form):
    """Who shall administer a unit first."""

    email = NewEmailAddress(required=True)


class SeenSchema(_Form):
    """What stands above, as it was shown when somebody said yes to it."""

    above = fields.String(required=True, error_messages=NEEDED, validate=validate.Length(max=40 * DEPTH * 2))

    @post_load
    def typed(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """The ids that are ones; what is none was not shown."""
        return {"seen": {UUID(word) for word in data["above"].split() if _UUID.fullmatch(word)}}


class VouchSchema(_Form):
    """The code of a unit, if it is not to be made."""

    code = Line(CODE_MAX, load_default=None)


class UnitQuery(Schema):
    """What to look for among the units."""

    q = fields.String(load_default="")


class BranchSchema(_Form):
    """A branch for a member, from a day to a day."""

    membership_id = fields.UUID(required=True, error_messages=_MESSAGES)
    unit_id = fields.UUID(required=True, error_messages=_MESSAGES)
    starts_on = fields.Date(required=True, validate=_DAYS, error_messages=_MESSAGES)
    ends_on = fields.Date(load_default=None, validate=_DAYS, error_messages=_MESSAGES)
    reason = Line(NOTE_MAX, required=True)


class AgencySchema(_Form):
    """The terms of a letter, and to whom it goes."""

    organisation_code = Line(CODE_MAX, required=True)
    role = fields.String(
        required=True, error_messages=NEEDED, validate=validate.OneOf([role.value for role in AGENCY_ROLES])
    )
    folder_id = fields.UUID(load_default=None, error_messages=_MESSAGES)
    starts_on = fields.Date(required=True, validate=_DAYS, error_messages=_MESSAGES)
    ends_on = fields.Date(required=True, validate=_DAYS, error_messages=_MESSAGES)
    reason = Line(NOTE_MAX, required=True)

    @post_load
    def typed(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """The role as what it is."""
        return {**data, "role": Role(data["role"])}


class ConfirmSchema(_Form):
    """Which folder an agency is let into; none: the whole vault."""

    folder_id = fields.UUID(load_default=None, error_messages=_MESSAGES)


class AgentSchema(_Form):
    """Who acts by a letter."""

    membership_id = fields.UUID(required=True, error_messages=_MESSAGES)


class EnterSchema(_Form):
    """Through what one enters, where there are several."""

    source_id = fields.UUID(load_default=None, error_messages=_MESSAGES)

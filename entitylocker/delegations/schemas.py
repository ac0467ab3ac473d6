"""What people type about roles they give."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, fields, post_load, pre_load, validate

from entitylocker.access import Role
from entitylocker.accounts.schemas import NEEDED, Line
from entitylocker.delegations.rules import GIVABLE_ROLES
from entitylocker.errors import N_

REASON_MAX = 300
_MESSAGES = {
    **NEEDED,
    "invalid": N_("This is not a date."),
    "invalid_uuid": N_("Please choose one of the list."),
}
# The ends of the calendar are no days that a role is given for: as instants in UTC they would lie beyond it.
_DAYS = validate.Range(date(2000, 1, 1), date(2199, 12, 31), error=N_("This day is too far away."))


class GiveSchema(Schema):
    """A role for a member, in a folder or everywhere, from a day to a day. An empty choice means: none."""

    membership_id = fields.UUID(required=True, error_messages=_MESSAGES)
    role = fields.String(
        required=True, error_messages=NEEDED, validate=validate.OneOf([role.value for role in GIVABLE_ROLES])
    )
    folder_id = fields.UUID(load_default=None, error_messages=_MESSAGES)
    starts_on = fields.Date(required=True, validate=_DAYS, error_messages=_MESSAGES)
    ends_on = fields.Date(load_default=None, validate=_DAYS, error_messages=_MESSAGES)
    reason = Line(REASON_MAX, required=True)

    @pre_load
    def drop_empty(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """What was left empty was not given."""
        return {name: value for name, value in data.items() if value != "" or name == "reason"}

    @post_load
    def typed(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """The role as what it is."""
        return {**data, "role": Role(data["role"])}

"""What people type on the pages of this room."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, fields, pre_load, validate

from entitylocker.accounts.schemas import NEEDED, Line
from entitylocker.citizen.rules import MOST_AT_ONCE
from entitylocker.errors import N_

PURPOSE_MAX = 200
CODE_MAX = 32
_MESSAGES = {**NEEDED, "invalid": N_("This is not a date."), "invalid_uuid": N_("Please choose one of the list.")}
_DAYS = validate.Range(date(2000, 1, 1), date(2199, 12, 31), error=N_("This day is too far away."))


class LendSchema(Schema):
    """What is lent, to whom, for what, until when. `decision` comes from the page that shows the terms."""

    uris = fields.List(
        fields.String(validate=validate.Length(max=200)),
        required=True,
        validate=[
            validate.Length(min=1, error=N_("Please choose at least one document.")),
            validate.Length(max=MOST_AT_ONCE, error=N_("Please lend at most ten documents at a time.")),
        ],
        error_messages={**NEEDED, "required": N_("Please choose at least one document.")},
    )
    organisation_id = fields.UUID(required=True, error_messages=_MESSAGES)
    purpose = Line(PURPOSE_MAX, required=True)
    ends_on = fields.Date(required=True, validate=_DAYS, error_messages=_MESSAGES)
    decision = fields.String(load_default="", validate=validate.OneOf(["", "allow", "deny"]))


class ShowSchema(Schema):
    """A proof for an organisation, with or without the day of birth."""

    source_id = fields.UUID(required=True, error_messages=_MESSAGES)
    organisation_id = fields.UUID(required=True, error_messages=_MESSAGES)
    with_birthday = fields.Boolean(load_default=False)


class EkycSchema(Schema):
    """The share code of an offline e-KYC file, and whether the day of birth is kept. The file comes beside it."""

    code = fields.String(required=True, error_messages=NEEDED, validate=validate.Length(min=1, max=CODE_MAX))
    with_birthday = fields.Boolean(load_default=False)

    @pre_load
    def strip(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """Blanks come along when a code is copied."""
        return {name: value.strip() if isinstance(value, str) else value for name, value in data.items()}


class CopySchema(Schema):
    """Whether a copy may be kept."""

    allowed = fields.Boolean(required=True)

"""What is typed on the pages of onboarding."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from entitylocker.accounts.schemas import NEEDED

MOST_OFFICERS = 1_000_000


class OptionalId(fields.UUID):
    """The id of something, or nothing chosen."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> Any:
        return super()._deserialize(value, attr, data, **rest) if value else None


class OptionalNumber(fields.Integer):
    """A number, or nothing typed."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> Any:
        return super()._deserialize(value, attr, data, **rest) if str(value).strip() else None


class FileSchema(Schema):
    """What goes with a file."""

    in_person = fields.Boolean(load_default=False)


def _in_range(officers: int | None) -> None:
    if officers is not None:
        validate.Range(1, MOST_OFFICERS)(officers)


class TargetSchema(Schema):
    """How many officers are to come in (none: no target), in one department or (none) in all."""

    department_id = OptionalId(load_default=None)
    officers = OptionalNumber(required=True, error_messages=NEEDED, validate=_in_range)


class RunQuery(Schema):
    """Which part of the rows of a file is shown."""

    part = fields.Integer(load_default=1, validate=validate.Range(1, MOST_OFFICERS))

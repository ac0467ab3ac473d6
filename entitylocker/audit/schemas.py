"""What the activity page may be asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, fields, post_load, pre_load, validate

from entitylocker.audit.service import EventFilter
from entitylocker.audit.tags import EventTag

# The day after the last one must still be a day.
_DAYS = validate.Range(max=date(9998, 12, 31))


class EventQuery(Schema):
    """The filter and the place in the list, as they stand in the address."""

    tag = fields.String(validate=validate.OneOf([tag.value for tag in EventTag]))
    text = fields.String(validate=validate.Length(max=100))
    subject = fields.UUID()
    from_day = fields.Date(data_key="from", validate=_DAYS)
    to_day = fields.Date(data_key="to", validate=_DAYS)
    before = fields.Integer(validate=validate.Range(min=0))
    after = fields.Integer(validate=validate.Range(min=0))

    @pre_load
    def drop_empty(self, typed: dict[str, Any], **_: Any) -> dict[str, Any]:
        """An empty field of the form means: not asked for."""
        return {name: value for name, value in typed.items() if value != ""}

    @post_load
    def build(self, found: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Filter and place apart."""
        place: dict[str, Any] = {name: found.pop(name) for name in ("before", "after") if name in found}
        return {"wanted": EventFilter(subject_id=found.pop("subject", None), **found), **place}

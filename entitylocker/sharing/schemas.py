"""What comes in with the forms and the API of sharing, and what the API gives out."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from entitylocker.errors import N_
from entitylocker.sharing.codes import is_code, read_code
from entitylocker.sharing.rules import CHOICES
from entitylocker.sharing.views import Choices

_UP_TO_200 = validate.Length(max=200, error=N_("Please use at most 200 characters."))


class ChoicesSchema(Schema):
    """What a check page is to show: a box that is not ticked is not sent."""

    show = fields.List(fields.String(validate=validate.OneOf(CHOICES)), load_default=list)

    @post_load
    def as_choices(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """The ticked boxes as Choices."""
        return {"choices": Choices(**{name: name in data["show"] for name in CHOICES})}


class PublicCheckSchema(Schema):
    """The fields that come before the file. `code`: of the check page that the file is compared with."""

    password = fields.String(load_default="", validate=_UP_TO_200)
    code = fields.String(load_default="", validate=_UP_TO_200)


class Code(fields.String):
    """A code of a check page as somebody typed it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        code = read_code(super()._deserialize(value, attr, data, **kwargs) or "")
        if not is_code(code):
            raise ValidationError(N_("This is no code of a check page: it has 16 letters and digits."))
        return code


class CodeSchema(Schema):
    """The code that leads to a check page."""

    code = Code(required=True)


class PublicReportSchema(Schema):
    """Everything the check found; see the documentation of reports. `null`: not checked."""

    verdict = fields.String()
    reason = fields.String(allow_none=True)
    checked_at = fields.String(metadata={"format": "date-time"})
    signed = fields.Boolean(allow_none=True)
    intact = fields.Boolean(allow_none=True)
    by_whom = fields.List(fields.String())
    trusted = fields.Boolean(allow_none=True)
    still_good = fields.Boolean(allow_none=True)
    changes = fields.List(fields.Dict())
    signatures = fields.List(fields.Dict())
    gate = fields.List(fields.Dict())
    active_content = fields.List(fields.String())
    active_later = fields.List(fields.String())
    hidden_layers = fields.List(fields.String())
    pages = fields.Integer(allow_none=True)
    encrypted = fields.Boolean(allow_none=True)
    size = fields.Integer(allow_none=True, metadata={"description": "Bytes."})
    sha256 = fields.String(allow_none=True)
    policy = fields.String()
    valid_on = fields.String(allow_none=True, metadata={"format": "date-time"})
    engine = fields.Dict()

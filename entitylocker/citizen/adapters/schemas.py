"""What a citizen locker may answer: anything else is no answer. Nobody's Aadhaar number comes in this way."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from entitylocker.citizen.aadhaar import holds_aadhaar, mask_aadhaar, without_unseen
from entitylocker.signatures.ekyc import read_day
from entitylocker.web.formats import ZONE

_SUBJECT = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
_URI = re.compile(r"[A-Za-z0-9._-]{3,200}\Z")
_TYPE = re.compile(r"[A-Z0-9]{0,10}\Z")
_BEARER = re.compile(r"bearer\Z", re.IGNORECASE)
_LATEST = 4_102_444_800  # the year 2100


class CleanText(fields.String):
    """One line of text, cut to `longest`, with every Aadhaar number in it masked."""

    def __init__(self, longest: int, **options: Any) -> None:
        super().__init__(**options)
        self._longest = longest

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        text = super()._deserialize(value, attr, data, **rest)
        return mask_aadhaar(without_unseen(str(text)))[: self._longest]


class Birthday(fields.Field[date | None]):
    """DDMMYYYY, also with separators; what is none is left out, it proves nothing."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> date | None:
        digits = re.sub(r"[-/. ]", "", str(value or ""))
        try:
            return datetime.strptime(digits, "%d%m%Y").replace(tzinfo=UTC).date() if len(digits) == 8 else None
        except ValueError:
            return None


class IssueDay(fields.Field[date | str]):
    """DD-MM-YYYY or an instant (ISO 8601), as a day in India; whatever else it is, the text as it came."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> date | str:
        written = str(CleanText(40).deserialize(value))
        try:
            return read_day(written) or _instant(written).astimezone(ZONE).date()
        except (ValueError, OverflowError):
            return written


def _instant(written: str) -> datetime:
    """A time without zone is taken as UTC, as the published sample is. Raises ValueError, for a day alone, too."""
    if "T" not in written:
        raise ValueError(written)
    at = datetime.fromisoformat(written)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class Instant(fields.Field[datetime | None]):
    """Seconds since 1970, as number or text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> datetime | None:
        try:
            seconds = int(value)
        except (TypeError, ValueError):
            raise ValidationError("not a time") from None
        if not 0 < seconds < _LATEST:
            raise ValidationError("not a time")
        return datetime.fromtimestamp(seconds, UTC)


def _no_aadhaar(text: str) -> None:
    if holds_aadhaar(text):
        raise ValidationError("holds an Aadhaar number")


class _Answer(Schema):
    class Meta:
        unknown = EXCLUDE


class IdentityAnswer(_Answer):
    """Who a token belongs to, in the answer of `user` and beside tokens."""

    subject = fields.String(required=True, data_key="digilockerid", validate=[validate.Regexp(_SUBJECT), _no_aadhaar])
    name = CleanText(200, required=True, validate=validate.Length(min=1))
    born_on = Birthday(data_key="dob", load_default=None)
    reference_key = CleanText(64, load_default="", allow_none=False)


class TokenAnswer(_Answer):
    """Tokens."""

    access_token = fields.String(required=True, validate=validate.Length(min=8, max=4096))
    refresh_token = fields.String(load_default=None, validate=validate.Length(min=8, max=4096))
    token_type = fields.String(required=True, validate=validate.Regexp(_BEARER))
    expires_in = fields.Integer(load_default=None, validate=validate.Range(min=1, max=366 * 86400))
    scopes = CleanText(500, data_key="scope", load_default="")
    consent_valid_till = Instant(load_default=None, allow_none=True)


class DocumentAnswer(_Answer):
    """A line of the list of issued documents (version 2)."""

    uri = fields.String(required=True, validate=validate.Regexp(_URI))
    title = CleanText(200, data_key="name", required=True)
    description = CleanText(200, load_default="", allow_none=True)
    type_code = fields.String(data_key="doctype", load_default="", validate=validate.Regexp(_TYPE))
    issuer_name = CleanText(200, data_key="issuer", load_default="")
    issued_on = IssueDay(data_key="date", load_default="")
    mime = fields.Raw(load_default=None, allow_none=True)


class ListAnswer(_Answer):
    """The list; lines are looked at one by one, so that a strange one hides no others."""

    items = fields.List(fields.Dict(), required=True, validate=validate.Length(max=1000))

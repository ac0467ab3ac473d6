"""The authorization_details of type `organisation_documents` (RFC 9396): what a portal may ask, checked strictly."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from entitylocker.consents.terms import ConsentView, Terms
from entitylocker.extensions import utc_now
from entitylocker.oauth.errors import InvalidAuthorizationDetails
from entitylocker.portals.lookup import KnownPortal
from entitylocker.signatures.verdicts import Verdict, may_be_offered
from entitylocker.vault.rules import ZONE, clean_line

TYPE = "organisation_documents"
LONGEST = 16 * 1024
LONGEST_DAYS = 366
MOST_TYPES = 30
MOST_FETCHES = 10_000
MOST_RETENTION_DAYS = 10 * 366
_OFFERABLE = [verdict.value for verdict in Verdict if may_be_offered(verdict)]


class _Strict(Schema):
    """Unknown members are refused (RFC 9396 section 5), and so are numbers as text."""


class PurposeSchema(_Strict):
    code = fields.String(required=True, validate=validate.Regexp(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z"))
    text = fields.String(required=True, validate=validate.Length(min=1, max=200))


class FetchSchema(_Strict):
    times = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=MOST_FETCHES))


class RetentionSchema(_Strict):
    days = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=MOST_RETENTION_DAYS))


class DetailsSchema(_Strict):
    """One object. What is left out means the least: fetched once, not kept beyond its use."""

    type = fields.String(required=True, validate=validate.Equal(TYPE))
    document_types = fields.List(fields.String(), required=True, validate=validate.Length(min=1, max=MOST_TYPES))
    purpose = fields.Nested(PurposeSchema, required=True)
    until = fields.String(required=True, validate=validate.Length(max=40))
    fetch = fields.Nested(FetchSchema, load_default=lambda: {"times": 1})
    retention = fields.Nested(RetentionSchema, load_default=lambda: {"days": 0})
    least_verdict = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(_OFFERABLE))


def parse_details(text: str | None, allowed_types: Iterable[str], now: datetime | None = None) -> dict[str, Any]:
    """The one object in `text`, checked, ready to be stored. `allowed_types`: what the portal was approved for.

    Raises InvalidAuthorizationDetails saying what does not fit.
    """
    if not text or len(text) > LONGEST:
        raise InvalidAuthorizationDetails("authorization_details is missing or too long")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidAuthorizationDetails("authorization_details is not JSON") from None
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], dict):
        raise InvalidAuthorizationDetails("authorization_details must be an array with exactly one object")
    try:
        details: dict[str, Any] = DetailsSchema().load(found[0])
    except ValidationError as wrong:
        raise InvalidAuthorizationDetails(_in_ascii(wrong.messages)) from None
    _check_types(details["document_types"], set(allowed_types))
    details["purpose"]["text"] = _one_line(details["purpose"]["text"])
    ends_at(details["until"], now)
    return details


def _check_types(wanted: list[str], allowed: set[str]) -> None:
    if len(set(wanted)) != len(wanted):
        raise InvalidAuthorizationDetails("document_types names a type twice")
    if not set(wanted) <= allowed:
        raise InvalidAuthorizationDetails(
            "document_types names a type that is unknown or not registered for this portal"
        )


def _one_line(text: str) -> str:
    """Shown to people word for word, so nothing in it may break the line or turn its direction."""
    line = clean_line(text)
    if not line:
        raise InvalidAuthorizationDetails("purpose.text is empty")
    return line


def ends_at(until: str, now: datetime | None = None) -> datetime:
    """The instant, exclusive, at which a consent `until` ends: a day of Asia/Kolkata inclusive to midnight, or a time.

    Raises InvalidAuthorizationDetails for what is no day or aware time (ISO 8601), past, or more than 366 days ahead.
    """
    moment = now or utc_now()
    try:
        end = _instant(until)
    except ValueError:
        raise InvalidAuthorizationDetails("until must be a date, or a time with its offset from UTC") from None
    if end <= moment:
        raise InvalidAuthorizationDetails("until is in the past")
    if end.astimezone(ZONE).date() - moment.astimezone(ZONE).date() > timedelta(days=LONGEST_DAYS + _whole_day(until)):
        raise InvalidAuthorizationDetails("until is more than 366 days ahead")
    return end


def _whole_day(until: str) -> int:
    """1 where a day is meant, whose end is the midnight that begins the next one."""
    return 1 if len(until) == len("2027-01-31") else 0


def _instant(until: str) -> datetime:
    if _whole_day(until):
        day = date.fromisoformat(until) + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)
    end = datetime.fromisoformat(until)
    if end.tzinfo is None:
        raise ValueError("without offset")
    return end.astimezone(UTC)


def _in_ascii(messages: Any) -> str:
    """What marshmallow says, in the characters that RFC 6749 allows in an error description."""
    text = json.dumps(messages, ensure_ascii=True).replace('"', "'").replace("\\", "/")
    return text[:500]


def terms_of(portal: KnownPortal, details: dict[str, Any]) -> Terms:
    """What is asked, from the stored details of a request."""
    least = details["least_verdict"]
    return Terms(
        portal_id=portal.id,
        portal_organisation_id=portal.organisation_id,
        portal_name=portal.name,
        portal_homepage=portal.homepage,
        keeper_name=portal.keeper_name,
        client_id=portal.client_id,
        document_types=tuple(details["document_types"]),
        purpose_code=details["purpose"]["code"],
        purpose_text=details["purpose"]["text"],
        until=details["until"],
        ends_at=_instant(details["until"]),
        fetch_times=details["fetch"]["times"],
        retention_days=details["retention"]["days"],
        least_verdict=Verdict(least) if least is not None else None,
    )


def granted_details(consent: ConsentView) -> list[dict[str, Any]]:
    """What was given, as RFC 9396 section 7 wants it in the token response: narrowed to the documents chosen."""
    details: dict[str, Any] = {
        "type": TYPE,
        "document_types": list(dict.fromkeys(document.document_type for document in consent.documents)),
        "documents": [
            {"id": str(document.document_id), "type": document.document_type, "title": document.title}
            for document in consent.documents
        ],
        "purpose": {"code": consent.purpose_code, "text": consent.purpose_text},
        "until": consent.until,
        "fetch": {"times": consent.fetch_times},
        "retention": {"days": consent.retention_days},
    }
    if consent.least_verdict is not None:
        details["least_verdict"] = consent.least_verdict.value
    return [details]

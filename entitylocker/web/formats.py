"""Template filters: dates and times in Indian time, sizes, numbers, lists of messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import get_locale

ZONE = ZoneInfo("Asia/Kolkata")
NONE = "–"
_SMALL_WORDS = {"of", "and", "the", "for"}
_UNITS = ("B", "KB", "MB", "GB", "TB")


def _locale() -> Locale:
    return get_locale() or Locale.parse("en_IN")


def _local(at: datetime) -> datetime:
    """The instant in Indian time. A time without zone is taken as UTC, as everything stored is."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(ZONE)


def docdate(day: date | datetime | None) -> str:
    """A day: 22 Nov 2026. An instant is shown as the day it falls on in India."""
    if day is None:
        return NONE
    return format_date(_local(day) if isinstance(day, datetime) else day, "d MMM y", locale=_locale())


def longdate(day: date | datetime | None) -> str:
    """A day with the month in full: 22 November 2026."""
    if day is None:
        return NONE
    return format_date(_local(day) if isinstance(day, datetime) else day, "d MMMM y", locale=_locale())


def when(at: datetime | None, seconds: bool = False) -> str:
    """An instant: 22 Nov 2026, 14:12 IST; with seconds where a report needs them."""
    if at is None:
        return NONE
    pattern = "d MMM y, HH:mm:ss" if seconds else "d MMM y, HH:mm"
    return f"{format_datetime(_local(at), pattern, locale=_locale())} IST"


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """How long ago or ahead: 3 hours ago, in 2 days."""
    if at is None:
        return NONE
    return format_timedelta(_local(at) - (now or datetime.now(UTC)), add_direction=True, locale=_locale())


def filesize(size: int | None) -> str:
    """Bytes for people: 412 KB, 1.2 MB (1 KB = 1,024 bytes)."""
    if size is None:
        return NONE
    amount, unit = float(size), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    shown = round(amount, 1) if unit > 1 and amount < 100 else round(amount)
    return f"{format_decimal(shown, locale=_locale())} {_UNITS[unit]}"


def number(value: float | None) -> str:
    """A number grouped the Indian way: 12,34,567."""
    return NONE if value is None else format_decimal(value, locale=_locale())


def initials(name: str | None) -> str:
    """The first letters of the first two words, for the round or square sign of a person or organisation."""
    found = re.findall(r"\w[\w\u0900-\u097f]*", name or "")
    words = [word for word in found if word.lower() not in _SMALL_WORDS]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def slug(text: str) -> str:
    """A text as part of an element's id: letters of any script and digits, the rest as hyphens."""
    return re.sub(r"[^\w\u0900-\u097f]+", "-", text.lower()).strip("-") or "part"


def messages_of(found: Any) -> list[str]:
    """All messages in `found`: one text, a list, or what marshmallow nests, as one flat list without repeats."""
    if not found:
        return []
    if isinstance(found, Mapping):
        return messages_of(list(found.values()))
    if isinstance(found, (list, tuple, set)):
        return list(dict.fromkeys(line for part in found for line in messages_of(part)))
    return [str(found)]


def register_formats(app: Flask) -> None:
    """Give the templates of `app` these filters."""
    for function in (docdate, longdate, when, ago, filesize, number, initials, slug):
        app.add_template_filter(function)
    app.add_template_global(messages_of)

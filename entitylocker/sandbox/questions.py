"""The form on the first page: what can be chosen, and reading it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from entitylocker.sandbox.records import DocumentRequest

INDIA = ZoneInfo("Asia/Kolkata")
# What the portal is registered for: the locker refuses a request that names anything else.
TYPES = {
    "CINCR": "Certificate of incorporation",
    "GSTRC": "GST registration certificate",
    "PANCR": "PAN card",
    "BORES": "Board resolution",
    "BALSH": "Audited balance sheet",
}
LEAST_VERDICTS = {
    "": "Whatever the locker offers",
    "valid_at_claimed_time": "Signed, unchanged, valid when it says it was signed",
    "valid_with_additions": "Signed and valid, permitted additions only",
    "valid": "Signed and valid, nothing added",
}
LONGEST_DAYS = 366
_PURPOSE_CODE = "tender"


class Unanswerable(Exception):
    """The form does not make a request. `problems`: field name → what to do."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


def first_answers() -> dict[str, str]:
    """What stands in the form at first."""
    return {
        "purpose": "Bid in tender 2026/PWD/318",
        "until": (datetime.now(INDIA).date() + timedelta(days=90)).isoformat(),
        "times": "10",
        "retention_days": "180",
        "least_verdict": "valid_at_claimed_time",
    }


def read_question(form: Mapping[str, str], document_types: Sequence[str]) -> DocumentRequest:
    """The request that the form makes. Raises Unanswerable, naming every field that does not fit."""
    problems: dict[str, str] = {}
    if not document_types or not set(document_types) <= TYPES.keys():
        problems["document_types"] = "Choose at least one kind of document."
    purpose = form.get("purpose", "").strip()
    if not 1 <= len(purpose) <= 200:
        problems["purpose"] = "Say in 1 to 200 characters what the documents are for."
    until, today = _day(form.get("until", "")), datetime.now(INDIA).date()
    if until is None or not today <= until <= today + timedelta(days=LONGEST_DAYS):
        problems["until"] = f"Choose today or a later day, at most {LONGEST_DAYS} days ahead."
    times = _number(form.get("times", ""), problems, "times", 1000)
    retention_days = _number(form.get("retention_days", ""), problems, "retention_days", 3650)
    least = form.get("least_verdict", "")
    if least not in LEAST_VERDICTS:
        problems["least_verdict"] = "Choose one of the list."
    if problems or until is None:
        raise Unanswerable(problems)
    return DocumentRequest(
        document_types=tuple(dict.fromkeys(document_types)),
        purpose_code=_PURPOSE_CODE,
        purpose_text=purpose,
        until=until,
        times=times,
        retention_days=retention_days,
        least_verdict=least or None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _number(text: str, problems: dict[str, str], field: str, most: int) -> int | None:
    """A number from 1 to `most`; None where nothing was typed."""
    if not text.strip():
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text.strip()) or not 1 <= int(text) <= most:
        problems[field] = f"Type a number from 1 to {most}, or nothing."
        return None
    return int(text)

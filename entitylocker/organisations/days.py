"""What days mean: from midnight in India to the midnight after the last of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from entitylocker.errors import N_, LockerError
from entitylocker.extensions import utc_now
from entitylocker.web.formats import ZONE


class EndsBeforeStart(LockerError):
    code = "ends_before_start"
    status = 422
    message = N_("The last day must not be before the first.")


class EndsInThePast(LockerError):
    code = "ends_in_the_past"
    status = 422
    message = N_("The last day is over already.")


@dataclass(frozen=True)
class Span:
    """Instants, the end exclusive; None: without end."""

    starts_at: datetime
    ends_at: datetime | None


def span_of(starts_on: date, ends_on: date | None, now: datetime | None = None) -> Span:
    """What the days mean: from midnight in India to the midnight after the last day.

    Raises EndsBeforeStart, EndsInThePast.
    """
    if ends_on is not None and ends_on < starts_on:
        raise EndsBeforeStart(field="ends_on")
    starts_at = datetime.combine(starts_on, time(), ZONE)
    ends_at = None if ends_on is None else datetime.combine(ends_on + timedelta(days=1), time(), ZONE)
    if ends_at is not None and ends_at <= (now or utc_now()):
        raise EndsInThePast(field="ends_on")
    return Span(starts_at, ends_at)

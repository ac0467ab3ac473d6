"""Reading the audit trail: filtered, paged, and exported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.models import Event
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db
from entitylocker.tenancy import use_case
from entitylocker.web.spreadsheets import csv_line

PAGE = 50
_ZONE = ZoneInfo("Asia/Kolkata")
_EXPORT_LIMIT = 100_000


@dataclass(frozen=True)
class EventFilter:
    """What to look for. Days are days in the organisation's zone, both inclusive."""

    tag: str | None = None
    text: str | None = None
    subject_id: UUID | None = None
    from_day: date | None = None
    to_day: date | None = None


@dataclass(frozen=True)
class EventPage:
    """Events, newest first, and the sequence to go on from in either direction."""

    events: list[Event]
    older_than: int | None
    newer_than: int | None
    total: int


@use_case(Permission.AUDIT_READ)
def list_events(
    actor: Actor, wanted: EventFilter, *, before: int | None = None, after: int | None = None, limit: int = PAGE
) -> EventPage:
    """The organisation's events that fit `wanted`, newest first; `before` and `after` are sequences to go on from."""
    require(actor, Permission.AUDIT_READ, actor.facts)
    query = _matching(actor, wanted)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    if after is not None:
        newer = query.where(Event.sequence > after).order_by(Event.sequence).limit(limit + 1)
        found = list(db.session.scalars(newer))
        more_newer, events = len(found) > limit, list(reversed(found[:limit]))
        more_older = True
    else:
        older = query if before is None else query.where(Event.sequence < before)
        found = list(db.session.scalars(older.order_by(Event.sequence.desc()).limit(limit + 1)))
        more_older, events = len(found) > limit, found[:limit]
        more_newer = before is not None
    return EventPage(
        events=events,
        older_than=events[-1].sequence if events and more_older else None,
        newer_than=events[0].sequence if events and more_newer else None,
        total=total,
    )


@use_case(Permission.AUDIT_READ)
def list_recent(actor: Actor, limit: int = 6) -> list[Event]:
    """The newest events, for the overview."""
    require(actor, Permission.AUDIT_READ, actor.facts)
    return list(db.session.scalars(_matching(actor, EventFilter()).order_by(Event.sequence.desc()).limit(limit)))


@use_case(Permission.AUDIT_EXPORT)
def export_events(actor: Actor, wanted: EventFilter) -> str:
    """The events that fit as CSV with a header, oldest first. The export itself is an event."""
    require(actor, Permission.AUDIT_EXPORT, actor.facts)
    query = _matching(actor, wanted).order_by(Event.sequence).limit(_EXPORT_LIMIT)
    text = "".join(_csv_lines(db.session.scalars(query)))
    record(actor, EventTag.AUDIT_EXPORT, Subject("audit"), lines=text.count("\n") - 1)
    return text


def _matching(actor: Actor, wanted: EventFilter) -> Select[Event]:
    query = select(Event).where(Event.organisation_id == actor.organisation_id)
    if wanted.tag:
        query = query.where(Event.tag == wanted.tag)
    if wanted.subject_id:
        query = query.where(Event.subject_id == wanted.subject_id)
    if wanted.text:
        query = query.where(
            Event.actor_name.icontains(wanted.text, autoescape=True)
            | Event.subject_name.icontains(wanted.text, autoescape=True)
        )
    if wanted.from_day:
        query = query.where(Event.at >= _start_of(wanted.from_day))
    if wanted.to_day:
        query = query.where(Event.at < _start_of(wanted.to_day + timedelta(days=1)))
    return query


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=_ZONE)


@use_case(Permission.ORGANISATION_EXPORT)
def get_last_sequence(actor: Actor) -> int:
    """The number of the newest event, 0 if there is none: up to where an export of everything takes the trail."""
    require(actor, Permission.ORGANISATION_EXPORT, actor.facts)
    mine = select(func.max(Event.sequence)).where(Event.organisation_id == actor.organisation_id)
    return db.session.scalar(mine) or 0


@use_case(Permission.ORGANISATION_EXPORT)
def list_trail(actor: Actor, *, after: int, up_to: int, limit: int) -> list[Event]:
    """Events in the order in which they happened, from behind `after` up to and with `up_to`."""
    require(actor, Permission.ORGANISATION_EXPORT, actor.facts)
    mine = select(Event).where(
        Event.organisation_id == actor.organisation_id, Event.sequence > after, Event.sequence <= up_to
    )
    return list(db.session.scalars(mine.order_by(Event.sequence).limit(limit)))


def csv_header() -> str:
    """The first line of an exported trail."""
    return _csv_line(
        ["sequence", "at", "actor", "actor_kind", "means", "event", "subject_kind", "subject", "id", "data"]
    )


def csv_event(event: Event) -> str:
    """An event as a line of an exported trail."""
    return _csv_line(
        [
            str(event.sequence),
            event.at.isoformat(),
            event.actor_name,
            event.actor_kind,
            event.means,
            event.tag,
            event.subject_kind,
            event.subject_name,
            str(event.id),
            "; ".join(f"{name}={value}" for name, value in event.data.items()),
        ]
    )


def _csv_lines(events: Iterable[Event]) -> Iterator[str]:
    yield csv_header()
    yield from map(csv_event, events)


def _csv_line(cells: list[str]) -> str:
    """One line; a cell that a spreadsheet would run as a formula is made plain text."""
    return csv_line(cells, "\n")

"""Writing events: of acts with their commit, of refusals after their roll-back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor
from entitylocker.audit.models import OPERATOR_LOG, Event, EventHead, RefusalCount
from entitylocker.audit.tags import EventTag
from entitylocker.errors import LockerError
from entitylocker.extensions import db, utc_now

_PENDING = "events"


@dataclass(frozen=True)
class Subject:
    """What an event is about. `name` is kept so that the trail can be read after the row is gone."""

    kind: str
    id: UUID | None = None
    name: str = ""


@dataclass(frozen=True)
class _Pending:
    organisation_id: UUID
    actor: Actor
    tag: EventTag
    subject: Subject
    data: dict[str, Any] = field(default_factory=dict)


def record(actor: Actor, tag: EventTag, subject: Subject, *, organisation_id: UUID | None = None, **data: Any) -> None:
    """Note an event of the running transaction; it is written at its commit, or not at all.

    It goes to the trail of `organisation_id`, by default the actor's, else the operator's log. `data` holds strings,
    integers, booleans, None, and lists or dicts of these.
    """
    place = organisation_id or actor.organisation_id or OPERATOR_LOG
    if actor.through:
        data["through"] = actor.through
    tenancy.current().note(_PENDING, _Pending(place, actor, tag, subject, data))


def write_pending(running: tenancy.Running) -> None:
    """Write the noted events, last of all in the transaction: the head of a sequence is locked only briefly.

    Organisations are taken in a fixed order, so that two transactions never wait for each other.
    """
    pending: list[_Pending] = running.notes.pop(_PENDING, [])
    for organisation_id in sorted({event.organisation_id for event in pending}):
        mine = [event for event in pending if event.organisation_id == organisation_id]
        last = _advance_head(organisation_id, len(mine))
        now = utc_now()
        for sequence, event in enumerate(mine, start=last - len(mine) + 1):
            db.session.add(_event(event, sequence, now))
    if pending:
        db.session.flush()


def _advance_head(organisation_id: UUID, by: int) -> int:
    statement = insert(EventHead).values(organisation_id=organisation_id, last_sequence=by)
    statement = statement.on_conflict_do_update(
        index_elements=[EventHead.organisation_id], set_={"last_sequence": EventHead.last_sequence + by}
    )
    return int(db.session.execute(statement.returning(EventHead.last_sequence)).scalar_one())


def _event(pending: _Pending, sequence: int, now: datetime) -> Event:
    actor = pending.actor
    row = Event(
        id=uuid7(),
        organisation_id=pending.organisation_id,
        sequence=sequence,
        at=now,
        tag=pending.tag.value,
        actor_kind=actor.kind.value,
        actor_name=actor.name,
        actor_id=actor.portal_id or actor.person_id,
        means=actor.means.value,
        subject_kind=pending.subject.kind,
        subject_id=pending.subject.id,
        subject_name=pending.subject.name,
        data=pending.data,
    )
    row.canonical = canonical_bytes(row)
    return row


def canonical_bytes(event: Event) -> bytes:
    """The event as canonical JSON (RFC 8785; no numbers but integers occur, all keys are ASCII)."""
    members = {
        "actor": {"id": _text(event.actor_id), "kind": event.actor_kind, "name": event.actor_name},
        "at": event.at.isoformat(timespec="microseconds"),
        "data": event.data,
        "id": str(event.id),
        "means": event.means,
        "organisation": str(event.organisation_id),
        "sequence": event.sequence,
        "subject": {"id": _text(event.subject_id), "kind": event.subject_kind, "name": event.subject_name},
        "tag": event.tag,
        "version": 1,
    }
    return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def record_refusal(actor: Actor, refusal: LockerError) -> None:
    """Write the event of a refused act, in a transaction of its own, in the actor's trail or the operator's log.

    A flood of them leaves few events.
    """
    facts = {"code": refusal.code, **{name: str(value) for name, value in refusal.facts.items()}}
    subject = Subject("act", name=facts.get("permission", refusal.code))
    record_counted(actor, EventTag.ACCESS_REFUSED, subject, **facts)


def record_counted(actor: Actor, tag: EventTag, subject: Subject, **data: Any) -> None:
    """Write what may come in a flood, in a transaction of its own: the same within the hour is counted.

    An event is written at its 1st, 10th, 100th … time, with `times` in its data.
    """
    place = actor.organisation_id or OPERATOR_LOG
    with tenancy.transaction(tenancy.Tenant(organisation_id=place, person_id=actor.person_id), actor):
        times = _count(place, actor, [tag.value, subject.kind, str(subject.id), subject.name, data])
        if _is_power_of_ten(times):
            record(actor, tag, subject, organisation_id=place, times=times, **data)


def _count(place: UUID, actor: Actor, what: list[Any]) -> int:
    who = actor.membership_id or actor.person_id or actor.portal_id
    key = hashlib.sha256(json.dumps([str(who), what], sort_keys=True).encode()).hexdigest()
    statement = insert(RefusalCount).values(
        organisation_id=place, refusal=key, hour=func.date_trunc("hour", func.now()), times=1
    )
    statement = statement.on_conflict_do_update(
        index_elements=[RefusalCount.organisation_id, RefusalCount.refusal, RefusalCount.hour],
        set_={"times": RefusalCount.times + 1},
    )
    return int(db.session.execute(statement.returning(RefusalCount.times)).scalar_one())


def _is_power_of_ten(number: int) -> bool:
    return str(number).strip("0") == "1"


def register_audit() -> None:
    """Let every commit write its events and every refusal leave one."""
    tenancy.before_commit(write_pending)
    tenancy.on_refusal(record_refusal)

"""Use cases of fetching: find out what is due, take it one by one, write down what came. In the worker's role.

No transaction is open while another server is asked; what is being asked for is claimed for a while, so that two
workers never ask for the same, and a worker that dies keeps nobody waiting for long.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from entitylocker import tenancy
from entitylocker.access import Actor, Facts, Permission, require
from entitylocker.extensions import db, utc_now
from entitylocker.outgoing import Limits, OutgoingError
from entitylocker.tenancy import DatabaseRole, open_use_case, use_case
from entitylocker.trust import answer_rules as rules
from entitylocker.trust.answer_models import RevocationAnswer, RevocationWant
from entitylocker.trust.events import AnswerArrived
from entitylocker.web.engine_room import engines

log = logging.getLogger(__name__)

FETCH_SECONDS = 20.0
_CLAIM = timedelta(seconds=3 * FETCH_SECONDS)
_MOST_AT_ONCE = 500
# How many new questions are taken up within an hour, of all organisations together.
MOST_PER_HOUR_IN_ALL = 1000
# What an organisation may have stored for it, in bytes, unless others ask for the same: lists of revoked certificates
# come to some 20 of a few hundred KB where signatures of one country are checked.
MOST_BYTES_OF_ORGANISATION = 128 * rules.MIB
# What so many organisations ask for is no single one's doing.
_MANY = 20
# How long an answer stays that nobody wants any more; if it is not small it goes at once.
_KEPT = timedelta(days=7)
_SMALL = 64 * 1024
# Questions put at the same time by all workers together: slow servers keep one place of a worker busy, never all.
MOST_CLAIMS = 1
# After so many tries in a row without an answer (some four days) it takes a check that misses it still.
MOST_FAILURES = 10
# Any number that nothing else in this database uses as an advisory lock: claims are made one after the other.
_CLAIMING = 0x4C4F434B


@dataclass(frozen=True)
class Claim:
    """A question that this worker, and no other, puts now."""

    key: str
    kind: str
    url: str
    request: str
    failures: int


@open_use_case("claims and records in use cases of their own; no transaction is open while another server is asked")
def fetch_due(actor: Actor, seconds: float) -> bool:
    """Fetch what is due, one after the other, for about `seconds`. True: there was more than that."""
    until = time.monotonic() + seconds
    while True:
        new = take_up(actor)
        claim = claim_next(actor)
        if claim is None and not new:
            return False
        while claim is not None:
            fetch(actor, claim)
            if time.monotonic() > until:
                return True
            claim = claim_next(actor)


@open_use_case("records in use cases of its own")
def fetch(actor: Actor, claim: Claim) -> None:
    """Put one question, and write down the answer or why there is none."""
    room = room_for(actor, claim.key)
    if room <= 0:
        record_failure(actor, claim, "no_room")
        return
    try:
        body, next_update = rules.read_answer(claim.kind, _ask(claim, room))
    except OutgoingError as fault:
        why = fault.facts.get("why")
        record_failure(actor, claim, f"{fault.code} {why}" if why else fault.code)
    except rules.NoAnswer as fault:
        record_failure(actor, claim, f"no_answer {fault}")
    else:
        record_answer(actor, claim, body, rules.refresh_at(claim.key, utc_now(), next_update), next_update)


def _ask(claim: Claim, room: int) -> bytes:
    """What the issuer's server sends, at most `room` bytes. Raises OutgoingError."""
    outgoing, accept = engines().outgoing, rules.CONTENT_TYPE[claim.kind]
    limits = Limits(total_seconds=FETCH_SECONDS, max_bytes=min(room, rules.MOST_BYTES[claim.kind]), redirects=2)
    if claim.kind == rules.CRL:
        return outgoing.get(claim.url, limits, accept=accept).body
    request = base64.b64decode(claim.request)
    return outgoing.post(claim.url, request, limits, content_type="application/ocsp-request", accept=accept).body


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def take_up(actor: Actor) -> int:
    """Make rows for what is wanted and not asked yet: how many. What nobody wants any more is forgotten."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    now, known = utc_now(), select(RevocationAnswer.key)
    _forget_unwanted(now)
    lately = select(func.count()).where(RevocationAnswer.created_at > now - timedelta(hours=1))
    room = max(0, MOST_PER_HOUR_IN_ALL - int(db.session.scalar(lately) or 0))
    want = RevocationWant
    new = (
        select(want.key, want.kind, want.url, want.request)
        .where(want.key.not_in(known))
        .distinct(want.key)
        .order_by(want.key)
        .limit(min(room, _MOST_AT_ONCE))
    )
    rows = [
        {"key": key, "kind": kind, "url": url, "request": request, "created_at": now, "failures": 0, "next_try_at": now}
        for key, kind, url, request in db.session.execute(new)
    ]
    if rows:
        db.session.execute(insert(RevocationAnswer).on_conflict_do_nothing(), rows)
    return len(rows)


def _forget_unwanted(now: datetime) -> None:
    answer = RevocationAnswer
    wanted = select(RevocationWant.key).where(RevocationWant.key == answer.key)
    old = or_(answer.next_try_at < now - _KEPT, answer.size > _SMALL)
    gone = delete(answer).where(~wanted.exists(), old)
    db.session.execute(gone, execution_options={"synchronize_session": False})


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def room_for(actor: Actor, key: str) -> int:
    """How many bytes the answer `key` may have: what is left to the organisation, of those asking, that has most."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    want, answer = RevocationWant, RevocationAnswer
    asking = select(want.organisation_id).where(want.key == key).distinct().limit(_MANY)
    organisations = list(db.session.scalars(asking))
    if len(organisations) == _MANY:
        return MOST_BYTES_OF_ORGANISATION
    wanted = select(want.organisation_id, want.key).where(want.organisation_id.in_(organisations)).distinct().subquery()
    others = and_(answer.key == wanted.c.key, answer.key != key)
    stored = (
        select(func.coalesce(func.sum(answer.size), 0))
        .select_from(wanted.outerjoin(answer, others))
        .group_by(wanted.c.organisation_id)
    )
    return MOST_BYTES_OF_ORGANISATION - min((int(each or 0) for each in db.session.scalars(stored)), default=0)


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def claim_next(actor: Actor) -> Claim | None:
    """The question that is most due, for this worker alone; of one URL never two at a time.

    None: nothing is due, or as much is being asked as may be at a time.
    """
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    db.session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _CLAIMING})
    now, answer, other = utc_now(), RevocationAnswer, aliased(RevocationAnswer)
    claims = select(func.count()).where(answer.claimed_until > now)
    if int(db.session.scalar(claims) or 0) >= MOST_CLAIMS:
        return None
    busy = select(other.key).where(other.url == answer.url, other.claimed_until > now)
    wanted = _waited_for()
    due = (
        select(answer.key)
        .where(answer.next_try_at <= now, ~busy.exists(), wanted.exists())
        .order_by(answer.failures, answer.next_try_at)
        .limit(1)
    )
    claimed = (
        update(answer)
        .where(answer.key == due.scalar_subquery())
        .values(claimed_until=now + _CLAIM)
        .returning(answer.key, answer.kind, answer.url, answer.request, answer.failures)
    )
    found = db.session.execute(claimed, execution_options={"synchronize_session": False}).one_or_none()
    return Claim(*found) if found is not None else None


def _waited_for() -> Select[str]:
    """Who makes it worth asking: not who has an answer that suffices, nor, after many failures, who asked before."""
    want, answer = RevocationWant, RevocationAnswer
    return select(want.key).where(
        want.key == answer.key,
        or_(~want.once, answer.body.is_(None)),
        or_(answer.failures < MOST_FAILURES, want.asked_again_at >= answer.next_try_at),
    )


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def record_answer(actor: Actor, claim: Claim, body: bytes, refresh_at: datetime, next_update: datetime | None) -> None:
    """Keep an answer in place of the one before, and tell whoever waits for it, if it is another."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    digest = hashlib.sha256(body).hexdigest()
    row = RevocationAnswer
    before = db.session.scalar(select(row.digest).where(row.key == claim.key))
    _write(
        claim,
        body=body,
        digest=digest,
        size=len(body),
        fetched_at=utc_now(),
        next_update=next_update,
        failures=0,
        last_error=None,
        next_try_at=refresh_at,
    )
    if before != digest:
        tenancy.publish(AnswerArrived(claim.key))


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def record_failure(actor: Actor, claim: Claim, error: str) -> None:
    """Keep the answer there was, and try again later."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    log.warning("no answer about revocation from %s: %s", claim.url, error)
    failures = claim.failures + 1
    next_try_at = rules.retry_at(claim.key, utc_now(), failures)
    _write(claim, failures=failures, last_error=error[:200], next_try_at=next_try_at)


def _write(claim: Claim, **values: object) -> None:
    written = update(RevocationAnswer).where(RevocationAnswer.key == claim.key)
    db.session.execute(written.values(claimed_until=None, **values), execution_options={"synchronize_session": False})


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def list_waiting(actor: Actor, key: str) -> list[tuple[UUID, UUID, bool]]:
    """Who wants the answer `key`: (organisation, subject, whether a check of it was ever handed one)."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    want = RevocationWant
    found = select(want.organisation_id, want.subject_id, want.served_at.is_not(None)).where(want.key == key)
    return list(db.session.execute(found.order_by(want.organisation_id, want.subject_id)).tuples())

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

from sqlalchemy import and_, delete, select, text, update
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
# How long an answer stays that nobody wants any more.
_KEPT = timedelta(days=30)
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
    take_up(actor)
    while (claim := claim_next(actor)) is not None:
        fetch(actor, claim)
        if time.monotonic() > until:
            return True
    return False


@open_use_case("records in use cases of its own")
def fetch(actor: Actor, claim: Claim) -> None:
    """Put one question, and write down the answer or why there is none."""
    try:
        body, next_update = rules.read_answer(claim.kind, _ask(claim))
    except OutgoingError as fault:
        why = fault.facts.get("why")
        record_failure(actor, claim, f"{fault.code} {why}" if why else fault.code)
    except rules.NoAnswer as fault:
        record_failure(actor, claim, f"no_answer {fault}")
    else:
        record_answer(actor, claim, body, rules.refresh_at(claim.key, utc_now(), next_update), next_update)


def _ask(claim: Claim) -> bytes:
    """What the issuer's server sends. Raises OutgoingError."""
    outgoing, accept = engines().outgoing, rules.CONTENT_TYPE[claim.kind]
    limits = Limits(total_seconds=FETCH_SECONDS, max_bytes=rules.MOST_BYTES[claim.kind], redirects=2)
    if claim.kind == rules.CRL:
        return outgoing.get(claim.url, limits, accept=accept).body
    request = base64.b64decode(claim.request)
    return outgoing.post(claim.url, request, limits, content_type="application/ocsp-request", accept=accept).body


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def take_up(actor: Actor) -> None:
    """Make rows for what is wanted and not asked yet; forget what nobody has wanted for a month."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    now, known = utc_now(), select(RevocationAnswer.key)
    want = RevocationWant
    new = (
        select(want.key, want.kind, want.url, want.request)
        .where(want.key.not_in(known))
        .distinct(want.key)
        .order_by(want.key)
        .limit(_MOST_AT_ONCE)
    )
    rows = [
        {"key": key, "kind": kind, "url": url, "request": request, "created_at": now, "failures": 0, "next_try_at": now}
        for key, kind, url, request in db.session.execute(new)
    ]
    if rows:
        db.session.execute(insert(RevocationAnswer).on_conflict_do_nothing(), rows)
    unwanted = and_(RevocationAnswer.key.not_in(select(want.key)), RevocationAnswer.next_try_at < now - _KEPT)
    db.session.execute(delete(RevocationAnswer).where(unwanted), execution_options={"synchronize_session": False})


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def claim_next(actor: Actor) -> Claim | None:
    """The question that is most due, for this worker alone; of one URL never two at a time. None: nothing is due."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    db.session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _CLAIMING})
    now, answer, other = utc_now(), RevocationAnswer, aliased(RevocationAnswer)
    busy = select(other.key).where(other.url == answer.url, other.claimed_until > now)
    wanted = select(RevocationWant.key).where(RevocationWant.key == answer.key)
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

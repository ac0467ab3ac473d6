"""Who wants which answers about revocation, and handing over those that are at hand. All inside running transactions.

A room above says after each check what was missing, and is handed everything it ever asked for before the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer
from entitylocker.signatures.report import Report, Wanted
from entitylocker.trust.answer_models import RevocationAnswer, RevocationWant
from entitylocker.trust.answer_rules import MIB, OCSP, is_askable, key_of
from entitylocker.trust.fetch_jobs import fetch_answers
from entitylocker.web.engine_room import engines

# What one document, and one organisation within an hour, may have asked for. More is asked for at a later check.
MOST_OF_SUBJECT = 32
MOST_PER_HOUR = 100
# What one check is handed: the checker takes 32 MiB of trust altogether.
MOST_BYTES_AT_ONCE = 16 * MIB

_SEVERAL = {"synchronize_session": False}

Answers = tuple[tuple[bytes, ...], tuple[bytes, ...]]


def answers_at_hand(wanted: Iterable[Wanted]) -> Answers:
    """The answers to `wanted` that were fetched, as (CRLs, OCSP responses), both DER. Nothing is judged here."""
    return _bodies([key_of(one) for one in wanted if is_askable(one)])


def hand_over(organisation_id: UUID, subject_id: UUID) -> Answers:
    """Every answer at hand that checks of this subject ever wanted, as (CRLs, OCSP responses), both DER."""
    mine = (RevocationWant.organisation_id == organisation_id, RevocationWant.subject_id == subject_id)
    keys = list(db.session.scalars(select(RevocationWant.key).where(*mine)))
    if not keys:
        return (), ()
    served = update(RevocationWant).where(*mine, RevocationWant.served_at.is_(None), RevocationWant.key.in_(_known()))
    db.session.execute(served.values(served_at=utc_now()), execution_options=_SEVERAL)
    return _bodies(keys)


def note_wanted(organisation_id: UUID, subject_id: UUID, report: Report) -> bool:
    """Remember what `report` says is missing, and have it fetched. True: some of it is at hand already.

    Nothing is remembered where revocation is switched off.
    """
    if not engines().settings.revocation:
        return False
    questions = {key_of(one): one for one in wanted_by(report) if is_askable(one)}
    keys = _with_room(organisation_id, subject_id, questions)
    if not keys:
        return False
    now = utc_now()
    rows = [
        {
            "organisation_id": organisation_id,
            "subject_id": subject_id,
            "key": key,
            "kind": questions[key].kind,
            "url": questions[key].url,
            "request": questions[key].request,
            "asked_at": now,
        }
        for key in keys
    ]
    db.session.execute(insert(RevocationWant).on_conflict_do_nothing(), rows)
    defer(fetch_answers)
    return db.session.scalar(select(func.count()).select_from(_known().where(_of(keys)).subquery())) != 0


def forget_wanted(organisation_id: UUID, subject_id: UUID) -> None:
    """The subject is not checked again: it waits for no answer any more."""
    mine = (RevocationWant.organisation_id == organisation_id, RevocationWant.subject_id == subject_id)
    db.session.execute(delete(RevocationWant).where(*mine), execution_options=_SEVERAL)


def forget_unasked(organisation_id: UUID, subject_id: UUID, report: Report, *, once: bool) -> None:
    """Keep of the subject's questions what `report` still asks, and what it does not ask because an answer is at hand.

    `once`: the answers there are need not be renewed for this subject.
    """
    now, want, answer = utc_now(), RevocationWant, RevocationAnswer
    mine = (want.organisation_id == organisation_id, want.subject_id == subject_id)
    asked = [key_of(one) for one in wanted_by(report) if is_askable(one)]
    holding = _known().where(or_(answer.next_update.is_(None), answer.next_update > now))
    gone = delete(want).where(*mine, want.key.not_in(asked), want.key.not_in(holding))
    db.session.execute(gone, execution_options=_SEVERAL)
    again = update(want).where(*mine, want.key.in_(asked)).values(asked_again_at=now)
    db.session.execute(again, execution_options=_SEVERAL)
    enough = update(want).where(*mine, want.once.is_not(once)).values(once=once)
    db.session.execute(enough, execution_options=_SEVERAL)


def wanted_by(report: Report) -> tuple[Wanted, ...]:
    """Everything that was missing, each once."""
    return tuple(dict.fromkeys(one for signature in report.signatures for one in signature.wanted))


def _with_room(organisation_id: UUID, subject_id: UUID, questions: dict[str, Wanted]) -> list[str]:
    """The keys of questions that are new and may still be asked."""
    of_organisation = RevocationWant.organisation_id == organisation_id
    mine = set(
        db.session.scalars(select(RevocationWant.key).where(of_organisation, RevocationWant.subject_id == subject_id))
    )
    new = [key for key in questions if key not in mine][: max(0, MOST_OF_SUBJECT - len(mine))]
    if not new:
        return []
    # What others ask already costs nothing more.
    free = set(db.session.scalars(select(RevocationAnswer.key).where(_of(new))))
    asked = select(func.count(RevocationWant.key.distinct())).where(
        of_organisation, RevocationWant.asked_at > utc_now() - timedelta(hours=1)
    )
    room = max(0, MOST_PER_HOUR - int(db.session.scalar(asked) or 0))
    return [key for key in new if key in free] + [key for key in new if key not in free][:room]


def _of(keys: list[str]) -> ColumnElement[bool]:
    return RevocationAnswer.key.in_(keys)


def _known() -> Select[str]:
    return select(RevocationAnswer.key).where(RevocationAnswer.body.is_not(None))


def _bodies(keys: list[str]) -> Answers:
    """Small ones first, so that one long list does not keep everything else out."""
    size = func.length(RevocationAnswer.body)
    found = db.session.execute(
        select(RevocationAnswer.key, size)
        .where(_of(keys), RevocationAnswer.body.is_not(None))
        .order_by(size, RevocationAnswer.key)
    )
    left, chosen = MOST_BYTES_AT_ONCE, []
    for key, length in found:
        left -= length
        if left < 0:
            break
        chosen.append(key)
    taken = db.session.execute(select(RevocationAnswer.kind, RevocationAnswer.body).where(_of(chosen)))
    bodies = [(kind, body) for kind, body in taken if body is not None]
    ocsps = tuple(body for kind, body in bodies if kind == OCSP)
    return tuple(body for kind, body in bodies if kind != OCSP), ocsps

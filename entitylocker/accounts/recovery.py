"""Recovery codes: ten, shown once, each stands in for a second factor once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select, update
from uuid_utils.compat import uuid7

from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.code_rules import RECOVERY_CODES, new_recovery_code, read_recovery_code
from entitylocker.accounts.errors import NoSecondFactor
from entitylocker.accounts.factor_models import RecoveryCode
from entitylocker.accounts.factors import read_factors
from entitylocker.accounts.notices import tell_person
from entitylocker.accounts.sessions import weaken_sessions
from entitylocker.accounts.tokens import digest_of
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import use_case


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def renew_codes(actor: Actor) -> tuple[str, ...]:
    """Make ten fresh codes; earlier ones open nothing any more. Raises NoSecondFactor, StepUpRequired."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    assert actor.person_id is not None
    if not read_factors(actor.person_id).any:
        raise NoSecondFactor
    codes = _make(actor.person_id)
    record(actor, EventTag.RECOVERY_CODES_MAKE, Subject("person", actor.person_id, actor.name))
    tell_person(actor.person_id, "recovery_codes_made")
    return codes


def make_first_codes(actor: Actor) -> tuple[str, ...]:
    """The codes that come with the first second factor, in its transaction; none if there are some already."""
    assert actor.person_id is not None
    if read_factors(actor.person_id).codes_left:
        return ()
    record(actor, EventTag.RECOVERY_CODES_MAKE, Subject("person", actor.person_id, actor.name))
    return _make(actor.person_id)


def _make(person_id: UUID) -> tuple[str, ...]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = tuple(new_recovery_code() for _ in range(RECOVERY_CODES))
    db.session.add_all(RecoveryCode(id=uuid7(), person_id=person_id, code_digest=_digest(code)) for code in codes)
    return codes


def settle_last_factor(actor: Actor) -> None:
    """Once the last second factor is gone, there is nothing for which a code could stand in, and no session has two."""
    assert actor.person_id is not None
    if not read_factors(actor.person_id).any:
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == actor.person_id))
        weaken_sessions(actor.person_id)


@use_case(Permission.ACCOUNT_OWN)
def are_own_codes(actor: Actor, codes: list[str]) -> bool:
    """Whether all of these are unused codes of the actor: only such are put into a file for them."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    known = set(
        db.session.scalars(
            select(RecoveryCode.code_digest).where(
                RecoveryCode.person_id == actor.person_id, RecoveryCode.used_at.is_(None)
            )
        )
    )
    return bool(codes) and all(read_recovery_code(code) is not None and _digest(code) in known for code in codes)


def use_recovery_code(actor: Actor, typed: str) -> bool:
    """Use a code up, in the running transaction of its person; False if it is none of theirs or was used.

    One statement: of two that come with the same code, one gets it.
    """
    assert actor.person_id is not None
    if read_recovery_code(typed) is None:
        return False
    used = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == actor.person_id,
            RecoveryCode.code_digest == _digest(typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=utc_now())
        .returning(RecoveryCode.id)
    ).scalar()
    if used is None:
        return False
    left = read_factors(actor.person_id).codes_left
    record(actor, EventTag.RECOVERY_CODE_USE, Subject("person", actor.person_id, actor.name), left=left)
    tell_person(actor.person_id, "recovery_code_used")
    return True


def _digest(code: str) -> bytes:
    return digest_of(read_recovery_code(code) or "")

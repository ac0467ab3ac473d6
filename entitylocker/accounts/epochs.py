"""Securing an account makes void whatever was proved before and has not become a session yet.

A person's row carries a number. Whoever proves to be that person notes it before the proof is looked at; a session is
opened only while the number is still the same. Both lock the row: of a reset and a sign-in at the same moment, either
the session is there before the reset looks for sessions to end, or it is never opened.

What locks several rows of a person does it in one order, so that nobody waits for each other: the person, then links in
mails, then sessions.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update

from entitylocker import tenancy
from entitylocker.accounts.errors import ProofVoid
from entitylocker.accounts.models import Person
from entitylocker.extensions import db
from entitylocker.tenancy import Tenant, open_use_case


@open_use_case("whoever signs in is nobody yet")
def read_epoch(person_id: UUID) -> int:
    """The number to note before a proof is looked at. Of nobody it is one that no person has."""
    with tenancy.transaction(Tenant(person_id=person_id)):
        return epoch_of(person_id)


def epoch_of(person_id: UUID) -> int:
    """The same in the running transaction of that person."""
    found = db.session.scalar(select(Person.sign_in_epoch).where(Person.id == person_id))
    return -1 if found is None else found


def void_proofs(person_id: UUID) -> None:
    """Let nothing that was proved until now open a session, in the running transaction of that person.

    To be called before sessions are looked for: those opened at the same moment are there then.
    """
    db.session.execute(update(Person).where(Person.id == person_id).values(sign_in_epoch=Person.sign_in_epoch + 1))


def lock_person(person_id: UUID) -> None:
    """Let nobody else change the person's row until the commit, in the running transaction of that person."""
    db.session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))


def hold_epoch(person_id: UUID, noted: int | None = None) -> None:
    """Let nobody make proofs void until the commit, in the running transaction of that person.

    Raises ProofVoid if that happened since `noted` was read.
    """
    row = select(Person.sign_in_epoch).where(Person.id == person_id).with_for_update(read=True)
    found = db.session.scalar(row)
    if noted is not None and found != noted:
        raise ProofVoid

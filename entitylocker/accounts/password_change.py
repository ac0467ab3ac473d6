"""Changing one's own password, or setting the first one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import update

from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.epochs import void_proofs
from entitylocker.accounts.errors import WrongPassword
from entitylocker.accounts.guesses import one_guess
from entitylocker.accounts.models import Person
from entitylocker.accounts.notices import tell_person
from entitylocker.accounts.open_links import end_resets
from entitylocker.accounts.passwords import check_new_password, hash_password, verify_password
from entitylocker.accounts.people import get_person, on_own_account
from entitylocker.accounts.sessions import Visit, end_other_sessions
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import Conflict
from entitylocker.extensions import db
from entitylocker.tenancy import open_use_case, use_case

NOWHERE = Visit()


@dataclass(frozen=True)
class OwnAccount:
    """What the pages about it show. `password_hash` None: there is no password."""

    person_id: UUID
    name: str
    email: str
    password_hash: str | None

    @property
    def has_password(self) -> bool:
        return self.password_hash is not None


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def get_own_account(actor: Actor) -> OwnAccount:
    """One's own account, before an act that concerns how one is known."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    person = get_person(actor)
    return OwnAccount(person.id, person.name, person.email, person.password_hash)


@open_use_case("what it calls asks for the permission")
def change_password(actor: Actor, *, current: str, password: str, end_others: bool, visit: Visit = NOWHERE) -> None:
    """Change the password; whoever has none needs no `current`. `end_others`: sign out everywhere else.

    Raises StepUpRequired, WrongPassword, UnfitPassword, TooManyRequests, Busy, Conflict if it was changed meanwhile.
    """
    account = get_own_account(actor)
    if account.has_password:
        with one_guess(account.person_id, visit):
            if not verify_password(account.password_hash, current):
                raise WrongPassword(field="current_password")
    check_new_password(password, name=account.name, email=account.email)
    _store(on_own_account(actor), account, hash_password(password), end_others=end_others)


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def _store(actor: Actor, account: OwnAccount, fresh: str, *, end_others: bool) -> None:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    known = (Person.id == account.person_id, Person.password_hash.is_not_distinct_from(account.password_hash))
    changed = db.session.execute(update(Person).where(*known).values(password_hash=fresh).returning(Person.id))
    if changed.scalar() is None:
        raise Conflict
    # A sign-in with the old password may have come as far as its last step.
    void_proofs(account.person_id)
    record(actor, EventTag.PERSON_PASSWORD_CHANGE, Subject("person", account.person_id, account.name))
    end_resets(actor, account.person_id, why="password_changed")
    tell_person(account.person_id, "password_changed")
    if end_others:
        end_other_sessions(actor)

"""Signing in with a citizen locker: only into an account that was linked with that very identity before."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import ANONYMOUS
from entitylocker.accounts.epochs import read_epoch
from entitylocker.accounts.sessions import Visit as BrowserVisit
from entitylocker.accounts.signing import open_for
from entitylocker.audit.recording import Subject, record_counted
from entitylocker.audit.tags import EventTag
from entitylocker.citizen.errors import NotLinkedYet, VisitNotKnown
from entitylocker.citizen.linking import prove
from entitylocker.citizen.lockers import LockerEntry, get_locker
from entitylocker.citizen.revoking import give_back
from entitylocker.citizen.states import Purpose
from entitylocker.citizen.visits import Departure, Visit, depart
from entitylocker.extensions import db
from entitylocker.tenancy import Tenant, open_use_case

# RFC 8176 has no word for "somebody else vouched"; this is the one that others use. It is one factor, not two.
AMR = ("fed",)


@open_use_case("whoever signs in is nobody yet")
def begin_sign_in(locker_key: str) -> Departure:
    """Set out to a citizen locker to sign in. Raises NotFound."""
    entry = get_locker(locker_key)
    with tenancy.transaction(Tenant()):
        return depart(entry, Purpose.SIGN_IN)


@open_use_case("the citizen locker's word about a linked identity is the proof")
def finish_sign_in(entry: LockerEntry, visit: Visit, code: str, browser: BrowserVisit) -> str:
    """Open a session for whose account the identity is linked with; answers its token.

    Nobody else is found by it: not by name, not by mail address, and no account is made. The tokens of this visit are
    given back. Raises VisitNotKnown, VisitEndedWithout, NotLinkedYet, IdentityMismatch, LockerUnavailable,
    SecondStepRequired.
    """
    if visit.purpose is not Purpose.SIGN_IN:
        raise VisitNotKnown
    tokens, identity = prove(entry, code, visit.verifier)
    give_back(entry, tokens)
    person_id = _find_linked(entry, identity.subject)
    epoch = None if person_id is None else read_epoch(person_id)
    # Looked up again after that: whoever takes an account back ends its links and makes earlier proofs void.
    if person_id is None or _find_linked(entry, identity.subject) != person_id:
        record_counted(ANONYMOUS, EventTag.CITIZEN_LINK_REFUSED, Subject("citizen_locker", name=entry.name))
        raise NotLinkedYet
    return open_for(person_id, browser, AMR, epoch=epoch)


def _find_linked(entry: LockerEntry, subject: str) -> UUID | None:
    with tenancy.transaction(Tenant()):
        found = db.session.execute(
            text("SELECT * FROM lookup_citizen_person(:issuer, :subject)"),
            {"issuer": entry.said_by, "subject": subject},
        ).one_or_none()
    return None if found is None else found.person_id

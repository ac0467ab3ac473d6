"""An agency acts for a department by a letter: proposed by either, agreed by both, ended by either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, text
from uuid_utils.compat import uuid7

from entitylocker.access import Actor, Permission, Role, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import LockerError, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.letters import (
    Letter,
    OpenLetter,
    StoredLetter,
    drop_letter,
    name_letter,
    open_letter_of,
    store_letter,
)
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.units.errors import BothVerified, NoSuchFolder, RequestEnded
from entitylocker.units.joining import Partner, find_partner
from entitylocker.units.models import Authorisation
from entitylocker.units.rules import Phase, agency_span
from entitylocker.units.telling import tell
from entitylocker.units.views import AuthorisationView
from entitylocker.web.links import link_to

_LIMIT = 300
# `find(actor)` answers the folders that the actor sees (id, name, path); set by app.py, the vault lies above.
_folders: list[Callable[[Actor], list[Any]]] = []


@dataclass(frozen=True)
class Terms:
    """What an agency may do, and when: days inclusive, in India. `folder_id` None: the whole vault."""

    role: Role
    starts_on: date
    ends_on: date
    reason: str
    folder_id: UUID | None = None


def set_folders(find: Callable[[Actor], list[Any]]) -> None:
    """Say once, in `app.py`, how folders are found."""
    _folders[:] = [find]


@use_case(Permission.AUTHORISATION_MANAGE)
def list_choices(actor: Actor) -> list[Any]:
    """The folders that a letter can be narrowed to, those in others after them; not the root."""
    require(actor, Permission.AUTHORISATION_MANAGE, actor.facts)
    return _list_folders(actor)


def _list_folders(actor: Actor) -> list[Any]:
    found = _folders[0](actor) if _folders else []
    return [folder for folder in found if folder.parent_id is not None]


def _get_folder(actor: Actor, folder_id: UUID | None) -> Any:
    if folder_id is None:
        return None
    folder = next((folder for folder in _list_folders(actor) if folder.id == folder_id), None)
    if folder is None:
        raise NoSuchFolder(field="folder_id")
    return folder


@open_use_case("the letter is stored with no transaction open; what it calls asks for the permission, before and after")
def offer_authorisation(actor: Actor, *, code: str, terms: Terms, letter: Letter) -> UUID:
    """As the department: let the agency of that code act for it. It counts once the agency accepts; returns its id.

    Raises NoSuchCode, YourOwnCode, BothVerified, NoSuchFolder, WrongRoleForFolder, LongerThanAYear, EndsBeforeStart,
    EndsInThePast, LetterNotPdf, LetterTooLarge.
    """
    return _propose(actor, code, terms, letter, as_agency=False)


@open_use_case("the letter is stored with no transaction open; what it calls asks for the permission, before and after")
def propose_authorisation(actor: Actor, *, code: str, terms: Terms, letter: Letter) -> UUID:
    """As the agency: ask the department of that code to let it act. It counts once the department confirms.

    Returns its id. Raises like `offer_authorisation`; which folder is for the department to say.
    """
    return _propose(actor, code, terms, letter, as_agency=True)


def _propose(actor: Actor, code: str, terms: Terms, letter: Letter, *, as_agency: bool) -> UUID:
    partner = _admit(actor, code, terms)
    authorisation_id = uuid7()
    stored = store_letter(authorisation_id, letter)
    try:
        _write(actor, authorisation_id, partner, terms, stored, as_agency)
    except LockerError:
        # Refused, so certainly not committed; after any other fault the sweeper decides by the rows.
        drop_letter(stored)
        raise
    return authorisation_id


def _facts(terms: Terms) -> dict[str, Any]:
    return {
        "role": terms.role.value,
        "from_day": terms.starts_on.isoformat(),
        "to_day": terms.ends_on.isoformat(),
        "reason": terms.reason,
    }


@use_case(Permission.AUTHORISATION_MANAGE, fresh=True)
def _admit(actor: Actor, code: str, terms: Terms) -> Partner:
    """Refuse what cannot be, before any byte is stored."""
    require(actor, Permission.AUTHORISATION_MANAGE, actor.facts)
    partner = find_partner(actor, code)
    if not (partner.verified and actor.organisation_verified):
        raise BothVerified(field="organisation_code")
    agency_span(terms.role, terms.folder_id, terms.starts_on, terms.ends_on)
    return partner


@use_case(Permission.AUTHORISATION_MANAGE)
def _write(
    actor: Actor, authorisation_id: UUID, partner: Partner, terms: Terms, letter: StoredLetter, as_agency: bool
) -> None:
    require(actor, Permission.AUTHORISATION_MANAGE, actor.facts)
    folder = None if as_agency else _get_folder(actor, terms.folder_id)
    span = agency_span(terms.role, folder, terms.starts_on, terms.ends_on)
    row = Authorisation(
        id=authorisation_id,
        role=terms.role.value,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        reason=terms.reason,
        proposed_by_name=actor.name,
    )
    _put_sides(row, actor, partner, as_agency)
    _put_folder(row, folder)
    name_letter(row, letter)
    db.session.add(row)
    subject = Subject("authorisation", row.id, partner.name)
    record(actor, EventTag.AUTHORISATION_PROPOSE, subject, letter=row.letter_sha256, **_facts(terms))
    _tell(actor, partner.id, EventTag.AUTHORISATION_PROPOSE, row, **_facts(terms))


def _put_sides(row: Authorisation, actor: Actor, partner: Partner, as_agency: bool) -> None:
    us, them = (actor.organisation_id, actor.organisation_name), (partner.id, partner.name)
    department, agency = (them, us) if as_agency else (us, them)
    row.organisation_id, row.organisation_name = department  # type: ignore[assignment]
    row.agent_organisation_id, row.agent_name = agency  # type: ignore[assignment]
    if as_agency:
        row.accepted_at, row.accepted_by_name = utc_now(), actor.name
    else:
        row.confirmed_at, row.confirmed_by_name = utc_now(), actor.name


def _put_folder(row: Authorisation, folder: Any) -> None:
    if folder is not None:
        row.folder_id, row.folder_path, row.folder_name = folder.id, folder.path, folder.name


@use_case(Permission.AUTHORISATION_MANAGE, fresh=True)
def confirm_authorisation(actor: Actor, authorisation_id: UUID, *, folder_id: UUID | None = None) -> None:
    """As the department: say yes to what an agency proposed, for one folder if one is named.

    Raises NotFound, RequestEnded, BothVerified, NoSuchFolder, WrongRoleForFolder.
    """
    require(actor, Permission.AUTHORISATION_MANAGE, actor.facts)
    row = get_row(actor, authorisation_id, locked=True)
    if row.organisation_id != actor.organisation_id:
        raise NotFound
    if row.ended_at is not None or row.confirmed_at is not None or row.ends_at <= utc_now():
        raise RequestEnded
    if not actor.organisation_verified:
        raise BothVerified
    folder = _get_folder(actor, folder_id)
    agency_span(Role(row.role), folder, row.starts_on, row.ends_on)
    _put_folder(row, folder)
    row.confirmed_at, row.confirmed_by_name = utc_now(), actor.name
    _record(actor, EventTag.AUTHORISATION_CONFIRM, row, folder=row.folder_name)
    _tell(actor, row.agent_organisation_id, EventTag.AUTHORISATION_CONFIRM, row)


@use_case(Permission.AUTHORISATION_MANAGE, fresh=True)
def accept_authorisation(actor: Actor, authorisation_id: UUID) -> None:
    """As the agency: take up what a department offered. Raises NotFound, RequestEnded."""
    require(actor, Permission.AUTHORISATION_MANAGE, actor.facts)
    row = get_row(actor, authorisation_id)
    _claim(actor, row, "accept")
    _record(actor, EventTag.AUTHORISATION_CONFIRM, row)
    _tell(actor, row.organisation_id, EventTag.AUTHORISATION_CONFIRM, row)


@use_case(Permission.AUTHORISATION_MANAGE)
def end_authorisation(actor: Actor, authorisation_id: UUID) -> None:
    """End or refuse it, as either side: whoever acts by it is out at once. Raises NotFound, RequestEnded."""
    require(actor, Permission.AUTHORISATION_MANAGE, actor.facts)
    end_row(actor, get_row(actor, authorisation_id))


def end_row(actor: Actor, row: Authorisation, *, closed: bool = False) -> None:
    """End a letter, as either side, in the running transaction; the other side is told. Raises RequestEnded.

    `closed`: because the actor's organisation is closed.
    """
    if row.organisation_id == actor.organisation_id:
        row = get_row(actor, row.id, locked=True)
        if row.ended_at is not None:
            raise RequestEnded
        row.ended_at, row.ended_by_name, other = utc_now(), actor.name, row.agent_organisation_id
    else:
        _claim(actor, row, "end")
        other = row.organisation_id
    _record(actor, EventTag.AUTHORISATION_END, row)
    _tell(actor, other, EventTag.AUTHORISATION_END, row, closed=closed)


def _claim(actor: Actor, row: Authorisation, what: str) -> None:
    """What the agency does, by the function that knows its part."""
    values = {"row": row.id, "what": what, "who": actor.name}
    if db.session.scalar(text("SELECT claim_authorisation(:row, :what, :who)"), values) is None:
        raise RequestEnded


def _record(actor: Actor, tag: EventTag, row: Authorisation, **data: Any) -> None:
    ours = row.organisation_id == actor.organisation_id
    subject = Subject("authorisation", row.id, row.agent_name if ours else row.organisation_name)
    record(actor, tag, subject, role=row.role, letter=row.letter_sha256, **data)


def _tell(
    actor: Actor, other_id: UUID, tag: EventTag, row: Authorisation, *, closed: bool = False, **data: Any
) -> None:
    facts = {
        "agency": row.agent_name,
        "department": row.organisation_name,
        "role": row.role,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "closed": closed,
        "link": link_to("units.agency", organisation_id=other_id, authorisation_id=row.id),
    }
    tell(other_id, actor, tag, Subject("authorisation", row.id, actor.organisation_name), facts=facts, **data)


def get_row(actor: Actor, authorisation_id: UUID, *, locked: bool = False) -> Authorisation:
    """An authorisation of either side, in the running transaction. Raises NotFound.

    `locked`: only as the department; the agency changes nothing of the row itself.
    """
    ours = Authorisation.organisation_id == actor.organisation_id
    whose = ours if locked else or_(ours, Authorisation.agent_organisation_id == actor.organisation_id)
    query = select(Authorisation).where(whose, Authorisation.id == authorisation_id)
    row = db.session.scalar(query.with_for_update().execution_options(populate_existing=True) if locked else query)
    if row is None:
        raise NotFound
    return row


@use_case(Permission.AUTHORISATION_LIST)
def list_authorisations(actor: Actor) -> list[AuthorisationView]:
    """Letters in which the actor's organisation is department or agency, newest first, ended ones included."""
    require(actor, Permission.AUTHORISATION_LIST, actor.facts)
    mine = or_(
        Authorisation.organisation_id == actor.organisation_id,
        Authorisation.agent_organisation_id == actor.organisation_id,
    )
    rows = db.session.scalars(select(Authorisation).where(mine).order_by(Authorisation.id.desc()).limit(_LIMIT))
    return [view_of(actor, row) for row in rows]


@use_case(Permission.AUTHORISATION_LIST)
def get_authorisation(actor: Actor, authorisation_id: UUID) -> AuthorisationView:
    """One letter, for either side. Raises NotFound."""
    require(actor, Permission.AUTHORISATION_LIST, actor.facts)
    return view_of(actor, get_row(actor, authorisation_id))


def phase_of(row: Authorisation) -> Phase:
    """Where a letter stands today."""
    now = utc_now()
    if row.ended_at is not None or row.ends_at <= now:
        return Phase.ENDED
    if row.confirmed_at is None or row.accepted_at is None:
        return Phase.ASKED
    return Phase.COMING if now < row.starts_at else Phase.CURRENT


def view_of(actor: Actor, row: Authorisation) -> AuthorisationView:
    """What a page shows of a letter."""
    return AuthorisationView(
        id=row.id,
        ours=row.organisation_id == actor.organisation_id,
        department_name=row.organisation_name,
        agency_name=row.agent_name,
        role=Role(row.role),
        folder_name=row.folder_name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        reason=row.reason,
        proposed_by_name=row.proposed_by_name,
        proposed_at=row.created_at,
        confirmed_at=row.confirmed_at,
        confirmed_by_name=row.confirmed_by_name,
        accepted_at=row.accepted_at,
        accepted_by_name=row.accepted_by_name,
        ended_at=row.ended_at,
        ended_by_name=row.ended_by_name,
        letter_name=row.letter_name,
        phase=phase_of(row),
    )


@open_use_case("the letter is read with no transaction open; what it calls asks for the permission")
def open_letter(actor: Actor, authorisation_id: UUID) -> OpenLetter:
    """The letter itself, for either side. Raises NotFound."""
    return open_letter_of(_get_for_letter(actor, authorisation_id))


@use_case(Permission.AUTHORISATION_LIST)
def _get_for_letter(actor: Actor, authorisation_id: UUID) -> Authorisation:
    require(actor, Permission.AUTHORISATION_LIST, actor.facts)
    return get_row(actor, authorisation_id)

"""Use cases of the organisation: what people have lent it, open it, keep a copy where the person agreed.

Whether a lending still stands is asked anew with every read: not ended, its day not over, its person still a member.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast
from uuid import UUID

from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, and_, exists, select
from uuid_utils.compat import uuid7

from entitylocker.access import Actor, OrganisationState, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.citizen import rules
from entitylocker.citizen.errors import NoCopyAllowed
from entitylocker.citizen.models import Lending, LendingRead
from entitylocker.citizen.people import address_of_lender
from entitylocker.citizen.records import record_of
from entitylocker.citizen.views import LentContent
from entitylocker.errors import LockerError, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.keys import open_key
from entitylocker.organisations.models import Membership, Organisation
from entitylocker.storage.stream import RangeReader
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.vault.models import DocumentType
from entitylocker.vault.papers import PaperSource, PieceReader
from entitylocker.vault.rules import clean_filename
from entitylocker.vault.service import Upload, deposit
from entitylocker.vault.views import Deposited, Details
from entitylocker.web.engine_room import engines
from entitylocker.web.links import link_to

LISTED = 200


@use_case(Permission.LENT_LIST)
def list_lent(actor: Actor, *, ended: bool = False) -> list[Lending]:
    """What people lend the organisation now, the newest first; or (`ended`) what they did."""
    require(actor, Permission.LENT_LIST, actor.facts)
    stands = _stands()
    found = select(Lending).where(Lending.organisation_id == actor.organisation_id, ~stands if ended else stands)
    return list(db.session.scalars(found.order_by(Lending.id.desc()).limit(LISTED)))


@use_case(Permission.LENT_LIST)
def get_lent(actor: Actor, lending_id: UUID) -> Lending:
    """A lending that stands. Raises NotFound."""
    require(actor, Permission.LENT_LIST, actor.facts)
    return _standing(actor, lending_id)


@use_case(Permission.LENT_READ)
def open_lent(actor: Actor, lending_id: UUID) -> LentContent:
    """The bytes of a lent document, for a member. Leaves an event, and the lender sees it. Raises NotFound."""
    require(actor, Permission.LENT_READ, actor.facts)
    row = _standing(actor, lending_id, locked=True)
    row.reads, row.last_read_at = row.reads + 1, utc_now()
    db.session.add(
        LendingRead(
            id=uuid7(), created_at=utc_now(), organisation_id=row.organisation_id, lending_id=row.id,
            person_id=row.person_id, reader_name=actor.name,
        )
    )  # fmt: skip
    record(actor, EventTag.LENDING_READ, _subject(row), sha256=row.sha256)
    if row.reads == 1:
        _tell_first(row, actor.name)
    return LentContent(reader_of(row), clean_filename(f"{row.title}.pdf"), row.size, row.sha256)


@use_case(Permission.LENT_LIST)
def export_lent(actor: Actor, lending_id: UUID) -> dict[str, Any]:
    """The record of a lending, ended ones too, for the organisation's files. Raises NotFound."""
    require(actor, Permission.LENT_LIST, actor.facts)
    found = select(Lending).where(Lending.organisation_id == actor.organisation_id, Lending.id == lending_id)
    row = db.session.scalars(found).one_or_none()
    if row is None:
        raise NotFound
    record(actor, EventTag.LENDING_EXPORT, _subject(row))
    return record_of(row, reads_of(row))


@open_use_case("what it calls asks for the permissions; no transaction is open while the copy is made")
def keep_copy(actor: Actor, lending_id: UUID) -> Deposited:
    """Put a copy among the organisation's documents, where the person said yes to that. Once: if nobody can say whether
    the copy was made, the yes is used up.

    Raises NotFound, PermissionDenied, NoCopyAllowed, and what `vault.service.deposit` raises.
    """
    row, reader, type_code = _begin_copy(actor, lending_id)
    try:
        upload = Upload(clean_filename(f"{row.title}.pdf"), PaperSource(PieceReader(reader.iter())))
        return deposit(actor, upload, Details(f"{row.title} ({row.person_name})"[:200], type_code))
    except LockerError:
        # Refused, so certainly not committed. After any other fault the commit may have reached the database.
        with suppress(LockerError):
            _undo_copy(actor, lending_id)
        raise


@use_case(Permission.DOCUMENT_DEPOSIT)
def _begin_copy(actor: Actor, lending_id: UUID) -> tuple[Lending, RangeReader, str | None]:
    """The yes is used up here: who takes it back afterwards comes too late, who did before is heard."""
    require(actor, Permission.LENT_READ, actor.facts)
    row = _standing(actor, lending_id, locked=True)
    require(actor, Permission.DOCUMENT_DEPOSIT, rules.root_facts(row.organisation_id))
    if row.copy_allowed_at is None or row.copied_at is not None:
        raise NoCopyAllowed
    row.copied_at = utc_now()
    ground = f"separate consent of {row.person_name} of {row.copy_allowed_at.isoformat(timespec='seconds')}"
    record(actor, EventTag.LENDING_KEEP_COPY, _subject(row), ground=ground, sha256=row.sha256)
    known = db.session.get(DocumentType, row.type_code) if row.type_code else None
    return row, reader_of(row), row.type_code if known else None


@use_case(Permission.LENT_READ)
def _undo_copy(actor: Actor, lending_id: UUID) -> None:
    """The copy was not made after all; the yes stands again."""
    require(actor, Permission.LENT_READ, actor.facts)
    _standing(actor, lending_id, locked=True).copied_at = None


def _standing(actor: Actor, lending_id: UUID, *, locked: bool = False) -> Lending:
    found = select(Lending).where(Lending.organisation_id == actor.organisation_id, Lending.id == lending_id, _stands())
    if locked:
        found = found.with_for_update(of=Lending).execution_options(populate_existing=True)
    row = db.session.scalars(found).one_or_none()
    if row is None:
        raise NotFound
    return row


def _stands() -> ColumnElement[bool]:
    """Now, as the rows are now: nothing of it is remembered from an earlier look."""
    member = exists().where(
        Membership.organisation_id == Lending.organisation_id,
        Membership.id == Lending.membership_id,
        Membership.ended_at.is_(None),
    )
    active = exists().where(
        Organisation.id == Lending.organisation_id, Organisation.state == OrganisationState.ACTIVE.value
    )
    has_key = Lending.wrapped_key.is_not(None)
    return and_(Lending.ended_at.is_(None), has_key, Lending.ends_at > utc_now(), member, active)


def reader_of(row: Lending) -> RangeReader:
    """A reader of the bytes; to be made inside a transaction, to be read outside of it."""
    return engines().documents.open_document(
        key=rules.object_key(row.organisation_id, row.id),
        wrapped_key=cast(bytes, row.wrapped_key),
        ciphertext_size=row.ciphertext_size,
        organisation_key=open_key(row.organisation_id),
        context=rules.object_context(row.organisation_id, row.id),
    )


def reads_of(row: Lending) -> tuple[LendingRead, ...]:
    """Who opened it, newest first."""
    found = select(LendingRead).where(
        LendingRead.organisation_id == row.organisation_id, LendingRead.lending_id == row.id
    )
    return tuple(db.session.scalars(found.order_by(LendingRead.id.desc()).limit(LISTED)))


def _tell_first(row: Lending, reader_name: str) -> None:
    send_mail(
        to=address_of_lender(row),
        subject=lazy_gettext("A document that you lent was opened"),
        template="mail/lent_opened",
        name=row.person_name,
        organisation=row.organisation_name,
        title=row.title,
        reader=reader_name,
        link=link_to("citizen.lending"),
    )


def _subject(row: Lending) -> Subject:
    return Subject("lending", row.id, row.title)

"""What the operator does with changes of name: look, read the letter, confirm or refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, text

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.errors import AlreadyDecided
from entitylocker.organisations.identity_models import NameChange
from entitylocker.organisations.letters import OpenLetter, open_letter_of
from entitylocker.organisations.names import tell_renamed
from entitylocker.organisations.states import NameChangeState
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.web.links import link_to


@use_case(Permission.OPERATOR_REVIEW)
def list_pending_names(actor: Actor) -> Sequence[NameChange]:
    """Every change of name that waits for the operator, oldest first."""
    require(actor, Permission.OPERATOR_REVIEW, actor.facts)
    record(actor, EventTag.OPERATOR_READ, Subject("name_changes"))
    waiting = select(NameChange).where(NameChange.state == NameChangeState.PENDING.value)
    return list(db.session.scalars(waiting.order_by(NameChange.id)))


@open_use_case("the letter is read with no transaction open; what it calls asks for the permission")
def open_name_letter(actor: Actor, change_id: UUID) -> OpenLetter:
    """The order or certificate of a change of name, for the operator. Raises NotFound."""
    return open_letter_of(_get_for_letter(actor, change_id))


@use_case(Permission.OPERATOR_REVIEW)
def _get_for_letter(actor: Actor, change_id: UUID) -> NameChange:
    require(actor, Permission.OPERATOR_REVIEW, actor.facts)
    row = db.session.scalar(select(NameChange).where(NameChange.id == change_id))
    if row is None or row.letter_object is None:
        raise NotFound
    record(actor, EventTag.OPERATOR_READ, Subject("name_change", row.id, row.new_name), letter=row.letter_sha256)
    return row


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def confirm_name(actor: Actor, change_id: UUID) -> None:
    """Let an organisation have the name it asked for, at once. Raises NotFound, AlreadyDecided."""
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    row = _lock_pending(change_id)
    row.decided_at, row.decided_by_name = utc_now(), actor.name
    tenancy.flush()
    # The operator's role cannot write names: this function puts the one that was asked for.
    if db.session.scalar(text("SELECT claim_name_change(:change)"), {"change": row.id}) is None:
        raise AlreadyDecided
    tell_renamed(actor, row)
    _mail(row, _l("Your organisation has its new name"), confirmed=True)


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def refuse_name(actor: Actor, change_id: UUID, note: str) -> None:
    """Do not accept a change of name; the organisation reads `note`. Raises NotFound, AlreadyDecided."""
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    row = _lock_pending(change_id)
    row.state, row.note = NameChangeState.REFUSED.value, note
    row.decided_at, row.decided_by_name = utc_now(), actor.name
    record(
        actor, EventTag.NAME_CHANGE_REFUSE, Subject("organisation", row.organisation_id, row.new_name),
        organisation_id=row.organisation_id, note=note,
    )  # fmt: skip
    _mail(row, _l("The new name was not accepted"), confirmed=False)


def _lock_pending(change_id: UUID) -> NameChange:
    row = db.session.scalar(select(NameChange).where(NameChange.id == change_id).with_for_update())
    if row is None:
        raise NotFound
    if row.state != NameChangeState.PENDING:
        raise AlreadyDecided
    return row


def _mail(row: NameChange, subject: Any, *, confirmed: bool) -> None:
    send_mail(
        to=row.asked_by_email,
        subject=subject,
        template="mail/name_change",
        name=row.asked_by_name,
        before=row.old_name,
        after=row.new_name,
        confirmed=confirmed,
        note=row.note,
        link=link_to("organisations.details", organisation_id=row.organisation_id),
    )

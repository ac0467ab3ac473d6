"""Giving roles for a folder and a time, taking them back, listing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased
from uuid_utils.compat import uuid7

from entitylocker.access import Actor, Facts, Permission, Role, decide, permissions_of, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.delegations.errors import NoSuchFolder, NoSuchMember
from entitylocker.delegations.models import Delegation
from entitylocker.delegations.overall import tell_given, tell_taken_back
from entitylocker.delegations.rules import Phase, covering_grant, phase_of, span_of
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.events import MembershipEnded, OrganisationClosed
from entitylocker.organisations.invitations import end_invitations_of
from entitylocker.organisations.models import Membership
from entitylocker.organisations.rights import lock_members, note_change
from entitylocker.tenancy import use_case
from entitylocker.vault.models import Folder

LIMIT = 500


@dataclass(frozen=True)
class DelegationView:
    """A line of the list. `folder_name` None: the whole vault."""

    id: UUID
    member_name: str
    role: Role
    folder_name: str | None
    starts_on: date
    ends_on: date | None
    reason: str
    given_by_name: str
    revoked_by_name: str | None
    phase: Phase
    may_revoke: bool


@dataclass(frozen=True)
class Choices:
    """What the form offers: current members, and folders with their depth in the vault."""

    members: list[Membership]
    folders: list[Folder]


@use_case(Permission.DELEGATION_GIVE, fresh=True)
def give_delegation(
    actor: Actor,
    *,
    membership_id: UUID,
    role: Role,
    folder_id: UUID | None,
    starts_on: date,
    ends_on: date | None,
    reason: str,
) -> UUID:
    """Give a current member a role in a folder (None: the whole vault) on these days, both inclusive.

    Returns its id. Never more than one of the giver's own grants holds, reaches and lasts. Raises
    NoSuchMember, NoSuchFolder, WrongRoleForFolder, NotYoursToGive, LongerThanYours, EndsBeforeStart, EndsInThePast.
    """
    require(actor, Permission.DELEGATION_GIVE, actor.facts)
    now = utc_now()
    span = span_of(starts_on, ends_on, now)
    folder = None if folder_id is None else _get_folder(actor, folder_id)
    path = None if folder is None else folder.path
    grant = covering_grant(actor, role, path, span, now)
    receiver = _lock_receiver(actor, membership_id)
    row = Delegation(
        id=uuid7(),
        organisation_id=actor.organisation_id,
        membership_id=receiver.id,
        role=role.value,
        folder_id=folder_id,
        folder_path=path,
        starts_on=starts_on,
        ends_on=ends_on,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        reason=reason,
        given_by_id=actor.membership_id,
        given_by_name=actor.name,
        rests_on_id=grant.delegation_id,
    )
    db.session.add(row)
    note_change(receiver)
    _record_giving(actor, row, receiver, folder)
    tell_given(actor, row)
    return row.id


def _get_folder(actor: Actor, folder_id: UUID) -> Folder:
    folder = db.session.scalar(
        select(Folder).where(Folder.organisation_id == actor.organisation_id, Folder.id == folder_id)
    )
    if folder is None:
        raise NoSuchFolder(field="folder_id")
    return folder


def _lock_receiver(actor: Actor, membership_id: UUID) -> Membership:
    assert actor.organisation_id is not None
    receiver = lock_members(actor.organisation_id, [membership_id, actor.membership_id]).get(membership_id)
    # Who acts here through another organisation has what that gives, and nothing on top.
    if receiver is None or receiver.source_kind is not None:
        raise NoSuchMember(field="membership_id")
    return receiver


def _record_giving(actor: Actor, row: Delegation, receiver: Membership, folder: Folder | None) -> None:
    record(
        actor,
        EventTag.DELEGATION_GIVE,
        Subject("delegation", row.id, receiver.person_name),
        role=row.role,
        folder=None if folder is None else folder.name,
        from_day=row.starts_on.isoformat(),
        to_day=None if row.ends_on is None else row.ends_on.isoformat(),
        reason=row.reason,
    )


@use_case(Permission.DELEGATION_LIST)
def list_delegations(actor: Actor) -> list[DelegationView]:
    """Delegations of the organisation, newest first, those that ended included; at most the newest 500."""
    require(actor, Permission.DELEGATION_LIST, actor.facts)
    receiver = aliased(Membership)
    rows = db.session.execute(
        select(Delegation, receiver.person_name, Folder.name)
        .join(
            receiver,
            (receiver.organisation_id == Delegation.organisation_id) & (receiver.id == Delegation.membership_id),
        )
        .outerjoin(
            Folder,
            (Folder.organisation_id == Delegation.organisation_id) & (Folder.id == Delegation.folder_id),
        )
        .where(Delegation.organisation_id == actor.organisation_id)
        .order_by(Delegation.id.desc())
        .limit(LIMIT)
    )
    return [_view(actor, *row) for row in rows]


def _view(actor: Actor, row: Delegation, member_name: str, folder_name: str | None) -> DelegationView:
    phase = phase_of(utc_now(), starts_at=row.starts_at, ends_at=row.ends_at, revoked_at=row.revoked_at)
    return DelegationView(
        id=row.id,
        member_name=member_name,
        role=Role(row.role),
        folder_name=folder_name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        reason=row.reason,
        given_by_name=row.given_by_name,
        revoked_by_name=row.revoked_by_name,
        phase=phase,
        may_revoke=phase is not Phase.ENDED and _may_revoke(actor, row),
    )


@use_case(Permission.DELEGATION_GIVE)
def list_choices(actor: Actor) -> Choices:
    """Whom a role can be given to, and for which folders. The root of the vault is not among these."""
    require(actor, Permission.DELEGATION_GIVE, actor.facts)
    members = db.session.scalars(
        select(Membership)
        .where(
            Membership.organisation_id == actor.organisation_id,
            Membership.ended_at.is_(None),
            Membership.source_kind.is_(None),
        )
        .order_by(Membership.person_name, Membership.id)
    )
    folders = db.session.scalars(
        select(Folder)
        .where(Folder.organisation_id == actor.organisation_id, Folder.parent_id.is_not(None))
        .order_by(Folder.path)
    )
    return Choices(list(members), list(folders))


@use_case(Permission.DELEGATION_REVOKE)
def revoke_delegation(actor: Actor, delegation_id: UUID) -> None:
    """Take a role back at once, and whatever its holder gave on by it.

    Its giver may, and anybody with DELEGATION_REVOKE. Raises NotFound, also for one that ended.
    """
    assert actor.organisation_id is not None
    lock_members(actor.organisation_id, [actor.membership_id])
    row = _find_open(actor, delegation_id)
    if row is None or row.given_by_id != actor.membership_id:
        require(actor, Permission.DELEGATION_REVOKE, actor.facts)
    if row is None:
        raise NotFound
    _revoke(actor, [row])


def _find_open(actor: Actor, delegation_id: UUID) -> Delegation | None:
    row = db.session.scalar(
        select(Delegation)
        .where(
            Delegation.organisation_id == actor.organisation_id,
            Delegation.id == delegation_id,
            Delegation.revoked_at.is_(None),
        )
        .with_for_update()
    )
    return None if row is None or (row.ends_at is not None and row.ends_at <= utc_now()) else row


def _may_revoke(actor: Actor, row: Delegation) -> bool:
    facts = Facts(actor.organisation_id)
    return row.given_by_id == actor.membership_id or bool(decide(actor, Permission.DELEGATION_REVOKE, facts))


def _revoke(actor: Actor, rows: Iterable[Delegation], *, telling: bool = True) -> None:
    """Revoke these and, one storey after the other, what rests on them. `telling`: whether mails are sent of it."""
    now = utc_now()
    storey = list(rows)
    assert actor.organisation_id is not None
    while storey:
        holders = lock_members(actor.organisation_id, [row.membership_id for row in storey])
        for row in storey:
            row.revoked_at, row.revoked_by_name = now, actor.name
            holder = holders.get(row.membership_id)
            if holder is not None:
                note_change(holder)
            name = "" if holder is None else holder.person_name
            record(actor, EventTag.DELEGATION_REVOKE, Subject("delegation", row.id, name), role=row.role)
            if telling:
                tell_taken_back(actor, row)
            if holder is not None and _invited_by(row, holder):
                # What was offered by this role ends with it: nobody comes in through a right that was taken back.
                end_invitations_of(actor, holder.id)
        storey = _resting_on(actor, [row.id for row in storey])


def _invited_by(row: Delegation, holder: Membership) -> bool:
    """Whether the holder could invite by this role, and not by the membership itself."""
    invite = Permission.MEMBER_INVITE
    return invite in permissions_of(Role(row.role)) and invite not in permissions_of(Role(holder.role))


def _resting_on(actor: Actor, delegation_ids: list[UUID]) -> list[Delegation]:
    query = select(Delegation).where(
        Delegation.organisation_id == actor.organisation_id,
        Delegation.rests_on_id.in_(delegation_ids),
        Delegation.revoked_at.is_(None),
    )
    return list(db.session.scalars(query.with_for_update()))


def on_membership_ended(event: MembershipEnded) -> None:
    """Reaction: what a member held by delegation ends with the membership, and what rests on that."""
    query = select(Delegation).where(
        Delegation.organisation_id == event.organisation_id,
        Delegation.membership_id == event.membership_id,
        Delegation.revoked_at.is_(None),
    )
    _revoke(event.actor, db.session.scalars(query.with_for_update()))


def on_organisation_closed(event: OrganisationClosed) -> None:
    """Reaction: every role that was given for a time ends with the organisation."""
    query = select(Delegation).where(
        Delegation.organisation_id == event.organisation_id, Delegation.revoked_at.is_(None)
    )
    # The administrators get the mail of the closing.
    _revoke(event.actor, db.session.scalars(query.with_for_update()), telling=False)

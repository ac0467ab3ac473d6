"""Changing the role of a member: never beyond what the giver holds, always with an event."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, Role, permissions_of, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.organisations.errors import AdministratorByQuorum, OwnRole, RoleBeyondYours, RoleOfSeat
from entitylocker.organisations.events import RoleChanged
from entitylocker.organisations.identity_models import RoleChange
from entitylocker.organisations.invitations import end_invitations_of
from entitylocker.organisations.models import Membership
from entitylocker.organisations.rights import lock_members, note_change
from entitylocker.organisations.rules import may_change_role
from entitylocker.tenancy import use_case


@use_case(Permission.MEMBER_CHANGE_ROLE)
def get_member(actor: Actor, membership_id: UUID) -> Membership:
    """A current member whose role is to be changed. Raises NotFound."""
    require(actor, Permission.MEMBER_CHANGE_ROLE, actor.facts)
    found = db.session.scalar(
        select(Membership).where(
            Membership.organisation_id == actor.organisation_id,
            Membership.id == membership_id,
            Membership.ended_at.is_(None),
        )
    )
    if found is None:
        raise NotFound
    return found


@use_case(Permission.MEMBER_CHANGE_ROLE, fresh=True)
def change_role(actor: Actor, membership_id: UUID, role: Role) -> None:
    """Give a current member another role; what runs for them with the old one is stopped at its commit.

    Raises NotFound, OwnRole, RoleOfSeat for who acts through another organisation, AdministratorByQuorum,
    RoleBeyondYours if the old or the new role holds anything that the actor does not hold everywhere and without end.
    """
    require(actor, Permission.MEMBER_CHANGE_ROLE, actor.facts)
    assert actor.organisation_id is not None
    current = lock_members(actor.organisation_id, [membership_id, actor.membership_id])
    member = current.get(membership_id)
    if member is None or actor.membership_id not in current:
        raise NotFound
    before = Role(member.role)
    if member.source_kind is not None:
        raise RoleOfSeat(field="role")
    if before is role:
        return
    if before is Role.ADMINISTRATOR:
        raise AdministratorByQuorum(field="role")
    if not may_change_role(actor, before, role):
        raise RoleBeyondYours(field="role")
    if member.id == actor.membership_id:
        raise OwnRole(field="role")
    set_role(actor, member, role)


def set_role(actor: Actor, member: Membership, role: Role) -> None:
    """Write another role into a locked membership, in the running transaction; who may do that was asked before."""
    before = Role(member.role)
    member.role = role.value
    note_change(member)
    invite = Permission.MEMBER_INVITE
    if invite in permissions_of(before) and invite not in permissions_of(role):
        end_invitations_of(actor, member.id)
    db.session.add(
        RoleChange(
            organisation_id=member.organisation_id,
            membership_id=member.id,
            before=before.value,
            after=role.value,
            changed_by_name=actor.name,
        )
    )
    subject = Subject("membership", member.id, member.person_name)
    change: dict[str, Any] = {"from": before.value, "to": role.value}
    record(actor, EventTag.MEMBERSHIP_CHANGE_ROLE, subject, **change)
    tenancy.flush()
    tenancy.publish(RoleChanged(actor, member.organisation_id, member.id, member.person_id, before, role))

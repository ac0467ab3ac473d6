"""Membership follows the directory: who is active there is invited, who is not any more leaves at once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select

from entitylocker.access import Actor, ActorKind, Role
from entitylocker.accounts.rules import holds_address, holds_badge, normalise_email
from entitylocker.accounts.schemas import NAME_MAX, one_line
from entitylocker.extensions import db, utc_now
from entitylocker.federation.errors import AdministratorStays
from entitylocker.federation.models import DirectoryGroup, DirectoryGroupMember, DirectoryUser
from entitylocker.federation.rules import role_of_groups
from entitylocker.organisations import provisioning
from entitylocker.organisations.errors import NeedsQuorum
from entitylocker.organisations.events import MembershipBegan, MembershipEnded
from entitylocker.organisations.models import Membership


def settle(actor: Actor, user: DirectoryUser, *, formerly: str = "", was_active: bool = True) -> None:
    """Let the membership of a person follow what the directory says now; `formerly`: the address it said before.

    Who was not active before (`was_active`) and is not now is left alone: people here may have let them in since.
    Raises AdministratorStays.
    """
    if formerly != user.email_normalised:
        _take_back(actor, user, formerly)
    if user.active:
        _keep(actor, user)
    elif was_active:
        _let_go(actor, user)


def _keep(actor: Actor, user: DirectoryUser) -> None:
    """Invite somebody, or give a member another role where the directory's answer is another than before."""
    email = user.email_normalised
    member = provisioning.find_member(actor, email, user.membership_id) or provisioning.find_member(actor, email, None)
    user.membership_id = member.id if member is not None else None
    before, role = user.given_role, _role_of(user)
    user.given_role = role.value if role is not None else None
    if member is None:
        _invite(actor, user, role or Role.MEMBER)
    elif user.given_role != before:
        # Once the last group that meant something is left, what it gave goes with it.
        provisioning.let_directory_set_role(actor, member.id, role or Role.MEMBER)


def _let_go(actor: Actor, user: DirectoryUser) -> None:
    """End a membership, unless another record stands for it: directories rename by a new one and drop the old."""
    member = provisioning.find_member(actor, user.email_normalised, user.membership_id)
    given, user.membership_id, user.given_role = user.given_role, None, None
    _take_back(actor, user, user.email_normalised)
    if member is None:
        return
    other = _find_other(user, normalise_email(member.person_email), member.id)
    if other is not None:
        # What this one gave, the other one now keeps or takes.
        other.given_role = given or other.given_role
        _keep(actor, other)
        return
    try:
        provisioning.let_directory_end(actor, member.id)
    except NeedsQuorum:
        raise AdministratorStays from None


def _find_other(user: DirectoryUser, email: str, membership_id: UUID | None = None) -> DirectoryUser | None:
    """The newest other active record of this membership, or of this address while it knows of no membership."""
    same = DirectoryUser.membership_id.is_(None) & (DirectoryUser.email_normalised == email)
    if membership_id is not None:
        same |= DirectoryUser.membership_id == membership_id
    others = select(DirectoryUser).where(
        DirectoryUser.organisation_id == user.organisation_id,
        DirectoryUser.id != user.id,
        DirectoryUser.active,
        same,
    )
    return db.session.scalar(others.order_by(DirectoryUser.id.desc()).limit(1))


def _take_back(actor: Actor, user: DirectoryUser, email: str) -> None:
    if email and _find_other(user, email) is None:
        provisioning.let_directory_uninvite(actor, email)


def _invite(actor: Actor, user: DirectoryUser, role: Role) -> None:
    if user.email_normalised:
        called = one_line(str(user.document.get("displayName") or ""))[:NAME_MAX]
        # It stands in mails to others: it must lead nowhere, and look no more verified than it is.
        name = "" if holds_address(called) or holds_badge(called) else called
        provisioning.let_directory_invite(actor, user.email_normalised, role, name)


def _role_of(user: DirectoryUser) -> Role | None:
    """What the person's groups mean together; None: nothing was said of any of them."""
    query = (
        select(DirectoryGroup.role)
        .join(
            DirectoryGroupMember,
            (DirectoryGroupMember.organisation_id == DirectoryGroup.organisation_id)
            & (DirectoryGroupMember.group_id == DirectoryGroup.id),
        )
        .where(
            DirectoryGroup.organisation_id == user.organisation_id,
            DirectoryGroupMember.user_id == user.id,
            DirectoryGroup.role.is_not(None),
        )
    )
    roles = list(db.session.scalars(query))
    return role_of_groups(roles) if roles else None


def on_membership_began(event: MembershipBegan) -> None:
    """Somebody of the directory came in: from now on they are known by their membership, not by their address.

    So are those who had been removed here and are let in again: it was not the directory that switched them off.
    """
    member = db.session.get(Membership, event.membership_id)
    if member is None:
        return
    known = DirectoryUser.email_normalised == normalise_email(member.person_email)
    removed_here = DirectoryUser.membership_id.is_not(None)
    for user in db.session.scalars(
        select(DirectoryUser).where(
            DirectoryUser.organisation_id == event.organisation_id, known, or_(DirectoryUser.active, removed_here)
        )
    ):
        user.membership_id = event.membership_id
        if not user.active:
            _switch(user, on=True)


def on_membership_ended(event: MembershipEnded) -> None:
    """Somebody was removed here: the directory's next look at them does not bring them back by itself.

    The ended membership stays noted: by that it is known that it was not the directory who switched them off.
    """
    if event.actor.kind is ActorKind.DIRECTORY:
        return
    theirs = DirectoryUser.membership_id == event.membership_id
    for user in db.session.scalars(
        select(DirectoryUser).where(DirectoryUser.organisation_id == event.organisation_id, theirs)
    ):
        provisioning.let_directory_uninvite(event.actor, user.email_normalised)
        _switch(user, on=False)


def _switch(user: DirectoryUser, *, on: bool) -> None:
    """As the directory will read it."""
    user.active, user.changed_at, user.version = on, utc_now(), user.version + 1

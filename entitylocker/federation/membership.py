"""Membership follows the directory: who is active there is invited, who is not any more leaves at once."""

from __future__ import annotations

from sqlalchemy import select

from entitylocker.access import Actor, ActorKind, Role
from entitylocker.accounts.rules import holds_address, normalise_email
from entitylocker.accounts.schemas import NAME_MAX, one_line
from entitylocker.extensions import db, utc_now
from entitylocker.federation.errors import AdministratorStays
from entitylocker.federation.models import DirectoryGroup, DirectoryGroupMember, DirectoryUser
from entitylocker.federation.rules import role_of_groups
from entitylocker.organisations import provisioning
from entitylocker.organisations.errors import NeedsQuorum
from entitylocker.organisations.events import MembershipBegan, MembershipEnded
from entitylocker.organisations.models import Membership


def settle(actor: Actor, user: DirectoryUser, *, formerly: str = "") -> None:
    """Let the membership of a person follow what the directory says now; `formerly`: the address it said before.

    Raises AdministratorStays.
    """
    if formerly and formerly != user.email_normalised:
        provisioning.let_directory_uninvite(actor, formerly)
    member = provisioning.find_member(actor, user.email_normalised, user.membership_id)
    user.membership_id = member.id if member is not None else None
    if not user.active:
        _let_go(actor, user, member)
        return
    role = _role_of(user)
    if member is None:
        _invite(actor, user, role or Role.MEMBER)
    elif role is not None:
        provisioning.let_directory_set_role(actor, member.id, role)
    elif user.given_role is not None:
        # The last group that meant something is left: what it gave goes with it.
        provisioning.let_directory_set_role(actor, member.id, Role.MEMBER)
    user.given_role = role.value if role is not None else None


def _let_go(actor: Actor, user: DirectoryUser, member: Membership | None) -> None:
    if user.email_normalised:
        provisioning.let_directory_uninvite(actor, user.email_normalised)
    if member is not None:
        try:
            provisioning.let_directory_end(actor, member.id)
        except NeedsQuorum:
            raise AdministratorStays from None
    user.membership_id, user.given_role = None, None


def _invite(actor: Actor, user: DirectoryUser, role: Role) -> None:
    if user.email_normalised:
        called = one_line(str(user.document.get("displayName") or ""))[:NAME_MAX]
        # It stands in mails to others, and must lead nowhere.
        name = "" if holds_address(called) else called
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
    """Somebody of the directory came in: from now on they are known by their membership, not by their address."""
    member = db.session.get(Membership, event.membership_id)
    if member is None:
        return
    known = DirectoryUser.email_normalised == normalise_email(member.person_email)
    for user in db.session.scalars(
        select(DirectoryUser).where(DirectoryUser.organisation_id == event.organisation_id, known, DirectoryUser.active)
    ):
        user.membership_id = event.membership_id


def on_membership_ended(event: MembershipEnded) -> None:
    """Somebody was removed here: the directory's next look at them does not bring them back by itself."""
    if event.actor.kind is ActorKind.DIRECTORY:
        return
    theirs = DirectoryUser.membership_id == event.membership_id
    for user in db.session.scalars(
        select(DirectoryUser).where(DirectoryUser.organisation_id == event.organisation_id, theirs)
    ):
        user.active, user.membership_id, user.given_role = False, None, None
        user.changed_at, user.version = utc_now(), user.version + 1

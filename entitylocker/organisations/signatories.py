"""Who signs for the organisation: since when, until when; and telling of every change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from entitylocker.access import Role
from entitylocker.extensions import db
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.events import MembershipBegan, MembershipEnded, RoleChanged
from entitylocker.organisations.identity_models import RoleChange
from entitylocker.organisations.members import list_addresses
from entitylocker.organisations.models import Membership, Organisation
from entitylocker.web.links import link_to


@dataclass(frozen=True)
class Signatory:
    """A time in which somebody was authorised signatory over the whole organisation. `until` None: still is.

    `given`: by a role given to them, beside that of their membership.
    """

    name: str
    since: datetime
    until: datetime | None
    given: bool = False


_find_given: list[Callable[[UUID], list[Signatory]]] = []


def register_given(find: Callable[[UUID], list[Signatory]]) -> None:
    """Let the room above say who signs by a role given to them; `find(organisation_id)` runs in the transaction."""
    _find_given[:] = [find]


def list_signatories(organisation_id: UUID) -> list[Signatory]:
    """The authorised signatories, current ones in front, then the newest; in a running transaction.

    Made of the memberships, the changes of their roles and the roles given beside them, so that no way of coming in or
    going is left out. Who acts through another organisation is not among them: that is on the page of agencies.
    """
    changes: dict[UUID, list[RoleChange]] = defaultdict(list)
    query = select(RoleChange).where(RoleChange.organisation_id == organisation_id).order_by(RoleChange.id)
    for change in db.session.scalars(query):
        changes[change.membership_id].append(change)
    members = db.session.scalars(
        select(Membership).where(Membership.organisation_id == organisation_id, Membership.source_kind.is_(None))
    )
    found = [term for member in members for term in _terms(member, changes[member.id])]
    found += [term for find in _find_given for term in find(organisation_id)]
    return sorted(found, key=lambda term: (term.until is None, term.since), reverse=True)


def _terms(member: Membership, changes: list[RoleChange]) -> list[Signatory]:
    found: list[Signatory] = []
    role, since = changes[0].before if changes else member.role, member.created_at
    for change in changes:
        if role == Role.SIGNATORY:
            found.append(Signatory(member.person_name, since, change.created_at))
        role, since = change.after, change.created_at
    if role == Role.SIGNATORY:
        found.append(Signatory(member.person_name, since, member.ended_at))
    return found


def on_role_changed(event: RoleChanged) -> None:
    """Reaction: tell of a signatory who began or ended by a change of role."""
    if (event.before is Role.SIGNATORY) != (event.after is Role.SIGNATORY):
        _tell(event.organisation_id, event.membership_id, event.actor.name, began=event.after is Role.SIGNATORY)


def on_membership_began(event: MembershipBegan) -> None:
    """Reaction: tell of a signatory who came in as one."""
    if event.role is Role.SIGNATORY:
        _tell(event.organisation_id, event.membership_id, event.actor.name, began=True)


def on_membership_ended(event: MembershipEnded) -> None:
    """Reaction: tell of a signatory who was removed or left."""
    role = db.session.scalar(
        select(Membership.role).where(
            Membership.organisation_id == event.organisation_id, Membership.id == event.membership_id
        )
    )
    if role == Role.SIGNATORY:
        _tell(event.organisation_id, event.membership_id, event.actor.name, began=False)


def _tell(organisation_id: UUID, membership_id: UUID, by: str, *, began: bool) -> None:
    """Mail to all administrators and the person."""
    person = db.session.execute(
        select(Membership.person_name, Membership.person_email, Organisation.name)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.organisation_id == organisation_id, Membership.id == membership_id)
    ).one()
    addresses = [*list_addresses(organisation_id, [Role.ADMINISTRATOR]), person.person_email]
    for address in dict.fromkeys(addresses):
        send_mail(
            to=address,
            subject=_l("The authorised signatories of %(organisation)s changed", organisation=person.name),
            template="mail/signatory_changed",
            organisation=person.name,
            person=person.person_name,
            by=by,
            began=began,
            link=link_to("organisations.details", organisation_id=organisation_id),
        )

"""Members hear by mail of what happens to their place; and their new addresses follow into each organisation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update

from entitylocker.access import Actor, Permission, Role, require
from entitylocker.accounts.events import AddressChanged
from entitylocker.accounts.notices import tell_person
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db
from entitylocker.jobs.queue import defer, job_actor, task
from entitylocker.organisations.events import InvitationIssued, MembershipBegan, MembershipEnded, RoleChanged
from entitylocker.organisations.models import Membership, Organisation
from entitylocker.tenancy import use_case

STRONG = (Role.ADMINISTRATOR, Role.SIGNATORY)


def on_invitation_issued(happening: InvitationIssued) -> None:
    """The other administrators hear of an invitation to a strong role while it can still be taken back."""
    if happening.role in STRONG:
        by, who = happening.actor.name, happening.guest_name
        place, but = happening.organisation_id, happening.actor.person_id
        tell_administrators(place, "strong_role_offered", but=but, role=happening.role.value, by=by, who=who)


def on_membership_began(happening: MembershipBegan) -> None:
    """The other administrators hear of a new one. Of a new signatory they hear already."""
    if happening.role is Role.ADMINISTRATOR:
        _tell_of_administrator(happening, happening.actor.name)


def _tell_of_administrator(happening: MembershipBegan | RoleChanged, who: str) -> None:
    place, but, role = happening.organisation_id, happening.person_id, Role.ADMINISTRATOR.value
    tell_administrators(place, "strong_role_begun", but=but, role=role, who=who)


def tell_administrators(
    organisation_id: UUID, kind: str, *, but: UUID | None = None, also: UUID | None = None, **facts: Any
) -> None:
    """Tell the administrators, in the organisation's running transaction: `kind` and `facts` as of `tell_person`.

    `but`: a person who knows; `also`: one who is told, administrator or not.
    """
    name = _name_of(organisation_id)
    query = select(Membership.person_id).where(
        Membership.organisation_id == organisation_id,
        Membership.ended_at.is_(None),
        Membership.source_kind.is_(None),
        Membership.role == Role.ADMINISTRATOR.value,
        Membership.person_id.is_distinct_from(but),
    )
    people = [*db.session.scalars(query), *([] if also is None else [also])]
    for person_id in dict.fromkeys(people):
        tell_person(person_id, kind, organisation=name, **facts)


def on_role_changed(happening: RoleChanged) -> None:
    """The member hears of another role, unless they changed it themselves; the administrators of one more of them."""
    if happening.after is Role.ADMINISTRATOR:
        who = db.session.scalar(select(Membership.person_name).where(Membership.id == happening.membership_id)) or ""
        _tell_of_administrator(happening, who)
    if happening.person_id == happening.actor.person_id:
        return
    tell_person(
        happening.person_id, "role_changed", organisation=_name_of(happening.organisation_id),
        role=happening.after.value, by=happening.actor.name,
    )  # fmt: skip


def on_membership_ended(happening: MembershipEnded) -> None:
    """Who was removed hears of it; who left knows."""
    if happening.person_id == happening.actor.person_id:
        return
    name = _name_of(happening.organisation_id)
    tell_person(happening.person_id, "membership_ended", organisation=name, by=happening.actor.name)


def _name_of(organisation_id: UUID) -> str:
    return db.session.scalar(select(Organisation.name).where(Organisation.id == organisation_id)) or ""


def on_address_changed(happening: AddressChanged) -> None:
    """One job for each organisation of the person: each is a transaction of its own."""
    for organisation_id in list(db.session.execute(text("SELECT lookup_my_places()")).scalars()):
        defer(follow_address, organisation_id=str(organisation_id), person_id=str(happening.person_id))


@task("organisations.follow_address")
def follow_address(organisation_id: str, person_id: str) -> None:
    """Let one organisation know the address that a member has now. Repeated without harm."""
    _take_over_address(job_actor(organisation_id), UUID(person_id))


@use_case(Permission.HOUSEKEEPING)
def _take_over_address(actor: Actor, person_id: UUID) -> None:
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    email = db.session.execute(text("SELECT email FROM lookup_addressee(:id)"), {"id": person_id}).scalar()
    if email is None:
        return
    stale = (
        Membership.organisation_id == actor.organisation_id,
        Membership.person_id == person_id,
        Membership.ended_at.is_(None),
        Membership.person_email != email,
    )
    changed = update(Membership).where(*stale).values(person_email=email)
    for row in db.session.execute(changed.returning(Membership.id, Membership.person_name)):
        record(actor, EventTag.MEMBERSHIP_ADDRESS, Subject("membership", row.id, row.person_name), email=email)

"""What the worker does about the life of organisations: mails, and keys whose time is over."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask_babel import lazy_gettext
from sqlalchemy import select, text

from entitylocker import tenancy
from entitylocker.access import Actor, Facts, OrganisationState, Permission, Role, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import housekeeper, job_actor, task
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.events import IdentifierExpired
from entitylocker.organisations.invitations import wake_invitations
from entitylocker.organisations.life_rules import UNDO_WITHIN
from entitylocker.organisations.members import list_addresses
from entitylocker.organisations.models import Organisation
from entitylocker.tenancy import DatabaseRole, use_case
from entitylocker.web.links import link_to

# Whoever undoes closing at the last moment meets nobody.
_GRACE = timedelta(hours=1)


@task("organisations.tell_life")
def tell_life(organisation_id: str, what: str, who: str, reason: str) -> None:
    """Mail the administrators that their organisation was suspended, lifted, closed or brought back."""
    send_life_mails(job_actor(organisation_id), what, who, reason)


@use_case(Permission.HOUSEKEEPING)
def send_life_mails(actor: Actor, what: str, who: str, reason: str) -> None:
    """The mails of `tell_life`, in one transaction of the organisation. `what`: the tag of the event.

    Whoever lifted the suspension, invitations that waited for that begin here.
    """
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    assert actor.organisation_id is not None
    name, state = db.session.execute(
        select(Organisation.name, Organisation.state).where(Organisation.id == actor.organisation_id)
    ).one()
    if state != OrganisationState.SUSPENDED:
        wake_invitations(actor.organisation_id)
    for address in list_addresses(actor.organisation_id, [Role.ADMINISTRATOR]):
        send_mail(
            to=address,
            subject=lazy_gettext("EntityLocker: the state of %(organisation)s has changed", organisation=name),
            template="mail/life",
            organisation=name,
            what=what,
            who=who,
            reason=reason,
            undo_days=UNDO_WITHIN.days,
            link=link_to("organisations.life", organisation_id=actor.organisation_id),
        )


@task("organisations.end_keys", patient=True)
def end_keys() -> None:
    """Destroy the keys of organisations that were closed for longer than closing can be undone."""
    for organisation_id in list_over(housekeeper()):
        end_key(job_actor(organisation_id))


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def list_over(actor: Actor) -> list[UUID]:
    """Organisations closed for longer than closing can be undone."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    over = select(Organisation.id).where(
        Organisation.state == OrganisationState.CLOSED.value, Organisation.state_at < utc_now() - UNDO_WITHIN - _GRACE
    )
    return list(db.session.scalars(over.order_by(Organisation.id)))


@use_case(Permission.HOUSEKEEPING)
def end_key(actor: Actor) -> bool:
    """Destroy the key of a closed organisation for good; False if it is gone already or its time is not over.

    The database function looks at state and time itself.
    """
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    gone = db.session.execute(text("SELECT * FROM claim_back_organisation_key()")).first()
    if gone is None:
        return False
    record(actor, EventTag.ORGANISATION_END_KEY, Subject("organisation", actor.organisation_id))
    _end_identifiers(actor)
    return True


def _end_identifiers(actor: Actor) -> None:
    """Whoever cannot come back keeps no identifier from others."""
    assert actor.organisation_id is not None
    for row in db.session.execute(text("SELECT * FROM sweep_identifiers_of_closed()")).all():
        record(actor, EventTag.IDENTIFIER_EXPIRE, Subject("identifier", row.id, row.value), kind=row.kind)
        tenancy.publish(IdentifierExpired(actor, actor.organisation_id, row.id))

"""The other side of what two organisations do together: its trail and its administrators, in its own transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from entitylocker import tenancy
from entitylocker.access import Actor, Role
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.members import list_addresses
from entitylocker.tenancy import Tenant


def tell_trail(organisation_id: UUID, actor: Actor, tag: EventTag, subject: Subject, **data: Any) -> None:
    """Write the event into the trail of the other organisation, after the act was committed in one's own.

    The event names the organisation that the actor acts for.
    """
    with tenancy.transaction(Tenant(organisation_id=organisation_id)):
        record(actor, tag, subject, organisation_id=organisation_id, by=actor.organisation_name, **data)


def tell_administrators(organisation_id: UUID, subject: Any, template: str, **facts: Any) -> None:
    """Send a mail to each administrator of the other organisation."""
    with tenancy.transaction(Tenant(organisation_id=organisation_id)):
        for address in list_addresses(organisation_id, {Role.ADMINISTRATOR}):
            send_mail(to=address, subject=subject, template=template, **facts)

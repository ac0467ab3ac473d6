"""What the overview reminds of: a parent or another organisation waits for a yes."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext

from entitylocker.access import Actor, Permission, decide
from entitylocker.organisations.presenting import Reminder
from entitylocker.units.agencies import list_authorisations
from entitylocker.units.tree import list_above, list_links


def remind_of_parent(actor: Actor) -> Reminder | None:
    """That an organisation asks the actor's to become its unit."""
    if not decide(actor, Permission.UNIT_ENTRUST, actor.facts):
        return None
    asked = [link for link in list_links(actor) if link.is_parent and link.joined_at is None and link.ended_at is None]
    if not asked:
        return None
    return Reminder(
        "network",
        "info",
        gettext("An organisation asks yours to become its unit"),
        gettext("%(name)s waits for an answer.", name=asked[0].name),
        url_for("units.units", organisation_id=actor.organisation_id),
        gettext("Look at the question"),
    )


def remind_of_above(actor: Actor) -> Reminder | None:
    """That something stands above the actor's organisation that it has not agreed to."""
    if not decide(actor, Permission.UNIT_ENTRUST, actor.facts):
        return None
    new = [found.name for found in list_above(actor) if not found.said]
    if not new:
        return None
    return Reminder(
        "network",
        "info",
        gettext("What stands above your organisation has changed"),
        gettext("%(name)s stands above it now. Its people administer nothing here unless you agree.", name=new[0]),
        url_for("units.units", organisation_id=actor.organisation_id),
        gettext("Look at it"),
    )


def remind_of_letter(actor: Actor) -> Reminder | None:
    """That a letter of authorisation waits for the yes of the actor's organisation."""
    if not decide(actor, Permission.AUTHORISATION_MANAGE, actor.facts):
        return None
    waiting = [found for found in list_authorisations(actor) if found.waits_for_us]
    if not waiting:
        return None
    letter = waiting[0]
    return Reminder(
        "briefcase-business",
        "info",
        gettext("A letter of authorisation waits for you"),
        gettext(
            "%(agency)s would act for %(department)s.", agency=letter.agency_name, department=letter.department_name
        ),
        url_for("units.agency", organisation_id=actor.organisation_id, authorisation_id=letter.id),
        gettext("Look at the letter"),
    )

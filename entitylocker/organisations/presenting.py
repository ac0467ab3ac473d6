"""What the pages of an organisation offer and remind of, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import url_for
from flask_babel import gettext

from entitylocker.access import Actor, OrganisationState, Permission
from entitylocker.errors import N_
from entitylocker.identifiers import IdentifierKind, OrganisationKind, kinds_for
from entitylocker.organisations.overview import Ending, Overview
from entitylocker.web.formats import docdate
from entitylocker.web.shell import holds_somewhere


@dataclass(frozen=True)
class Task:
    """An item of the first-run list. `href` None: not open to this member."""

    title: str
    text: str
    href: str | None
    done: bool
    action: str


@dataclass(frozen=True)
class Reminder:
    """Something that needs attention."""

    icon: str
    kind: str
    title: str
    text: str
    href: str | None
    action: str


LIFE_LABELS: dict[OrganisationState, str] = {
    OrganisationState.DRAFT: N_("Being set up"),
    OrganisationState.ACTIVE: N_("Active"),
    OrganisationState.SUSPENDED: N_("Suspended"),
    OrganisationState.CLOSED: N_("Closed"),
}

# The kind of `state_badge`.
LIFE_FACES: dict[OrganisationState, str] = {
    OrganisationState.DRAFT: "info",
    OrganisationState.ACTIVE: "ok",
    OrganisationState.SUSPENDED: "bad",
    OrganisationState.CLOSED: "mute",
}


@dataclass(frozen=True)
class MemberNote:
    """A line under a member on the page of people, translated. `kind` as of `state_badge`."""

    kind: str
    icon: str
    text: str
    detail: str = ""


_member_notes: list[Callable[[Actor], dict[UUID, MemberNote]]] = []
_reminders: list[Callable[[Actor], Reminder | None]] = []


def register_reminder(find: Callable[[Actor], Reminder | None]) -> None:
    """Let a room above remind of something on the overview: `find(actor)` answers None when there is nothing."""
    if find not in _reminders:
        _reminders.append(find)


def register_member_notes(find: Callable[[Actor], dict[UUID, MemberNote]]) -> None:
    """Let a room above say something of members on the page of people: `find(actor)` answers by membership."""
    if find not in _member_notes:
        _member_notes.append(find)


def member_notes(actor: Actor) -> dict[UUID, list[MemberNote]]:
    """What the rooms above say of the organisation's members, by membership."""
    found: dict[UUID, list[MemberNote]] = {}
    for find in _member_notes:
        for membership_id, note in find(actor).items():
            found.setdefault(membership_id, []).append(note)
    return found


def kind_choices() -> list[tuple[str, str]]:
    """Kinds of organisation for a select field."""
    return [(kind.value, gettext(kind.label)) for kind in OrganisationKind]


def identifier_choices(kind: OrganisationKind | None = None) -> list[tuple[str, str]]:
    """Kinds of identifier with an example each; of `kind` of organisation, if given."""
    found = [each for each in IdentifierKind if each.of_organisation] if kind is None else kinds_for(kind)
    return [(each.value, f"{gettext(each.label)} ({each.example})") for each in found]


def identifier_helps(kind: OrganisationKind | None = None) -> list[dict[str, str]]:
    """What each identifier is, with an example; of `kind` of organisation, if given."""
    found = [each for each in IdentifierKind if each.of_organisation] if kind is None else kinds_for(kind)
    return [{"label": gettext(each.label), "example": each.example, "text": gettext(each.help)} for each in found]


def first_steps(actor: Actor, overview: Overview) -> list[Task]:
    """What a new organisation does first, in this order."""
    facts = overview.facts
    return [
        Task(
            gettext("Show who the organisation is"),
            gettext("The operator verifies the identifier. Until then you can store and check documents."),
            _way(actor, Permission.ORGANISATION_READ, "organisations.details"),
            overview.verified,
            gettext("See the state"),
        ),
        Task(
            gettext("Make the first folder"),
            gettext("Folders keep documents in order, and roles can be given for one folder only."),
            _way(actor, Permission.FOLDER_MANAGE, "vault.documents"),
            facts.get("first_folder", False),
            gettext("To the documents"),
        ),
        Task(
            gettext("Deposit the first document"),
            gettext("The locker says who signed it and whether it was changed since."),
            _way(actor, Permission.DOCUMENT_DEPOSIT, "vault.documents"),
            facts.get("first_document", False),
            gettext("To the documents"),
        ),
        Task(
            gettext("Invite somebody"),
            gettext("With a second administrator the organisation can act while one is away."),
            _way(actor, Permission.MEMBER_INVITE, "organisations.people"),
            overview.members > 1,
            gettext("Invite"),
        ),
        Task(
            gettext("Give the first consent"),
            gettext("When a portal asks for documents, you see who asks, for what and until when."),
            _way(actor, Permission.CONSENT_LIST, "consents.consents"),
            facts.get("first_consent", False),
            gettext("To the consents"),
        ),
    ]


def attention(actor: Actor, overview: Overview) -> list[Reminder]:
    """What needs attention now."""
    details = _way(actor, Permission.ORGANISATION_MANAGE, "organisations.details")
    people = _way(actor, Permission.MEMBER_INVITE, "organisations.people")
    found = []
    if not overview.verified and not overview.waiting and overview.expired:
        title = gettext("The organisation is not verified any more")
        text = gettext("What was verified has expired. Consents, portals and check pages rest until it is renewed.")
        found.append(Reminder("badge-alert", "bad", title, text, details, gettext("State the identifier again")))
    elif not overview.verified and not overview.waiting:
        title = gettext("No identifier is verified or waiting")
        text = gettext("The operator did not accept what was stated. Look at the reason and state an identifier again.")
        found.append(Reminder("badge-alert", "bad", title, text, details, gettext("State an identifier")))
    elif not overview.verified:
        title = gettext("The organisation is not verified yet")
        text = gettext("The operator has not decided yet. Consents can be given once it is verified.")
        found.append(Reminder("badge-alert", "warn", title, text, details, gettext("See the state")))
    found += [_ending(row, details) for row in overview.ending]
    if people and overview.administrators < 2 and overview.members > 1:
        title = gettext("There is only one administrator")
        text = gettext("If that person is away, nobody can give roles or remove members.")
        found.append(Reminder("user-cog", "warn", title, text, people, gettext("Invite another")))
    if people and overview.invitations:
        title = gettext("Invitations are waiting to be accepted")
        text = gettext("A link works for seven days. You can take it back until then.")
        found.append(Reminder("mail", "info", title, text, people, gettext("See invitations")))
    return found + [reminder for find in _reminders if (reminder := find(actor)) is not None]


def _ending(row: Ending, href: str | None) -> Reminder:
    label = gettext(row.kind.label)
    title = gettext("%(kind)s %(value)s ends on %(day)s", kind=label, value=row.value, day=docdate(row.valid_until))
    text = gettext("Renew it with its register and state it here again with the new last day.")
    return Reminder("calendar-clock", "warn", title, text, href, gettext("State the identifier again"))


def _way(actor: Actor, permission: Permission, endpoint: str) -> str | None:
    if not holds_somewhere(actor, permission):
        return None
    return url_for(endpoint, organisation_id=actor.organisation_id)

"""Pure decisions about members, invitations and letters."""

from __future__ import annotations

from datetime import date, timedelta

from entitylocker.access import Actor, Permission, Role, permissions_of
from entitylocker.access.roles import SEAT_ROLES
from entitylocker.errors import N_
from entitylocker.extensions import utc_now
from entitylocker.identifiers import IdentifierKind
from entitylocker.organisations.states import InvitationWay
from entitylocker.web.formats import ZONE

# Paper is handed out at a training in some weeks; a mail or a message is read at once.
INVITATION_LIFETIMES: dict[InvitationWay, timedelta] = {
    InvitationWay.MAIL: timedelta(days=7),
    InvitationWay.SLIP: timedelta(days=30),
    InvitationWay.SMS: timedelta(days=7),
}
# Roles that answer for the organisation: they come by mail, or on a slip that is handed over in person.
ANSWERING_ROLES = frozenset({Role.ADMINISTRATOR, Role.SIGNATORY})
# How long before its last day an identifier is spoken of and may be stated anew.
REMINDED_BEFORE = timedelta(days=30)
LETTER_MAX_MEGABYTES = 10
LETTER_MAX_BYTES = LETTER_MAX_MEGABYTES * 1024 * 1024
# Readers find the header within the first KiB (ISO 32000-1, implementation note 13).
PDF_SIGN = b"%PDF-"
PDF_SIGN_WITHIN = 1024

ROLE_MEANINGS: dict[Role, str] = {
    Role.ADMINISTRATOR: N_("Everything in the organisation: people, roles, documents, consents, portals, audit trail."),
    Role.SIGNATORY: N_("Reads all documents, and answers for the organisation when a portal asks for some."),
    Role.RECORDS_OFFICER: N_("Deposits, files, changes and removes documents. Gives no consent."),
    Role.READER: N_("Reads and downloads documents. Changes nothing."),
    Role.AUDITOR: N_("Sees documents, people, consents and the audit trail, and exports the trail. Changes nothing."),
    Role.BRANCH_ADMINISTRATOR: N_(
        "Looks after a unit for the organisation above it: people, roles, units and the audit trail. No documents."
    ),
    Role.MEMBER: N_("Belongs to the organisation and sees its overview. Everything else is given by folder and time."),
}


def lasting_permissions(actor: Actor, *, own_only: bool = False) -> frozenset[Permission]:
    """What the actor holds over the whole organisation now and without an end; `own_only`: not by a delegation."""
    now = utc_now()
    lasting = (
        grant
        for grant in actor.grants
        if grant.folder_path is None
        and grant.ends_at is None
        and grant.is_current(now)
        and not (own_only and grant.delegation_id)
    )
    return frozenset().union(*(grant.permissions for grant in lasting))


def may_seat(actor: Actor, *, own_only: bool = False) -> bool:
    """Whether the actor gives seats in any role, without holding what goes with them; `own_only`: not by a delegation.

    MEMBER_SEAT must be held over the whole organisation without an end; or through a seat, as long as that stands:
    whether it does is asked again of each invitation that is accepted.
    """
    if Permission.MEMBER_SEAT in lasting_permissions(actor, own_only=own_only):
        return True
    now = utc_now()
    return any(g.role in SEAT_ROLES and g.folder_path is None and g.is_current(now) for g in actor.grants)


def sits_here(actor: Actor) -> bool:
    """Whether the actor looks after the organisation from above, through the administration of a branch."""
    return any(grant.role in SEAT_ROLES for grant in actor.grants)


def may_print(actor: Actor, role: Role, *, issued_by_them: bool) -> bool:
    """Whether a slip is shown again. One that answers for the organisation opens more than its finder may hold:
    only whoever issued it sees it, and who holds all of its role; giving seats is not enough.
    """
    return role not in ANSWERING_ROLES or issued_by_them or permissions_of(role) <= lasting_permissions(actor)


def may_invite_to(actor: Actor, role: Role) -> bool:
    """An invitation carries a role without scope and end, so its giver must hold all of it that way.

    Whoever holds MEMBER_SEAT that way gives seats in any role, without holding what goes with them. What a delegation
    gave, which can be taken back, seats nobody who answers for the organisation. Neither does who sits here through a
    branch: that one would hold what the branch never gives, and might be a second account of theirs.
    """
    if role in SEAT_ROLES or (role in ANSWERING_ROLES and sits_here(actor)):
        return False
    own_only = role in ANSWERING_ROLES
    return may_seat(actor, own_only=own_only) or permissions_of(role) <= lasting_permissions(actor, own_only=own_only)


def may_change_role(actor: Actor, before: Role, after: Role) -> bool:
    """Whoever changes a role takes one away and gives another: all of both must be theirs, everywhere and without end.
    Whoever holds MEMBER_SEAT that way gives seats in any role, and so changes them.

    No administrator is made less here, and nobody gets a role that comes from outside the organisation.
    """
    if before is Role.ADMINISTRATOR or SEAT_ROLES & {before, after}:
        return False
    if after in ANSWERING_ROLES and sits_here(actor):
        return False
    own_only = bool(ANSWERING_ROLES & {before, after})
    lasting = lasting_permissions(actor, own_only=own_only)
    return may_seat(actor, own_only=own_only) or permissions_of(before) | permissions_of(after) <= lasting


def roles_for(actor: Actor, before: Role) -> list[Role]:
    """The roles that `actor` may give to somebody who has `before` now, that one among them."""
    return [role for role in Role if may_change_role(actor, before, role)]


def invitable_roles(actor: Actor) -> list[Role]:
    """The roles that `actor` may put into an invitation."""
    return [role for role in Role if may_invite_to(actor, role)]


def today() -> date:
    """The day it is in India, where the days that people choose are counted."""
    return utc_now().astimezone(ZONE).date()


def is_over(valid_until: date | None) -> bool:
    """Whether a last day has passed. The day itself still counts."""
    return valid_until is not None and valid_until < today()


def is_ending(valid_until: date | None) -> bool:
    """Whether a last day is near enough to be reminded of it and to renew."""
    return valid_until is not None and valid_until <= today() + REMINDED_BEFORE


def needs_letter(kind: IdentifierKind) -> bool:
    """Whether an identifier proves nothing without the letter that orders it."""
    return kind is IdentifierKind.DEPARTMENT


def looks_like_pdf(beginning: bytes) -> bool:
    """Whether a file begins as a PDF does. Nothing more is read of it here."""
    return PDF_SIGN in beginning[:PDF_SIGN_WITHIN]

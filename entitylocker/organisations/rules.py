"""Pure decisions about members, invitations and letters."""

from __future__ import annotations

from datetime import timedelta

from entitylocker.access import Actor, Permission, Role, permissions_of
from entitylocker.errors import N_
from entitylocker.extensions import utc_now
from entitylocker.identifiers import IdentifierKind

INVITATION_LIFETIME = timedelta(days=7)
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
    Role.MEMBER: N_("Belongs to the organisation and sees its overview. Everything else is given by folder and time."),
}


def lasting_permissions(actor: Actor) -> frozenset[Permission]:
    """What the actor holds over the whole organisation now and without an end."""
    now = utc_now()
    lasting = (g for g in actor.grants if g.folder_path is None and g.ends_at is None and g.is_current(now))
    return frozenset().union(*(grant.permissions for grant in lasting))


def may_invite_to(actor: Actor, role: Role) -> bool:
    """An invitation carries a role without scope and end, so its giver must hold all of it that way."""
    return permissions_of(role) <= lasting_permissions(actor)


def invitable_roles(actor: Actor) -> list[Role]:
    """The roles that `actor` may put into an invitation."""
    return [role for role in Role if may_invite_to(actor, role)]


def needs_letter(kind: IdentifierKind) -> bool:
    """Whether an identifier proves nothing without the letter that orders it."""
    return kind is IdentifierKind.DEPARTMENT


def looks_like_pdf(beginning: bytes) -> bool:
    """Whether a file begins as a PDF does. Nothing more is read of it here."""
    return PDF_SIGN in beginning[:PDF_SIGN_WITHIN]

"""Built-in roles: each a set of permissions. The page of roles is made from this table."""

from __future__ import annotations

from enum import StrEnum

from entitylocker.access.permissions import MEMBER_PERMISSIONS, Permission

P = Permission


class Role(StrEnum):
    """A bundle of permissions that a membership or a delegation gives."""

    ADMINISTRATOR = "administrator"
    SIGNATORY = "signatory"
    RECORDS_OFFICER = "records_officer"
    READER = "reader"
    AUDITOR = "auditor"
    MEMBER = "member"
    BRANCH_ADMINISTRATOR = "branch_administrator"


_MEMBER = frozenset({P.ORGANISATION_READ})
_READER = _MEMBER | {P.FOLDER_READ, P.DOCUMENT_READ, P.DOCUMENT_DOWNLOAD, P.LENT_LIST, P.LENT_READ}
_RECORDS = _READER | {P.FOLDER_MANAGE, P.DOCUMENT_DEPOSIT, P.DOCUMENT_EDIT, P.DOCUMENT_BIN, P.TRUST_READ}
_CHECK_PAGES = frozenset({P.CHECK_PAGE_READ, P.CHECK_PAGE_ISSUE, P.CHECK_PAGE_REVOKE})
_CONSENTS = frozenset({P.CONSENT_LIST, P.CONSENT_GIVE, P.CONSENT_REVOKE, P.PORTAL_LIST})
_SIGNATORY = _READER | _CONSENTS | _CHECK_PAGES | {P.TRUST_READ}
_AUDITOR = _MEMBER | {
    P.MEMBER_LIST,
    P.PROPOSAL_LIST,
    P.DELEGATION_LIST,
    P.UNIT_LIST,
    P.AUTHORISATION_LIST,
    P.FOLDER_READ,
    P.DOCUMENT_READ,
    P.CONSENT_LIST,
    P.CHECK_PAGE_READ,
    P.PORTAL_LIST,
    P.LENT_LIST,
    P.TRUST_READ,
    P.AUDIT_READ,
    P.AUDIT_EXPORT,
}

# Who looks after a unit from above: people, roles and units below it, and the trail; never documents, consents or
# portals, and nothing that binds the unit itself.
_BRANCH = _MEMBER | {
    P.MEMBER_LIST,
    P.MEMBER_INVITE,
    P.MEMBER_REMOVE,
    P.MEMBER_CHANGE_ROLE,
    P.MEMBER_SEAT,
    P.DELEGATION_LIST,
    P.DELEGATION_REVOKE,
    P.UNIT_LIST,
    P.UNIT_MANAGE,
    P.AUTHORISATION_LIST,
    P.AUDIT_READ,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: MEMBER_PERMISSIONS,
    Role.SIGNATORY: _SIGNATORY,
    Role.RECORDS_OFFICER: _RECORDS,
    Role.READER: _READER,
    Role.AUDITOR: _AUDITOR,
    Role.MEMBER: _MEMBER,
    Role.BRANCH_ADMINISTRATOR: _BRANCH,
}

# Roles that make sense for a single folder; the others are about the whole organisation.
FOLDER_ROLES: tuple[Role, ...] = (Role.READER, Role.RECORDS_OFFICER, Role.SIGNATORY)

# Held only through a source outside the organisation (an administration from above): nobody gives or is invited to it.
SEAT_ROLES: frozenset[Role] = frozenset({Role.BRANCH_ADMINISTRATOR})


def permissions_of(role: Role) -> frozenset[Permission]:
    """The permissions a role holds."""
    return ROLE_PERMISSIONS[role]

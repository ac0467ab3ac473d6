"""The single acts of the house, and by which way of arriving each may be done."""

from __future__ import annotations

from enum import StrEnum


class OrganisationState(StrEnum):
    """The life of an organisation: `draft` until somebody answers for it, `closed` for good."""

    DRAFT = "draft"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Permission(StrEnum):
    """One act on one kind of thing, written `thing:act`."""

    ORGANISATION_READ = "organisation:read"
    ORGANISATION_MANAGE = "organisation:manage"
    ORGANISATION_SUSPEND = "organisation:suspend"
    ORGANISATION_REOPEN = "organisation:reopen"
    ORGANISATION_EXPORT = "organisation:export"
    PROPOSAL_LIST = "proposal:list"
    PROPOSAL_MAKE = "proposal:make"
    MEMBER_LIST = "member:list"
    MEMBER_INVITE = "member:invite"
    MEMBER_REMOVE = "member:remove"
    MEMBER_CHANGE_ROLE = "member:change_role"
    MEMBER_SEAT = "member:seat"
    MEMBER_PROVISION = "member:provision"
    DIRECTORY_MANAGE = "directory:manage"
    DELEGATION_LIST = "delegation:list"
    DELEGATION_GIVE = "delegation:give"
    DELEGATION_REVOKE = "delegation:revoke"
    UNIT_LIST = "unit:list"
    UNIT_MANAGE = "unit:manage"
    UNIT_ENTRUST = "unit:entrust"
    AUTHORISATION_LIST = "authorisation:list"
    AUTHORISATION_MANAGE = "authorisation:manage"
    FOLDER_READ = "folder:read"
    FOLDER_MANAGE = "folder:manage"
    DOCUMENT_READ = "document:read"
    DOCUMENT_DOWNLOAD = "document:download"
    DOCUMENT_DEPOSIT = "document:deposit"
    DOCUMENT_EDIT = "document:edit"
    DOCUMENT_BIN = "document:bin"
    DOCUMENT_FETCH = "document:fetch"
    DOCUMENT_CHECK = "document:check"
    CONSENT_LIST = "consent:list"
    CONSENT_GIVE = "consent:give"
    CONSENT_REVOKE = "consent:revoke"
    CONSENT_READ = "consent:read"
    CHECK_PAGE_READ = "check_page:read"
    CHECK_PAGE_ISSUE = "check_page:issue"
    CHECK_PAGE_REVOKE = "check_page:revoke"
    PORTAL_LIST = "portal:list"
    PORTAL_REGISTER = "portal:register"
    LENT_LIST = "lent:list"
    LENT_READ = "lent:read"
    TRUST_READ = "trust:read"
    TRUST_MANAGE = "trust:manage"
    AUDIT_READ = "audit:read"
    AUDIT_EXPORT = "audit:export"
    OPERATOR_REVIEW = "operator:review"
    OPERATOR_APPROVE = "operator:approve"
    ACCOUNT_OWN = "account:own"
    SESSION_OWN = "session:own"
    ORGANISATION_REGISTER = "organisation:register"
    HOUSEKEEPING = "house:keep"


P = Permission

# What a person needs to know that a thing exists. An act on what cannot be seen answers "not found".
SEEN_BY: dict[Permission, Permission] = {
    P.ORGANISATION_MANAGE: P.ORGANISATION_READ,
    P.ORGANISATION_SUSPEND: P.ORGANISATION_READ,
    P.ORGANISATION_REOPEN: P.ORGANISATION_READ,
    P.ORGANISATION_EXPORT: P.ORGANISATION_READ,
    P.PROPOSAL_LIST: P.ORGANISATION_READ,
    P.PROPOSAL_MAKE: P.ORGANISATION_READ,
    P.MEMBER_LIST: P.ORGANISATION_READ,
    P.MEMBER_INVITE: P.ORGANISATION_READ,
    P.MEMBER_REMOVE: P.ORGANISATION_READ,
    P.MEMBER_CHANGE_ROLE: P.ORGANISATION_READ,
    P.MEMBER_SEAT: P.ORGANISATION_READ,
    P.DIRECTORY_MANAGE: P.ORGANISATION_READ,
    P.DELEGATION_LIST: P.ORGANISATION_READ,
    P.DELEGATION_GIVE: P.ORGANISATION_READ,
    P.DELEGATION_REVOKE: P.ORGANISATION_READ,
    P.UNIT_LIST: P.ORGANISATION_READ,
    P.UNIT_MANAGE: P.ORGANISATION_READ,
    P.UNIT_ENTRUST: P.ORGANISATION_READ,
    P.AUTHORISATION_LIST: P.ORGANISATION_READ,
    P.AUTHORISATION_MANAGE: P.ORGANISATION_READ,
    P.FOLDER_MANAGE: P.FOLDER_READ,
    P.DOCUMENT_DOWNLOAD: P.DOCUMENT_READ,
    P.DOCUMENT_DEPOSIT: P.FOLDER_READ,
    P.DOCUMENT_EDIT: P.DOCUMENT_READ,
    P.DOCUMENT_BIN: P.DOCUMENT_READ,
    P.CONSENT_LIST: P.ORGANISATION_READ,
    P.CONSENT_GIVE: P.ORGANISATION_READ,
    P.CONSENT_REVOKE: P.ORGANISATION_READ,
    P.CHECK_PAGE_READ: P.DOCUMENT_READ,
    P.CHECK_PAGE_ISSUE: P.DOCUMENT_READ,
    P.CHECK_PAGE_REVOKE: P.DOCUMENT_READ,
    P.PORTAL_LIST: P.ORGANISATION_READ,
    P.PORTAL_REGISTER: P.ORGANISATION_READ,
    P.LENT_LIST: P.ORGANISATION_READ,
    P.LENT_READ: P.LENT_LIST,
    P.TRUST_READ: P.ORGANISATION_READ,
    P.TRUST_MANAGE: P.ORGANISATION_READ,
    P.AUDIT_READ: P.ORGANISATION_READ,
    P.AUDIT_EXPORT: P.ORGANISATION_READ,
}

# A stated-only organisation stores and checks; it may not consent, be a portal's keeper or speak to the public in a
# page of this locker (design 5.9).
NEEDS_VERIFIED: frozenset[Permission] = frozenset({P.CONSENT_GIVE, P.CHECK_PAGE_ISSUE, P.PORTAL_REGISTER})

_OF_PORTALS = frozenset({P.CONSENT_READ, P.DOCUMENT_FETCH})
_OF_DIRECTORIES = frozenset({P.MEMBER_PROVISION})
_OF_JOBS = frozenset({P.DOCUMENT_CHECK, P.HOUSEKEEPING})
_OF_OPERATORS = frozenset({P.OPERATOR_REVIEW, P.OPERATOR_APPROVE})
_OF_PERSONS = frozenset({P.ACCOUNT_OWN, P.SESSION_OWN, P.ORGANISATION_REGISTER})

# What a file of departments and officers does for the person who started it, by a command or a job.
_OF_RUNS = frozenset(
    {P.ORGANISATION_READ, P.MEMBER_LIST, P.MEMBER_INVITE, P.MEMBER_SEAT, P.UNIT_LIST, P.UNIT_MANAGE, P.UNIT_ENTRUST}
)

RUN_PERMISSIONS = _OF_RUNS
PORTAL_PERMISSIONS = _OF_PORTALS
DIRECTORY_PERMISSIONS = _OF_DIRECTORIES
JOB_PERMISSIONS = _OF_JOBS
OPERATOR_PERMISSIONS = _OF_OPERATORS
PERSON_PERMISSIONS = _OF_PERSONS
# What remains of these in a session that counts for one organisation only.
LIMITED_PERMISSIONS = frozenset({P.SESSION_OWN})
MEMBER_PERMISSIONS = frozenset(P) - _OF_PORTALS - _OF_DIRECTORIES - _OF_JOBS - _OF_OPERATORS - _OF_PERSONS

# What remains of the above in each state of the organisation. A draft sets itself up and speaks to nobody outside; a
# suspended one reads, takes everything with it, and does what lifts the suspension; a closed one has its trail, its
# export and its last page. What is not named here ends with the state.
_TO_THE_OUTSIDE = frozenset({P.CONSENT_GIVE, P.CHECK_PAGE_ISSUE, P.PORTAL_REGISTER})
_IN_DRAFT = MEMBER_PERMISSIONS - _TO_THE_OUTSIDE - {P.ORGANISATION_SUSPEND, P.ORGANISATION_REOPEN}
_READING = frozenset(
    {
        P.ORGANISATION_READ,
        P.MEMBER_LIST,
        P.DELEGATION_LIST,
        P.UNIT_LIST,
        P.AUTHORISATION_LIST,
        P.FOLDER_READ,
        P.DOCUMENT_READ,
        P.DOCUMENT_DOWNLOAD,
        P.CONSENT_LIST,
        P.CHECK_PAGE_READ,
        P.PORTAL_LIST,
        P.LENT_LIST,
        P.LENT_READ,
        P.TRUST_READ,
        P.AUDIT_READ,
        P.AUDIT_EXPORT,
        P.ORGANISATION_EXPORT,
        P.PROPOSAL_LIST,
    }
)
_IN_CLOSED = frozenset(
    {P.ORGANISATION_READ, P.AUDIT_READ, P.AUDIT_EXPORT, P.ORGANISATION_EXPORT, P.ORGANISATION_REOPEN, P.PROPOSAL_LIST}
)

REMAINS: dict[OrganisationState, frozenset[Permission]] = {
    OrganisationState.DRAFT: _IN_DRAFT | DIRECTORY_PERMISSIONS,
    OrganisationState.ACTIVE: frozenset(P) - {P.ORGANISATION_REOPEN},
    OrganisationState.SUSPENDED: _READING | {P.PROPOSAL_MAKE},
    OrganisationState.CLOSED: _IN_CLOSED,
}

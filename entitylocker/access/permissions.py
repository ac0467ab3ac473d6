"""The single acts of the house, and by which way of arriving each may be done."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """One act on one kind of thing, written `thing:act`."""

    ORGANISATION_READ = "organisation:read"
    ORGANISATION_MANAGE = "organisation:manage"
    MEMBER_LIST = "member:list"
    MEMBER_INVITE = "member:invite"
    MEMBER_REMOVE = "member:remove"
    DELEGATION_LIST = "delegation:list"
    DELEGATION_GIVE = "delegation:give"
    DELEGATION_REVOKE = "delegation:revoke"
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
    TRUST_READ = "trust:read"
    TRUST_MANAGE = "trust:manage"
    AUDIT_READ = "audit:read"
    AUDIT_EXPORT = "audit:export"
    OPERATOR_REVIEW = "operator:review"
    OPERATOR_APPROVE = "operator:approve"
    ACCOUNT_OWN = "account:own"
    ORGANISATION_REGISTER = "organisation:register"
    HOUSEKEEPING = "house:keep"


P = Permission

# What a person needs to know that a thing exists. An act on what cannot be seen answers "not found".
SEEN_BY: dict[Permission, Permission] = {
    P.ORGANISATION_MANAGE: P.ORGANISATION_READ,
    P.MEMBER_LIST: P.ORGANISATION_READ,
    P.MEMBER_INVITE: P.ORGANISATION_READ,
    P.MEMBER_REMOVE: P.ORGANISATION_READ,
    P.DELEGATION_LIST: P.ORGANISATION_READ,
    P.DELEGATION_GIVE: P.ORGANISATION_READ,
    P.DELEGATION_REVOKE: P.ORGANISATION_READ,
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
    P.TRUST_READ: P.ORGANISATION_READ,
    P.TRUST_MANAGE: P.ORGANISATION_READ,
    P.AUDIT_READ: P.ORGANISATION_READ,
    P.AUDIT_EXPORT: P.ORGANISATION_READ,
}

# A stated-only organisation stores and checks; it may not consent, be a portal's keeper or speak to the public in a
# page of this locker (design 5.9).
NEEDS_VERIFIED: frozenset[Permission] = frozenset({P.CONSENT_GIVE, P.CHECK_PAGE_ISSUE, P.PORTAL_REGISTER})

_OF_PORTALS = frozenset({P.CONSENT_READ, P.DOCUMENT_FETCH})
_OF_JOBS = frozenset({P.DOCUMENT_CHECK, P.HOUSEKEEPING})
_OF_OPERATORS = frozenset({P.OPERATOR_REVIEW, P.OPERATOR_APPROVE})
_OF_PERSONS = frozenset({P.ACCOUNT_OWN, P.ORGANISATION_REGISTER})

PORTAL_PERMISSIONS = _OF_PORTALS
JOB_PERMISSIONS = _OF_JOBS
OPERATOR_PERMISSIONS = _OF_OPERATORS
PERSON_PERMISSIONS = _OF_PERSONS
MEMBER_PERMISSIONS = frozenset(P) - _OF_PORTALS - _OF_JOBS - _OF_OPERATORS - _OF_PERSONS

"""What a refused act is called on the pages: every permission in plain words."""

from __future__ import annotations

from entitylocker.access import Permission
from entitylocker.errors import N_

P = Permission

ACT_WORDS: dict[str, str] = {
    P.ORGANISATION_READ: N_("see the organisation"),
    P.ORGANISATION_MANAGE: N_("change the organisation"),
    P.MEMBER_LIST: N_("see the members"),
    P.MEMBER_INVITE: N_("invite a member"),
    P.MEMBER_REMOVE: N_("remove a member"),
    P.DELEGATION_LIST: N_("see the roles given"),
    P.DELEGATION_GIVE: N_("give a role"),
    P.DELEGATION_REVOKE: N_("take a role back"),
    P.FOLDER_READ: N_("see a folder"),
    P.FOLDER_MANAGE: N_("make or rename a folder"),
    P.DOCUMENT_READ: N_("see a document"),
    P.DOCUMENT_DOWNLOAD: N_("download a document"),
    P.DOCUMENT_DEPOSIT: N_("deposit a document"),
    P.DOCUMENT_EDIT: N_("change a document"),
    P.DOCUMENT_BIN: N_("put a document in the bin or take it out"),
    P.DOCUMENT_FETCH: N_("fetch a document"),
    P.DOCUMENT_CHECK: N_("check a document"),
    P.CONSENT_LIST: N_("see the consents"),
    P.CONSENT_GIVE: N_("give a consent"),
    P.CONSENT_REVOKE: N_("withdraw a consent"),
    P.CONSENT_READ: N_("read a consent"),
    P.CHECK_PAGE_READ: N_("see a check page"),
    P.CHECK_PAGE_ISSUE: N_("switch a check page on"),
    P.CHECK_PAGE_REVOKE: N_("switch a check page off"),
    P.PORTAL_LIST: N_("see the portals"),
    P.PORTAL_REGISTER: N_("register a portal"),
    P.TRUST_READ: N_("see whom the organisation trusts"),
    P.TRUST_MANAGE: N_("change whom the organisation trusts"),
    P.AUDIT_READ: N_("read the activity"),
    P.AUDIT_EXPORT: N_("download the activity"),
    P.OPERATOR_REVIEW: N_("look at what waits for approval"),
    P.OPERATOR_APPROVE: N_("approve or refuse"),
    P.ACCOUNT_OWN: N_("use the own account"),
    P.ORGANISATION_REGISTER: N_("register an organisation"),
    P.HOUSEKEEPING: N_("keep the house"),
}

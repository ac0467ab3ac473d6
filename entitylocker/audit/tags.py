"""Every kind of event there is, with its label. A tag is never renamed or used again for something else."""

from __future__ import annotations

from enum import StrEnum

from entitylocker.errors import N_


class EventTag(StrEnum):
    """`thing:act`. Add new ones at the end of their block, with a label below."""

    PERSON_SIGN_UP = "person:sign_up"
    PERSON_SIGN_IN = "person:sign_in"
    PERSON_SIGN_IN_REFUSED = "person:sign_in_refused"
    PERSON_SIGN_OUT = "person:sign_out"
    PERSON_SESSION_END = "person:session_end"
    ORGANISATION_REGISTER = "organisation:register"
    ORGANISATION_CHANGE = "organisation:change"
    IDENTIFIER_STATE = "identifier:state"
    IDENTIFIER_VERIFY = "identifier:verify"
    IDENTIFIER_REFUSE = "identifier:refuse"
    INVITATION_ISSUE = "invitation:issue"
    INVITATION_REDEEM = "invitation:redeem"
    INVITATION_REVOKE = "invitation:revoke"
    MEMBERSHIP_END = "membership:end"
    DELEGATION_GIVE = "delegation:give"
    DELEGATION_REVOKE = "delegation:revoke"
    FOLDER_CREATE = "folder:create"
    FOLDER_RENAME = "folder:rename"
    DOCUMENT_DEPOSIT = "document:deposit"
    DOCUMENT_ADD_VERSION = "document:add_version"
    DOCUMENT_EDIT = "document:edit"
    DOCUMENT_BIN = "document:bin"
    DOCUMENT_RESTORE = "document:restore"
    DOCUMENT_DOWNLOAD = "document:download"
    DOCUMENT_UNLOCK = "document:unlock"
    DOCUMENT_CHECK_AGAIN = "document:check_again"
    REPORT_EXPORT = "report:export"
    VERDICT_REACHED = "verdict:reached"
    VERDICT_CHANGED = "verdict:changed"
    TRUST_ADD = "trust:add"
    TRUST_REMOVE = "trust:remove"
    TRUST_IMPORT_LIST = "trust:import_list"
    TRUST_SET_POLICY = "trust:set_policy"
    PORTAL_REGISTER = "portal:register"
    PORTAL_APPROVE = "portal:approve"
    PORTAL_REFUSE = "portal:refuse"
    PORTAL_SUSPEND = "portal:suspend"
    CONSENT_REQUEST = "consent:request"
    CONSENT_GIVE = "consent:give"
    CONSENT_DENY = "consent:deny"
    CONSENT_REVOKE = "consent:revoke"
    CHECK_PAGE_ISSUE = "check_page:issue"
    CHECK_PAGE_CHANGE = "check_page:change"
    CHECK_PAGE_RENEW_CODE = "check_page:renew_code"
    CHECK_PAGE_REVOKE = "check_page:revoke"
    TOKEN_ISSUE = "token:issue"  # noqa: S105 - the word of OAuth, not a secret
    TOKEN_REVOKE = "token:revoke"  # noqa: S105
    DOCUMENT_FETCH = "document:fetch"
    FETCH_REFUSED = "document:fetch_refused"
    ACCESS_REFUSED = "access:refused"
    AUDIT_EXPORT = "audit:export"
    OPERATOR_ADD = "operator:add"
    OPERATOR_READ = "operator:read"


T = EventTag

LABELS: dict[EventTag, str] = {
    T.PERSON_SIGN_UP: N_("opened an account"),
    T.PERSON_SIGN_IN: N_("signed in"),
    T.PERSON_SIGN_IN_REFUSED: N_("was not signed in"),
    T.PERSON_SIGN_OUT: N_("signed out"),
    T.PERSON_SESSION_END: N_("ended a session"),
    T.ORGANISATION_REGISTER: N_("registered the organisation"),
    T.ORGANISATION_CHANGE: N_("changed the organisation’s details"),
    T.IDENTIFIER_STATE: N_("stated an identifier"),
    T.IDENTIFIER_VERIFY: N_("verified an identifier"),
    T.IDENTIFIER_REFUSE: N_("did not accept an identifier"),
    T.INVITATION_ISSUE: N_("invited a person"),
    T.INVITATION_REDEEM: N_("accepted an invitation"),
    T.INVITATION_REVOKE: N_("took an invitation back"),
    T.MEMBERSHIP_END: N_("ended a membership"),
    T.DELEGATION_GIVE: N_("gave a role"),
    T.DELEGATION_REVOKE: N_("took a role back"),
    T.FOLDER_CREATE: N_("made a folder"),
    T.FOLDER_RENAME: N_("renamed a folder"),
    T.DOCUMENT_DEPOSIT: N_("deposited a document"),
    T.DOCUMENT_ADD_VERSION: N_("added a version"),
    T.DOCUMENT_EDIT: N_("changed a document’s details"),
    T.DOCUMENT_BIN: N_("put a document in the bin"),
    T.DOCUMENT_RESTORE: N_("took a document out of the bin"),
    T.DOCUMENT_DOWNLOAD: N_("downloaded a document"),
    T.DOCUMENT_UNLOCK: N_("had a locked document checked with its password"),
    T.DOCUMENT_CHECK_AGAIN: N_("asked for a new check of a document"),
    T.REPORT_EXPORT: N_("took out the report about a document"),
    T.VERDICT_REACHED: N_("checked the signatures of a document"),
    T.VERDICT_CHANGED: N_("came to another verdict about a document"),
    T.TRUST_ADD: N_("began to trust an authority"),
    T.TRUST_REMOVE: N_("ended the trust in an authority"),
    T.TRUST_IMPORT_LIST: N_("took over a list of revoked certificates"),
    T.TRUST_SET_POLICY: N_("set which signatures suffice for sharing"),
    T.PORTAL_REGISTER: N_("registered a portal"),
    T.PORTAL_APPROVE: N_("approved a portal"),
    T.PORTAL_REFUSE: N_("did not approve a portal"),
    T.PORTAL_SUSPEND: N_("suspended a portal"),
    T.CONSENT_REQUEST: N_("asked for documents"),
    T.CONSENT_GIVE: N_("gave consent"),
    T.CONSENT_DENY: N_("did not give consent"),
    T.CONSENT_REVOKE: N_("withdrew consent"),
    T.CHECK_PAGE_ISSUE: N_("switched a check page on"),
    T.CHECK_PAGE_CHANGE: N_("changed what a check page shows"),
    T.CHECK_PAGE_RENEW_CODE: N_("made a new code for a check page"),
    T.CHECK_PAGE_REVOKE: N_("switched a check page off"),
    T.TOKEN_ISSUE: N_("was given an access token"),
    T.TOKEN_REVOKE: N_("gave an access token back"),
    T.DOCUMENT_FETCH: N_("fetched a document"),
    T.FETCH_REFUSED: N_("was refused documents"),
    T.ACCESS_REFUSED: N_("was refused"),
    T.AUDIT_EXPORT: N_("exported the audit trail"),
    T.OPERATOR_ADD: N_("became an operator"),
    T.OPERATOR_READ: N_("looked at what waits for approval"),
}

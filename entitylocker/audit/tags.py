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
    PERSON_RESET_ASK = "person:reset_ask"
    PERSON_RESET_END = "person:reset_end"
    PERSON_PASSWORD_RESET = "person:password_reset"  # noqa: S105 - what happened, not a secret
    PERSON_PASSWORD_CHANGE = "person:password_change"  # noqa: S105
    PERSON_ADDRESS_ASK = "person:address_ask"
    PERSON_ADDRESS_END = "person:address_end"
    PERSON_ADDRESS_CHANGE = "person:address_change"
    PERSON_ADDRESS_UNDO = "person:address_undo"
    PERSON_SECOND_STEP_REFUSED = "person:second_step_refused"
    PERSON_CONFIRM = "person:confirm"
    PASSKEY_ADD = "passkey:add"
    PASSKEY_RENAME = "passkey:rename"
    PASSKEY_REMOVE = "passkey:remove"
    PASSKEY_SUSPECT = "passkey:suspect"
    AUTHENTICATOR_ADD = "authenticator:add"
    AUTHENTICATOR_REMOVE = "authenticator:remove"
    RECOVERY_CODES_MAKE = "recovery_codes:make"
    RECOVERY_CODE_USE = "recovery_code:use"
    SECOND_FACTOR_REQUIRE = "second_factor:require"
    SECOND_FACTOR_WAIVE = "second_factor:waive"
    ORGANISATION_REGISTER = "organisation:register"
    ORGANISATION_CHANGE = "organisation:change"
    ORGANISATION_SUSPEND = "organisation:suspend"
    ORGANISATION_LIFT = "organisation:lift"
    ORGANISATION_CLOSE = "organisation:close"
    ORGANISATION_REOPEN = "organisation:reopen"
    ORGANISATION_END_KEY = "organisation:end_key"
    ORGANISATION_EXPORT = "organisation:export"
    ORGANISATION_EXPORT_END = "organisation:export_end"
    PROPOSAL_MAKE = "proposal:make"
    PROPOSAL_VOTE = "proposal:vote"
    PROPOSAL_OBJECT = "proposal:object"
    PROPOSAL_END = "proposal:end"
    IDENTIFIER_STATE = "identifier:state"
    IDENTIFIER_VERIFY = "identifier:verify"
    IDENTIFIER_REFUSE = "identifier:refuse"
    IDENTIFIER_EXPIRE = "identifier:expire"
    IDENTIFIER_CONTEST = "identifier:contest"
    DIRECTOR_ADD = "director:add"
    DIRECTOR_END = "director:end"
    NAME_CHANGE_ASK = "name_change:ask"
    NAME_CHANGE_WITHDRAW = "name_change:withdraw"
    NAME_CHANGE_REFUSE = "name_change:refuse"
    ORGANISATION_RENAME = "organisation:rename"
    MEMBERSHIP_CHANGE_ROLE = "membership:change_role"
    INVITATION_ISSUE = "invitation:issue"
    INVITATION_REDEEM = "invitation:redeem"
    INVITATION_REVOKE = "invitation:revoke"
    INVITATION_RESEND = "invitation:resend"
    INVITATION_PRINT = "invitation:print"
    ORGANISATION_ACTIVATE = "organisation:activate"
    ONBOARDING_START = "onboarding:start"
    ONBOARDING_FINISH = "onboarding:finish"
    ONBOARDING_ASK_UNDO = "onboarding:ask_undo"
    ONBOARDING_UNDO = "onboarding:undo"
    ONBOARDING_SET_TARGET = "onboarding:set_target"
    ONBOARDING_END_TARGET = "onboarding:end_target"
    ADOPTION_EXPORT = "adoption:export"
    MEMBERSHIP_END = "membership:end"
    MEMBERSHIP_ADDRESS = "membership:address"
    DIRECTORY_TOKEN_ISSUE = "directory_token:issue"  # noqa: S105
    DIRECTORY_TOKEN_REVOKE = "directory_token:revoke"  # noqa: S105
    DIRECTORY_USER_PUT = "directory_user:put"
    DIRECTORY_USER_REMOVE = "directory_user:remove"
    DIRECTORY_GROUP_PUT = "directory_group:put"
    DIRECTORY_GROUP_REMOVE = "directory_group:remove"
    DIRECTORY_GROUP_SET_ROLE = "directory_group:set_role"
    IDENTITY_PROVIDER_SET_UP = "identity_provider:set_up"
    IDENTITY_PROVIDER_END = "identity_provider:end"
    IDENTITY_LINK = "identity:link"
    IDENTITY_UNLINK = "identity:unlink"
    DELEGATION_GIVE = "delegation:give"
    DELEGATION_REVOKE = "delegation:revoke"
    UNIT_OPEN = "unit:open"
    UNIT_ASK = "unit:ask"
    UNIT_JOIN = "unit:join"
    UNIT_AGREE = "unit:agree"
    UNIT_ABOVE = "unit:above"
    UNIT_LEAVE = "unit:leave"
    UNIT_VOUCH = "unit:vouch"
    UNIT_WITHDRAW_VOUCHING = "unit:withdraw_vouching"
    UNIT_ENTER = "unit:enter"
    UNIT_RENEW_CODE = "unit:renew_code"
    BRANCH_GIVE = "branch:give"
    BRANCH_REVOKE = "branch:revoke"
    AUTHORISATION_PROPOSE = "authorisation:propose"
    AUTHORISATION_CONFIRM = "authorisation:confirm"
    AUTHORISATION_END = "authorisation:end"
    AGENT_NAME = "agent:name"
    AGENT_END = "agent:end"
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
    PORTAL_END = "portal:end"
    CONSENT_REQUEST = "consent:request"
    CONSENT_GIVE = "consent:give"
    CONSENT_DENY = "consent:deny"
    CONSENT_REVOKE = "consent:revoke"
    CHECK_PAGE_ISSUE = "check_page:issue"
    CHECK_PAGE_CHANGE = "check_page:change"
    CHECK_PAGE_RENEW_CODE = "check_page:renew_code"
    CHECK_PAGE_REVOKE = "check_page:revoke"
    CITIZEN_LINK = "citizen:link"
    CITIZEN_UNLINK = "citizen:unlink"
    CITIZEN_LINK_REFUSED = "citizen:link_refused"
    PROOF_ADD = "proof:add"
    PROOF_REMOVE = "proof:remove"
    PROOF_SHOW = "proof:show"
    PROOF_HIDE = "proof:hide"
    LENDING_GIVE = "lending:give"
    LENDING_READ = "lending:read"
    LENDING_ALLOW_COPY = "lending:allow_copy"
    LENDING_REVOKE_COPY = "lending:revoke_copy"
    LENDING_KEEP_COPY = "lending:keep_copy"
    LENDING_EXPORT = "lending:export"
    LENDING_END = "lending:end"
    TOKEN_ISSUE = "token:issue"  # noqa: S105 - the word of OAuth, not a secret
    TOKEN_REVOKE = "token:revoke"  # noqa: S105
    DOCUMENT_FETCH = "document:fetch"
    FETCH_REFUSED = "document:fetch_refused"
    ACCESS_REFUSED = "access:refused"
    AUDIT_EXPORT = "audit:export"
    OPERATOR_ADD = "operator:add"
    OPERATOR_END = "operator:end"
    OPERATOR_READ = "operator:read"


T = EventTag

LABELS: dict[EventTag, str] = {
    T.PERSON_SIGN_UP: N_("opened an account"),
    T.PERSON_SIGN_IN: N_("signed in"),
    T.PERSON_SIGN_IN_REFUSED: N_("was not signed in"),
    T.PERSON_SIGN_OUT: N_("signed out"),
    T.PERSON_SESSION_END: N_("ended a session"),
    T.PERSON_RESET_ASK: N_("asked for a link to set a new password"),
    T.PERSON_RESET_END: N_("had a link for a new password end"),
    T.PERSON_PASSWORD_RESET: N_("set a new password through a link"),
    T.PERSON_PASSWORD_CHANGE: N_("changed the password"),
    T.PERSON_ADDRESS_ASK: N_("asked for another e-mail address"),
    T.PERSON_ADDRESS_END: N_("had a change of the e-mail address end"),
    T.PERSON_ADDRESS_CHANGE: N_("changed the e-mail address"),
    T.PERSON_ADDRESS_UNDO: N_("undid the change of the e-mail address"),
    T.PERSON_SECOND_STEP_REFUSED: N_("was not let in at the second step"),
    T.PERSON_CONFIRM: N_("confirmed who they are"),
    T.PASSKEY_ADD: N_("added a passkey"),
    T.PASSKEY_RENAME: N_("renamed a passkey"),
    T.PASSKEY_REMOVE: N_("removed a passkey"),
    T.PASSKEY_SUSPECT: N_("used a passkey that may have been copied"),
    T.AUTHENTICATOR_ADD: N_("set up an authenticator app"),
    T.AUTHENTICATOR_REMOVE: N_("removed the authenticator app"),
    T.RECOVERY_CODES_MAKE: N_("made recovery codes"),
    T.RECOVERY_CODE_USE: N_("used a recovery code"),
    T.SECOND_FACTOR_REQUIRE: N_("began to ask members for a second factor"),
    T.SECOND_FACTOR_WAIVE: N_("no longer asks members for a second factor"),
    T.ORGANISATION_REGISTER: N_("registered the organisation"),
    T.ORGANISATION_SUSPEND: N_("suspended the organisation"),
    T.ORGANISATION_LIFT: N_("lifted the suspension of the organisation"),
    T.ORGANISATION_CLOSE: N_("closed the organisation"),
    T.ORGANISATION_REOPEN: N_("undid the closing of the organisation"),
    T.ORGANISATION_END_KEY: N_("destroyed the key of the closed organisation"),
    T.ORGANISATION_EXPORT: N_("began to export everything"),
    T.ORGANISATION_EXPORT_END: N_("exported everything"),
    T.PROPOSAL_MAKE: N_("made a proposal to the administrators"),
    T.PROPOSAL_VOTE: N_("voted on a proposal"),
    T.PROPOSAL_OBJECT: N_("objected to a proposal"),
    T.PROPOSAL_END: N_("ended a proposal"),
    T.ORGANISATION_CHANGE: N_("changed the organisation’s details"),
    T.IDENTIFIER_STATE: N_("stated an identifier"),
    T.IDENTIFIER_VERIFY: N_("verified an identifier"),
    T.IDENTIFIER_REFUSE: N_("did not accept an identifier"),
    T.IDENTIFIER_EXPIRE: N_("ended the verification of an identifier"),
    T.IDENTIFIER_CONTEST: N_("decided between two claims to an identifier"),
    T.DIRECTOR_ADD: N_("named a director or partner"),
    T.DIRECTOR_END: N_("took a director or partner off the list"),
    T.NAME_CHANGE_ASK: N_("asked for another name of the organisation"),
    T.NAME_CHANGE_WITHDRAW: N_("withdrew a change of name"),
    T.NAME_CHANGE_REFUSE: N_("did not accept a change of name"),
    T.ORGANISATION_RENAME: N_("changed the name of the organisation"),
    T.MEMBERSHIP_CHANGE_ROLE: N_("changed a member’s role"),
    T.INVITATION_ISSUE: N_("invited a person"),
    T.INVITATION_REDEEM: N_("accepted an invitation"),
    T.INVITATION_REVOKE: N_("took an invitation back"),
    T.INVITATION_RESEND: N_("renewed an invitation"),
    T.INVITATION_PRINT: N_("saw a slip to print it"),
    T.ORGANISATION_ACTIVATE: N_("made the organisation active as its first administrator"),
    T.ONBOARDING_START: N_("began to bring in departments and officers from a file"),
    T.ONBOARDING_FINISH: N_("came to the end of a file of departments and officers"),
    T.ONBOARDING_ASK_UNDO: N_("asked to take back what a file of departments and officers had begun"),
    T.ONBOARDING_UNDO: N_("took back what a file of departments and officers had begun"),
    T.ONBOARDING_SET_TARGET: N_("set how many officers are to come in"),
    T.ONBOARDING_END_TARGET: N_("took away how many officers are to come in"),
    T.ADOPTION_EXPORT: N_("took out the report about adoption"),
    T.MEMBERSHIP_END: N_("ended a membership"),
    T.MEMBERSHIP_ADDRESS: N_("took over a member’s new e-mail address"),
    T.DIRECTORY_TOKEN_ISSUE: N_("issued a token for the directory"),
    T.DIRECTORY_TOKEN_REVOKE: N_("ended a token of the directory"),
    T.DIRECTORY_USER_PUT: N_("brought or changed a person from the directory"),
    T.DIRECTORY_USER_REMOVE: N_("removed a person from the directory"),
    T.DIRECTORY_GROUP_PUT: N_("brought or changed a group from the directory"),
    T.DIRECTORY_GROUP_REMOVE: N_("removed a group from the directory"),
    T.DIRECTORY_GROUP_SET_ROLE: N_("decided which role a group of the directory means"),
    T.IDENTITY_PROVIDER_SET_UP: N_("set up the organisation’s own sign-in"),
    T.IDENTITY_PROVIDER_END: N_("ended the organisation’s own sign-in"),
    T.IDENTITY_LINK: N_("connected a sign-in of an organisation to an account"),
    T.IDENTITY_UNLINK: N_("disconnected a sign-in of an organisation from an account"),
    T.DELEGATION_GIVE: N_("gave a role"),
    T.DELEGATION_REVOKE: N_("took a role back"),
    T.UNIT_OPEN: N_("opened a unit"),
    T.UNIT_ASK: N_("asked an organisation to become a unit"),
    T.UNIT_JOIN: N_("joined as a unit"),
    T.UNIT_AGREE: N_("agreed to what stands above the unit"),
    T.UNIT_ABOVE: N_("changed what stands above the organisation"),
    T.UNIT_LEAVE: N_("ended that one organisation is a unit of the other"),
    T.UNIT_VOUCH: N_("vouched for a unit"),
    T.UNIT_WITHDRAW_VOUCHING: N_("no longer vouches for a unit"),
    T.UNIT_ENTER: N_("began to act here through another organisation"),
    T.UNIT_RENEW_CODE: N_("made a new code of the organisation"),
    T.BRANCH_GIVE: N_("gave the administration of a branch"),
    T.BRANCH_REVOKE: N_("took the administration of a branch back"),
    T.AUTHORISATION_PROPOSE: N_("proposed that an agency acts for a department"),
    T.AUTHORISATION_CONFIRM: N_("confirmed that an agency acts for a department"),
    T.AUTHORISATION_END: N_("ended that an agency acts for a department"),
    T.AGENT_NAME: N_("named who acts for a department"),
    T.AGENT_END: N_("ended that somebody acts for a department"),
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
    T.PORTAL_END: N_("ended a portal"),
    T.CONSENT_REQUEST: N_("asked for documents"),
    T.CONSENT_GIVE: N_("gave consent"),
    T.CONSENT_DENY: N_("did not give consent"),
    T.CONSENT_REVOKE: N_("withdrew consent"),
    T.CHECK_PAGE_ISSUE: N_("switched a check page on"),
    T.CHECK_PAGE_CHANGE: N_("changed what a check page shows"),
    T.CHECK_PAGE_RENEW_CODE: N_("made a new code for a check page"),
    T.CHECK_PAGE_REVOKE: N_("switched a check page off"),
    T.CITIZEN_LINK: N_("linked a citizen locker"),
    T.CITIZEN_UNLINK: N_("ended the link to a citizen locker"),
    T.CITIZEN_LINK_REFUSED: N_("was not linked or signed in by a citizen locker"),
    T.PROOF_ADD: N_("added a proof of who they are"),
    T.PROOF_REMOVE: N_("removed a proof of who they are"),
    T.PROOF_SHOW: N_("showed the organisation a proof of who they are"),
    T.PROOF_HIDE: N_("no longer shows the organisation a proof of who they are"),
    T.LENDING_GIVE: N_("lent a document of their own"),
    T.LENDING_READ: N_("opened a lent document"),
    T.LENDING_ALLOW_COPY: N_("allowed a copy of a lent document to be kept"),
    T.LENDING_REVOKE_COPY: N_("no longer allows a copy of a lent document to be kept"),
    T.LENDING_KEEP_COPY: N_("kept a copy of a lent document"),
    T.LENDING_EXPORT: N_("took out the record of a lending"),
    T.LENDING_END: N_("ended a lending"),
    T.TOKEN_ISSUE: N_("was given an access token"),
    T.TOKEN_REVOKE: N_("gave an access token back"),
    T.DOCUMENT_FETCH: N_("fetched a document"),
    T.FETCH_REFUSED: N_("was refused documents"),
    T.ACCESS_REFUSED: N_("was refused"),
    T.AUDIT_EXPORT: N_("exported the audit trail"),
    T.OPERATOR_ADD: N_("became an operator"),
    T.OPERATOR_END: N_("is an operator no more"),
    T.OPERATOR_READ: N_("looked at what waits for approval"),
}

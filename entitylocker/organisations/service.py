"""The use cases of organisations, by subject."""

from entitylocker.organisations.details import OrganisationDetails, get_details
from entitylocker.organisations.directors import add_director, end_director
from entitylocker.organisations.disputes import Holder, decide_dispute
from entitylocker.organisations.identity import state_identifier
from entitylocker.organisations.invitations import (
    ForWhom,
    IssuedInvitation,
    get_way,
    invite_member,
    list_invitations,
    list_past_invitations,
    resend_mail,
    revoke_invitation,
    revoke_run,
)
from entitylocker.organisations.letters import Letter, OpenLetter
from entitylocker.organisations.life import (
    ExportFacts,
    Life,
    get_life,
    register_export,
    reopen_organisation,
    suspend_organisation,
)
from entitylocker.organisations.members import (
    MemberPage,
    end_membership,
    leave_organisation,
    list_members,
    list_outsiders,
)
from entitylocker.organisations.name_review import confirm_name, list_pending_names, open_name_letter, refuse_name
from entitylocker.organisations.names import change_name, get_name, withdraw_name_change
from entitylocker.organisations.overview import Overview, get_overview, register_fact
from entitylocker.organisations.proposal_views import (
    Proposals,
    ProposalView,
    list_concerned,
    list_proposals,
    remind_of_proposals,
)
from entitylocker.organisations.proposals import (
    Wish,
    carry_out_proposal,
    object_to,
    on_member_gone,
    on_role_changed,
    propose,
    vote,
    withdraw_proposal,
)
from entitylocker.organisations.redeeming import (
    MyInvitation,
    OpenInvitation,
    accept_my_invitation,
    get_invitation,
    list_my_invitations,
    may_accept,
    redeem_invitation,
)
from entitylocker.organisations.registration import (
    MyOrganisation,
    list_my_organisations,
    register_organisation,
)
from entitylocker.organisations.review import (
    PendingIdentifier,
    list_pending_identifiers,
    open_letter,
    refuse_identifier,
    verify_identifier,
)
from entitylocker.organisations.role_changes import change_role, get_member
from entitylocker.organisations.sending_limits import Sendings, get_sendings
from entitylocker.organisations.slips import (
    SLIPS_AT_ONCE,
    Slip,
    invite_by_phone,
    issue_slip,
    print_slips,
    renew_code,
)

__all__ = [
    "SLIPS_AT_ONCE",
    "ExportFacts",
    "ForWhom",
    "Holder",
    "IssuedInvitation",
    "Letter",
    "Life",
    "MemberPage",
    "MyInvitation",
    "MyOrganisation",
    "OpenInvitation",
    "OpenLetter",
    "OrganisationDetails",
    "Overview",
    "PendingIdentifier",
    "ProposalView",
    "Proposals",
    "Sendings",
    "Slip",
    "Wish",
    "accept_my_invitation",
    "add_director",
    "carry_out_proposal",
    "change_name",
    "change_role",
    "confirm_name",
    "decide_dispute",
    "end_director",
    "end_membership",
    "get_details",
    "get_invitation",
    "get_life",
    "get_member",
    "get_name",
    "get_overview",
    "get_sendings",
    "get_way",
    "invite_by_phone",
    "invite_member",
    "issue_slip",
    "leave_organisation",
    "list_concerned",
    "list_invitations",
    "list_members",
    "list_my_invitations",
    "list_my_organisations",
    "list_outsiders",
    "list_past_invitations",
    "list_pending_identifiers",
    "list_pending_names",
    "list_proposals",
    "may_accept",
    "object_to",
    "on_member_gone",
    "on_role_changed",
    "open_letter",
    "open_name_letter",
    "print_slips",
    "propose",
    "redeem_invitation",
    "refuse_identifier",
    "refuse_name",
    "register_export",
    "register_fact",
    "register_organisation",
    "remind_of_proposals",
    "renew_code",
    "reopen_organisation",
    "resend_mail",
    "revoke_invitation",
    "revoke_run",
    "state_identifier",
    "suspend_organisation",
    "verify_identifier",
    "vote",
    "withdraw_name_change",
    "withdraw_proposal",
]

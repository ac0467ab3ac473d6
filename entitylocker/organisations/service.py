"""The use cases of organisations, by subject."""

from entitylocker.organisations.identity import state_identifier
from entitylocker.organisations.invitations import (
    IssuedInvitation,
    OpenInvitation,
    get_invitation,
    invite_member,
    list_invitations,
    redeem_invitation,
    revoke_invitation,
)
from entitylocker.organisations.letters import Letter, OpenLetter
from entitylocker.organisations.members import MemberPage, end_membership, leave_organisation, list_members
from entitylocker.organisations.overview import Overview, get_overview, register_fact
from entitylocker.organisations.registration import (
    MyOrganisation,
    OrganisationDetails,
    get_details,
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

__all__ = [
    "IssuedInvitation",
    "Letter",
    "MemberPage",
    "MyOrganisation",
    "OpenInvitation",
    "OpenLetter",
    "OrganisationDetails",
    "Overview",
    "PendingIdentifier",
    "end_membership",
    "get_details",
    "get_invitation",
    "get_overview",
    "invite_member",
    "leave_organisation",
    "list_invitations",
    "list_members",
    "list_my_organisations",
    "list_pending_identifiers",
    "open_letter",
    "redeem_invitation",
    "refuse_identifier",
    "register_fact",
    "register_organisation",
    "revoke_invitation",
    "state_identifier",
    "verify_identifier",
]

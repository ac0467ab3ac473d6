"""The use cases of delegations, by subject: giving, and what a member may do taken together."""

from entitylocker.delegations.giving import (
    Choices,
    DelegationView,
    give_delegation,
    list_choices,
    list_delegations,
    on_membership_ended,
    on_organisation_closed,
    revoke_delegation,
)
from entitylocker.delegations.members import load_member, recheck_rights
from entitylocker.delegations.overall import find_left, list_given_signatories

__all__ = [
    "Choices",
    "DelegationView",
    "find_left",
    "give_delegation",
    "list_choices",
    "list_delegations",
    "list_given_signatories",
    "load_member",
    "on_membership_ended",
    "on_organisation_closed",
    "recheck_rights",
    "revoke_delegation",
]

"""The use cases of units, by subject."""

from entitylocker.organisations.entrances import Entrance, list_entrances
from entitylocker.units.agencies import (
    Terms,
    accept_authorisation,
    confirm_authorisation,
    end_authorisation,
    get_authorisation,
    list_authorisations,
    list_choices,
    offer_authorisation,
    open_letter,
    propose_authorisation,
    set_folders,
)
from entitylocker.units.agents import end_agent, list_agents, list_agents_to_name, name_agent
from entitylocker.units.branches import give_branch, list_branches, list_own_members, revoke_branch
from entitylocker.units.closing import on_organisation_closed
from entitylocker.units.entering import enter
from entitylocker.units.heads import get_unit_to_staff, invite_first_administrator, refuse_in_vain
from entitylocker.units.joining import agree_to_above, ask_to_join, end_unit, join_parent, leave_parent
from entitylocker.units.names import name_key
from entitylocker.units.opening import open_child
from entitylocker.units.tree import (
    find_child_by_name,
    find_code,
    list_above,
    list_children,
    list_links,
    look_as_manager,
    renew_code,
)
from entitylocker.units.views import Above, AuthorisationView, BranchView, Link, Unit
from entitylocker.units.vouching import get_child_to_vouch, vouch_for, withdraw_vouching

__all__ = [
    "Above",
    "AuthorisationView",
    "BranchView",
    "Entrance",
    "Link",
    "Terms",
    "Unit",
    "accept_authorisation",
    "agree_to_above",
    "ask_to_join",
    "confirm_authorisation",
    "end_agent",
    "end_authorisation",
    "end_unit",
    "enter",
    "find_child_by_name",
    "find_code",
    "get_authorisation",
    "get_child_to_vouch",
    "get_unit_to_staff",
    "give_branch",
    "invite_first_administrator",
    "join_parent",
    "leave_parent",
    "list_above",
    "list_agents",
    "list_agents_to_name",
    "list_authorisations",
    "list_branches",
    "list_children",
    "list_choices",
    "list_entrances",
    "list_links",
    "list_own_members",
    "look_as_manager",
    "name_agent",
    "name_key",
    "offer_authorisation",
    "on_organisation_closed",
    "open_child",
    "open_letter",
    "propose_authorisation",
    "refuse_in_vain",
    "renew_code",
    "revoke_branch",
    "set_folders",
    "vouch_for",
    "withdraw_vouching",
]

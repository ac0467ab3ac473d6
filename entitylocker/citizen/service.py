"""The use cases of this room, by subject: links, signing in, proofs, what is shown, lending on both sides."""

from entitylocker.citizen.borrowing import export_lent, get_lent, keep_copy, list_lent, open_lent
from entitylocker.citizen.ekyc import add_ekyc, ekyc_lasts, offers_ekyc, remove_ekyc
from entitylocker.citizen.ending import on_membership_ended, on_organisation_closed, withdraw_lending
from entitylocker.citizen.lending import lend, list_lendable, prepare_lending
from entitylocker.citizen.linking import begin_link, end_link, finish_link, get_link, list_links, on_account_recovered
from entitylocker.citizen.lockers import get_locker, list_lockers
from entitylocker.citizen.own_lendings import allow_copy, export_own, list_own
from entitylocker.citizen.showing import hide_proof, list_proofs, list_shown, proofs_of_members, show_proof
from entitylocker.citizen.signing_in import begin_sign_in, finish_sign_in
from entitylocker.citizen.visits import arrive

__all__ = [
    "add_ekyc",
    "allow_copy",
    "arrive",
    "begin_link",
    "begin_sign_in",
    "ekyc_lasts",
    "end_link",
    "export_lent",
    "export_own",
    "finish_link",
    "finish_sign_in",
    "get_lent",
    "get_link",
    "get_locker",
    "hide_proof",
    "keep_copy",
    "lend",
    "list_lendable",
    "list_lent",
    "list_links",
    "list_lockers",
    "list_own",
    "list_proofs",
    "list_shown",
    "offers_ekyc",
    "on_account_recovered",
    "on_membership_ended",
    "on_organisation_closed",
    "open_lent",
    "prepare_lending",
    "proofs_of_members",
    "remove_ekyc",
    "show_proof",
    "withdraw_lending",
]

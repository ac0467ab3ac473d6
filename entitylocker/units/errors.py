"""What can go wrong between organisations: units, vouching, branches and agencies."""

from __future__ import annotations

from entitylocker.errors import N_, Conflict, LockerError


class TooDeep(LockerError):
    code = "units_too_deep"
    status = 422
    message = N_("Units can lie in one another six levels deep, not more.")


class WouldCloseCircle(LockerError):
    code = "units_in_circle"
    status = 422
    message = N_("This organisation lies above yours already: it cannot also be a unit of it.")


class HasParent(Conflict):
    code = "has_parent"
    message = N_("The organisation is a unit of another one.")
    advice = N_("It can join once it has left the other.")


class AskedAlready(LockerError):
    code = "asked_already"
    status = 409
    message = N_("This organisation is a unit already, or was asked and has not answered yet.")


class NoSuchCode(LockerError):
    """One answer for every code that leads nowhere."""

    code = "no_such_code"
    status = 422
    message = N_("No organisation has this code. Ask there for the code that stands on the page of units or agencies.")


class YourOwnCode(LockerError):
    code = "your_own_code"
    status = 422
    message = N_("This is the code of your own organisation.")


class RequestEnded(Conflict):
    code = "request_ended"
    message = N_("This is no longer open.")
    advice = N_("Load the page again and look at how it stands now.")


class VouchingNeedsVerified(LockerError):
    code = "vouching_needs_verified"
    status = 422
    message = N_("Only an active government department with a verified department code can vouch for its units.")


class VouchingForDepartments(LockerError):
    code = "vouching_for_departments"
    status = 422
    message = N_("Only a government department can be vouched for. Other units are verified by their own identifiers.")


class CodeOutside(LockerError):
    """Said before anything is looked up: it tells nothing of other codes."""

    code = "code_outside"
    status = 422
    message = N_("The code of a unit begins with the department code of your organisation and a hyphen.")


class VouchedAlready(LockerError):
    code = "vouched_already"
    status = 409
    message = N_("Your organisation vouches for this unit already.")


class LetterNeeded(LockerError):
    code = "letter_needed"
    status = 422
    message = N_("Add the letter as a PDF file.")


class CodeNotFree(LockerError):
    """Says nothing of who has it."""

    code = "code_not_free"
    status = 422
    message = N_("This code cannot be given. Choose another one.")


class CodeTooLong(LockerError):
    code = "code_too_long"
    status = 422
    message = N_("No code can be made from your own: it would be too long. Give one yourself.")


class AboveChanged(Conflict):
    code = "above_changed"
    message = N_("What stands above has changed since you looked.")
    advice = N_("Look at the page again, and say yes if you still want to.")


class VouchingEnded(Conflict):
    code = "vouching_ended"
    message = N_("This vouching has ended already.")


class AdministeredAlready(Conflict):
    code = "unit_administered_already"
    message = N_("Somebody administers this unit already.")
    advice = N_("Further administrators are invited by those of the unit itself.")


class SitsAbove(LockerError):
    code = "unit_looked_after_from_above"
    status = 422
    message = N_("This person looks after the unit from above. Take their branch back first, or invite somebody else.")


class InviteFirst(Conflict):
    code = "unit_needs_administrator_first"
    message = N_("This unit has people or units of its own, and nobody who administers it.")
    advice = N_("Invite its administrator first.")


class DraftsBelow(Conflict):
    """The names are for whoever closes the organisation above."""

    code = "units_without_administrator"
    message = N_("These units have no administrator: %(units)s.")
    advice = N_("Invite their administrators or let them go first.")


class NotAgreed(LockerError):
    code = "unit_not_agreed"
    status = 422
    message = N_(
        "This unit has not agreed to be administered from your organisation. Its administrators can agree on their "
        "page of departments and units."
    )


class NoSuchMember(LockerError):
    code = "no_such_member"
    status = 422
    message = N_("Choose a member of your organisation.")


class NoSuchUnit(LockerError):
    code = "no_such_unit"
    status = 422
    message = N_("Choose a unit of your organisation.")


class NoSuchFolder(LockerError):
    code = "no_such_folder"
    status = 422
    message = N_("Choose a folder of your organisation.")


class GivenAlready(LockerError):
    code = "given_already"
    status = 409
    message = N_("This person administers this branch on these days already.")


class NamedAlready(LockerError):
    code = "named_already"
    status = 409
    message = N_("This person acts by this letter already.")


class LongerThanAYear(LockerError):
    code = "longer_than_a_year"
    status = 422
    message = N_("An agency can act for at most a year. Afterwards a new letter is needed.")


class WrongRoleForFolder(LockerError):
    code = "wrong_role_for_folder"
    status = 422
    message = N_("This role is about the whole organisation and cannot be given for one folder.")


class BothVerified(LockerError):
    code = "both_verified"
    status = 422
    message = N_("Both organisations must be verified before one acts for the other.")


class MemberHere(Conflict):
    code = "member_here"
    message = N_("You belong to this organisation yourself and act there as a member.")
    advice = N_("If that role does not suffice, ask an administrator there for another.")

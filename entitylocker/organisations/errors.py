"""What can go wrong with organisations, their members and invitations."""

from __future__ import annotations

from entitylocker.errors import N_, Conflict, LockerError


class LetterMissing(LockerError):
    code = "letter_missing"
    status = 422
    message = N_("Add the order letter: a government department is verified by it.")


class LetterNotPdf(LockerError):
    code = "letter_not_pdf"
    status = 422
    message = N_("The order letter must be a PDF file.")


class LetterTooLarge(LockerError):
    """Fact `megabytes`: the limit."""

    code = "letter_too_large"
    status = 422
    message = N_("The order letter may have at most %(megabytes)s MB.")


class AlreadyStated(LockerError):
    code = "identifier_already_stated"
    status = 409
    message = N_("Your organisation has stated this identifier already.")


class HeldByAnother(Conflict):
    """Said to the operator only."""

    code = "identifier_held_by_another"
    message = N_("Another organisation is verified as the holder of this identifier.")
    advice = N_("Find out which of the two is right before you decide.")


class AlreadyDecided(Conflict):
    code = "identifier_already_decided"
    message = N_("This identifier was decided already.")


class InvitationEnded(LockerError):
    """Redeemed, revoked, expired or never issued: the same answer."""

    code = "invitation_ended"
    status = 404
    message = N_("This invitation was used already, was taken back, or has expired.")
    advice = N_("If you accepted it, the organisation is on your start page. If not, ask for a new invitation.")


class InvitationAsleep(InvitationEnded):
    """Nobody comes into an organisation that is suspended."""

    code = "invitation_asleep"
    status = 409
    message = N_("The organisation is suspended at the moment, so nobody can come in.")
    advice = N_("This invitation works again once the suspension is lifted. Keep it, and try it then.")


class EarlierInvitationStronger(LockerError):
    code = "earlier_invitation_stronger"
    status = 422
    message = N_("This address is invited already, with a role that holds something beyond yours.")
    advice = N_("Ask an administrator to take that invitation back first.")


class NoSuchCode(LockerError):
    code = "no_such_code"
    status = 422
    message = N_("No open invitation has this code. Look at it again: it has 16 letters and digits, and works once.")


class ForAnotherAddress(LockerError):
    """Fact `address`: the invited one, masked."""

    code = "invitation_for_another_address"
    status = 403
    message = N_("This invitation is for the account with the address %(address)s. You are signed in with another one.")
    advice = N_("Sign out and sign in with that address, or ask for a new invitation to the address you use here.")


class HandItOverInPerson(LockerError):
    code = "slip_not_in_person"
    status = 422
    message = N_(
        "Whoever finds a slip can use it. For this role, confirm that you hand the slip over in person, "
        "or invite by mail."
    )


class NotByMessage(LockerError):
    code = "role_not_by_message"
    status = 422
    message = N_("This role answers for the organisation. Invite by mail, or hand a slip over in person.")


class NoSuchPhone(LockerError):
    code = "no_such_phone"
    status = 422
    message = N_("This is not a mobile number. Write ten digits, or + and the country first.")


class AlreadyMember(LockerError):
    code = "already_member"
    status = 409
    message = N_("This person belongs to the organisation already.")


class MoreThanYouHold(LockerError):
    code = "more_than_you_hold"
    status = 422
    message = N_("You can only invite people to roles that hold nothing beyond your own role.")


class AdministratorFromAbove(LockerError):
    code = "administrator_from_above"
    status = 422
    message = N_(
        "You look after this unit from above, so you cannot make anybody its administrator. An administrator of the "
        "organisation above invites the first one, on the page of departments and units there; those of the unit "
        "invite further ones."
    )


class SignatoryFromAbove(LockerError):
    code = "signatory_from_above"
    status = 422
    message = N_(
        "You look after this unit from above, so you cannot make anybody its signatory. An administrator of the unit "
        "does that."
    )


class InvitesThemselves(LockerError):
    code = "onboarding_invites_themselves"
    status = 422
    message = N_("This is your own address. Nobody invites themselves: ask somebody of the department.")


class LastAdministrator(Conflict):
    code = "last_administrator"
    message = N_("This is the last administrator. An organisation needs at least one.")
    advice = N_("Invite another administrator first and wait until the invitation is accepted.")


class AdministratorByQuorum(Conflict):
    code = "administrator_by_quorum"
    message = N_("The role of an administrator is not taken away here.")
    advice = N_("Use “Recover or remove an administrator”: the administrators decide that together.")


class RoleBeyondYours(LockerError):
    code = "role_beyond_yours"
    status = 422
    message = N_("You can change roles only between those that hold nothing beyond your own role.")


class OwnRole(LockerError):
    code = "own_role"
    status = 422
    message = N_("Nobody changes their own role. Ask another administrator.")


class RenamedMeanwhile(Conflict):
    code = "renamed_meanwhile"
    message = N_("The organisation changed its name after you saw it. Nothing was decided: look at it again.")


class RoleOfSeat(Conflict):
    code = "role_of_seat"
    message = N_("This person acts here through another organisation. The role is decided where that was agreed.")


class IdentifierNotContested(Conflict):
    """Said to the operator only."""

    code = "identifier_not_contested"
    message = N_("No other organisation is verified as the holder of this identifier any more.")
    advice = N_("Load the page again and decide about it as about any other.")


class AlreadyOver(LockerError):
    code = "valid_until_past"
    status = 422
    message = N_("This day is over already.")


class AlreadyNamed(LockerError):
    code = "director_already_named"
    status = 409
    message = N_("A director or partner with this number is named already.")


class NoDirectors(LockerError):
    code = "organisation_without_directors"
    status = 422
    message = N_("This kind of organisation has no directors with numbers.")


class SameName(LockerError):
    code = "organisation_name_same"
    status = 422
    message = N_("This is the name already.")


class NameChangePending(LockerError):
    code = "name_change_pending"
    status = 409
    message = N_("A change of name waits for the operator already. Withdraw it first.")


class NameLetterMissing(LockerError):
    code = "name_letter_missing"
    status = 422
    message = N_("Add the order or certificate that names the organisation anew: it is verified under its old name.")


class NeedsQuorum(Conflict):
    """An administrator is removed or demoted by a proposal, never by one other alone."""

    code = "needs_quorum"
    message = N_("One administrator alone cannot remove another.")
    advice = N_("Propose it under Life of the organisation: the other administrators vote on it.")


class NotSuspended(Conflict):
    code = "not_suspended"
    message = N_("The organisation is not suspended.")


class NotActive(Conflict):
    code = "not_active"
    message = N_("The organisation is not active.")


class OperatorsWord(Conflict):
    code = "suspended_by_operator"
    message = N_("The operator suspended this organisation, and only the operator can lift that.")
    advice = N_("Write to the operator of this locker.")


class TooLateToUndo(Conflict):
    code = "too_late_to_undo"
    message = N_("The thirty days in which closing can be undone are over.")


class ExportFirst(Conflict):
    code = "export_first"
    message = N_("Take everything with you first: no whole export of the last seven days holds the last deposit.")
    advice = N_("Open “Take everything with you”, keep the file, and close the organisation afterwards.")


class NameDiffers(LockerError):
    code = "name_differs"
    status = 422
    message = N_("Type the name of the organisation exactly as it is written above.")


class ProposalEnded(Conflict):
    code = "proposal_ended"
    message = N_("This proposal has ended.")


class ProposedAlready(Conflict):
    code = "proposed_already"
    message = N_("This is proposed already. Vote on the open proposal.")


class NotConcerned(LockerError):
    code = "not_an_administrator"
    status = 422
    message = N_("Choose a current administrator other than yourself.")


class SmallerRole(LockerError):
    code = "not_a_smaller_role"
    status = 422
    message = N_("Choose a role other than administrator.")


class NoVoteHere(LockerError):
    """The voter is no administrator by membership, or the one concerned."""

    code = "no_vote_here"
    status = 403
    message = N_("You have no vote in this proposal.")
    advice = N_("Administrators vote, except the one whom the proposal concerns.")


class NotYet(Conflict):
    """Fact `until`: not before this."""

    code = "not_carried_by_votes"
    message = N_("This cannot be carried out yet: the votes or the time for an objection are missing.")


class OwnSecondFactorMissing(LockerError):
    code = "own_second_factor_missing"
    status = 409
    message = N_("Set up a second factor of your own first. You would be the first to be stopped.")


class TooManyInvitations(LockerError):
    """Facts `limit`: how many a day; `day`: at the beginning of which there are new ones."""

    code = "too_many_invitations"
    status = 429
    message = N_(
        "Your organisation may send %(limit)s invitations a day by mail and text message, and today’s are used up. "
        "More can be sent from the beginning of %(day)s."
    )
    advice = N_("Slips can be printed at any time. Organisations that are verified may send more.")

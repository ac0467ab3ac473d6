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


class AlreadyMember(LockerError):
    code = "already_member"
    status = 409
    message = N_("This person belongs to the organisation already.")


class MoreThanYouHold(LockerError):
    code = "more_than_you_hold"
    status = 422
    message = N_("You can only invite people to roles that hold nothing beyond your own role.")


class LastAdministrator(Conflict):
    code = "last_administrator"
    message = N_("This is the last administrator. An organisation needs at least one.")
    advice = N_("Invite another administrator first and wait until the invitation is accepted.")

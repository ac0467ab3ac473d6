"""What can go wrong with citizen lockers, proofs and lendings, in words that say what to do."""

from __future__ import annotations

from entitylocker.errors import N_, Conflict, InvalidInput, LockerError, Unavailable


class LockerUnavailable(Unavailable):
    """The citizen locker does not answer, or what it answers is no answer."""

    code = "citizen_locker_unavailable"
    message = N_("The citizen locker does not answer as it should at the moment. Nothing was changed.")
    advice = N_("Please try again in a few minutes.")


class VisitNotKnown(LockerError):
    """Somebody comes back from a citizen locker who did not set out from here, in this browser, just now."""

    code = "citizen_visit_not_known"
    status = 400
    message = N_("This visit to the citizen locker did not begin in this browser, was used already, or took too long.")
    advice = N_("Nothing was linked. Begin again on your account page or on the sign-in page.")


class VisitEndedWithout(LockerError):
    """The person said no over there, or the citizen locker did."""

    code = "citizen_visit_without"
    status = 400
    message = N_("The citizen locker sent you back without an answer about you.")
    advice = N_("Nothing was linked. You can begin again at any time.")


class IdentityMismatch(LockerError):
    """The citizen locker speaks of two different people in one visit, or of another one than before."""

    code = "citizen_identity_mismatch"
    status = 409
    message = N_("The citizen locker spoke of somebody else than before. Nothing was linked or changed.")
    advice = N_("Sign out of the citizen locker, then begin again.")


class AnotherBirth(IdentityMismatch):
    """The same account over there, with another day of birth than it proved before."""

    message = N_("The citizen locker gives another date of birth than when you linked it. Nothing was changed.")
    advice = N_("If the new one is right, end the link first, then link the citizen locker again.")


class IdentityTaken(Conflict):
    """The identity belongs to an account already; whose is nobody's business."""

    code = "citizen_identity_taken"
    message = N_("This citizen locker cannot be linked with your account. An identity belongs to one account only.")
    advice = N_("If you have another account here, end the link there first.")


class AlreadyLinked(Conflict):
    code = "citizen_already_linked"
    message = N_("Your account is linked with another identity in this citizen locker.")
    advice = N_("End that link first, then link the other one.")


class NotLinkedYet(LockerError):
    """Somebody wants to sign in with an identity that no account is linked with. No account is made of it."""

    code = "citizen_not_linked"
    status = 403
    message = N_("No account here is linked with this identity.")
    advice = N_(
        "Sign in with your e-mail address, or open an account. Then link your citizen locker under Your account."
    )


class LinkBroken(Conflict):
    """The citizen locker takes our tokens no longer: consent ended over there, or was withdrawn there."""

    code = "citizen_link_broken"
    message = N_("The citizen locker no longer lets us in for you. Your consent there has ended or was withdrawn.")
    advice = N_("Link it again under Your account.")


class DocumentNotThere(Conflict):
    code = "citizen_document_not_there"
    message = N_("The citizen locker no longer has this document for you.")


class DocumentDamaged(Conflict):
    """The bytes are not those that the citizen locker vouches for."""

    code = "citizen_document_damaged"
    message = N_("What came from the citizen locker was damaged or changed on the way. Nothing was lent.")
    advice = N_("Please try again. If it happens again, tell the operator.")


class NotLendable(InvalidInput):
    """A document that is not lent from here. Fact `why` is a word for programs."""

    code = "citizen_document_not_lendable"
    message = N_("This document cannot be lent here.")


class NotAPdfDocument(NotLendable):
    message = N_("Only PDF documents can be lent; this one is none.")


class OrganisationMayNotBorrow(InvalidInput):
    code = "organisation_may_not_borrow"
    message = N_("This organisation is not verified or not active. Documents are lent to verified organisations only.")


class NoCopyAllowed(Conflict):
    code = "lending_no_copy_allowed"
    message = N_("The person has not allowed a copy to be kept, or no longer does.")


class EkycRefused(InvalidInput):
    """An offline e-KYC file that proves nothing here."""

    code = "ekyc_refused"
    message = N_("This file proves nothing here.")


class EkycNotOffered(LockerError):
    code = "ekyc_not_offered"
    status = 404
    message = N_("Offline e-KYC is not set up on this installation.")


class EkycTaken(EkycRefused):
    code = "ekyc_taken"
    message = N_("This file cannot be used for your account. Download a fresh one for yourself.")


class EkycDiffers(EkycRefused):
    """A file with another day of birth than a linked citizen locker proves: somebody else's."""

    code = "ekyc_differs"
    message = N_("This file says another date of birth than your linked citizen locker. It was not kept.")

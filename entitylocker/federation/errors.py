"""What can go wrong with directories and with an organisation's own sign-in."""

from __future__ import annotations

from entitylocker.errors import N_, Conflict, LockerError


class DirectoryTokenEnded(LockerError):
    code = "directory_token_ended"
    status = 401
    message = N_("This token of a directory opens nothing (any more).")


class NameTaken(Conflict):
    code = "directory_name_taken"
    message = N_("The directory brought somebody of this name already.")


class UnknownMember(LockerError):
    code = "directory_unknown_member"
    status = 400
    message = N_("A group can hold only people whom the directory brought before.")


class MistakableAddress(LockerError):
    code = "directory_mistakable_address"
    status = 400
    message = N_(
        "The e-mail address (emails, or userName) holds a sign that may be read as other letters, such as ² or ß. "
        "Write it with the letters and digits that its mailbox has."
    )


class AdministratorStays(LockerError):
    """A directory that was taken over must not be able to empty an organisation of those who could stop it."""

    code = "directory_administrator_stays"
    status = 403
    message = N_("Administrators are removed by the administrators of the organisation, not by its directory.")


class ProviderDoesNotAnswer(LockerError):
    code = "provider_does_not_answer"
    status = 502
    message = N_("The sign-in of your organisation does not answer at the moment.")
    advice = N_("Try again in a minute. You can also sign in with your own account.")


class ProviderUntrustworthy(LockerError):
    """What came from a provider does not hold. Fact `why` is for the log and the administrator."""

    code = "provider_untrustworthy"
    status = 502
    message = N_("The answer of your organisation’s sign-in could not be trusted (%(why)s). Nobody was signed in.")
    advice = N_("Try again. If it happens again, tell an administrator of your organisation what is in brackets.")


class SignInBroken(LockerError):
    """A return from a provider that this browser did not ask for, or asked for too long ago."""

    code = "provider_sign_in_broken"
    status = 410
    message = N_("This sign-in was not begun in this browser, or too long ago.")
    advice = N_("Begin again from the sign-in page.")


class SignInRefusedThere(LockerError):
    code = "provider_refused"
    status = 403
    message = N_("Your organisation’s sign-in did not let you in.")
    advice = N_("Ask the people who run it, or sign in with your own account.")


class NotConnected(LockerError):
    """Unknown identity, or one whose person is no member (any more): the same answer."""

    code = "identity_not_connected"
    status = 403
    message = N_("This sign-in is not connected to an account that belongs to the organisation.")
    advice = N_("Sign in with your own account first, then connect the two on the page of your account.")


class ConnectedElsewhere(LockerError):
    code = "identity_connected_elsewhere"
    status = 409
    message = N_("This sign-in cannot be connected to your account.")
    advice = N_("It may be connected to another account already. Ask an administrator of your organisation.")


class UnknownWay(LockerError):
    code = "provider_unknown"
    status = 422
    message = N_("No organisation here has a sign-in of this name. Ask an administrator of yours for it.")


class SlugTaken(LockerError):
    code = "provider_slug_taken"
    status = 409
    message = N_("This name is taken. Please choose another.")

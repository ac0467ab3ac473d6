"""What can go wrong with accounts. None of it tells whether an address is known here."""

from __future__ import annotations

from entitylocker.errors import N_, LockerError, Unavailable


class SignInFailed(LockerError):
    """Unknown address and wrong password are the same answer."""

    code = "sign_in_failed"
    status = 422
    message = N_("This e-mail address and password do not fit together.")

    def __init__(self) -> None:
        super().__init__(field="")


class WrongPassword(LockerError):
    code = "wrong_password"
    status = 422
    message = N_("This is not the password.")


class UnfitPassword(LockerError):
    """`message` is one of the sentences of `rules`."""

    code = "unfit_password"
    status = 422

    def __init__(self, message: str, **facts: int) -> None:
        self.message = message  # type: ignore[misc]
        super().__init__(field="password", **facts)


class LinkEnded(LockerError):
    """A link from a mail that was used, has expired or never was."""

    code = "link_ended"
    status = 404
    message = N_("This link was used already, or it has expired.")
    advice = N_("If you confirmed your address, sign in. Otherwise sign up again and we send you a new link.")


class ResetLinkEnded(LinkEnded):
    """A link for a new password that was used, has expired, was followed by another, or never was."""

    advice = N_("Ask for a new link. Only the newest one works, for half an hour.")


class AddressLinkEnded(LinkEnded):
    """A link about a change of address that was used, has expired or never was, or is meant for somebody else."""

    advice = N_("Sign in with the account that you asked with, and open the link from the newest mail again.")


class UndoLinkEnded(LinkEnded):
    advice = N_("If you cannot sign in any more, ask for a new password, or turn to the operator.")


class SameAddress(LockerError):
    code = "same_address"
    status = 422
    message = N_("This is your e-mail address already.")


class SecondStepRequired(LockerError):
    """One factor was proved, the person has a second one. `ticket` belongs into the browser's cookie, nowhere else."""

    code = "second_step_required"
    status = 401
    message = N_("Please confirm with your second step.")

    def __init__(self, ticket: str) -> None:
        self.ticket = ticket
        super().__init__()


class TicketEnded(LockerError):
    code = "ticket_ended"
    status = 401
    message = N_("That took too long, or this step was done already.")
    advice = N_("Please sign in once more.")


class ProofVoid(LockerError):
    """What was proved is void: password, sessions or ways to sign in were changed in the meantime."""

    code = "proof_void"
    status = 401
    message = N_("Your account was secured in the meantime. Whoever was signing in has to begin again.")
    advice = N_("Please sign in once more.")


class WrongCode(LockerError):
    """Not this code, or one that was used already: the same answer."""

    code = "wrong_code"
    status = 422
    message = N_("This code does not fit, or it was used already. Please wait for the next one and type that.")


class SecondFactorNeeded(LockerError):
    """A password where the person has something better."""

    code = "second_factor_needed"
    status = 422
    message = N_("Please use your passkey, a code of your authenticator app or a recovery code.")


class PasskeyRefused(LockerError):
    code = "passkey_refused"
    status = 422
    message = N_("This passkey was not accepted. Please try again, or use another way.")

    def __init__(self) -> None:
        super().__init__(field="")


class PasskeysUnavailable(LockerError):
    """Passkeys belong to a domain reached by https (or to localhost)."""

    code = "passkeys_unavailable"
    status = 409
    message = N_("Passkeys cannot be used at this address.")
    advice = N_("They need https and a name instead of a number in the address. Ask the operator.")


class TooManyPasskeys(LockerError):
    code = "too_many_passkeys"
    status = 409
    message = N_("You have %(most)s passkeys already. Remove one that you do not need any more.")


class StaleCodes(LockerError):
    code = "stale_codes"
    status = 409
    message = N_("These recovery codes do not work any more. Make new ones on the security page.")


class NoSecondFactor(LockerError):
    code = "no_second_factor"
    status = 409
    message = N_("Recovery codes stand in for a passkey or an authenticator app. Set one of these up first.")


class Busy(Unavailable):
    code = "busy"
    message = N_("Very many people are signing in at the moment.")


class AddressTaken(LockerError):
    """For commands only: a page never says this."""

    code = "address_taken"
    status = 409
    message = N_("There is an account with this e-mail address already.")

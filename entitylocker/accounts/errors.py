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


class Busy(Unavailable):
    code = "busy"
    message = N_("Very many people are signing in at the moment.")


class AddressTaken(LockerError):
    """For commands only: a page never says this."""

    code = "address_taken"
    status = 409
    message = N_("There is an account with this e-mail address already.")

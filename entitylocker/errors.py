"""The errors every room raises: a stable code, an HTTP status and an English message to be translated at the edge."""

from __future__ import annotations

from typing import Any, ClassVar


def N_(message: str) -> str:
    """Mark a message for translation without translating it here (extracted with `-k N_`)."""
    return message


class LockerError(Exception):
    """A refusal or fault with a name.

    `code` is part of the API and never changes. `message` is a %-format over `facts`; `advice` says what to do
    next. Both are translated where they are shown, and so are the facts that `worded` names: labels, not what
    somebody typed. Facts never hold what the reader may not know.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    message: ClassVar[str] = N_("This could not be done.")
    advice: ClassVar[str] = ""
    worded: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, field: str | None = None, **facts: Any) -> None:
        self.field = field
        self.facts = facts
        super().__init__(self.text())

    def text(self) -> str:
        """The English message with its facts filled in: for logs and the command line."""
        return self.message % self.facts if self.facts else self.message


class NotFound(LockerError):
    """Absent and not visible are the same answer."""

    code = "not_found"
    status = 404
    message = N_("There is nothing here that you can see.")
    advice = N_("Check the address, or go back to the overview.")


class SignInRequired(LockerError):
    code = "sign_in_required"
    status = 401
    message = N_("Please sign in first.")
    advice = N_("You come back to this page afterwards.")


class StepUpRequired(LockerError):
    """An act with a risk, in a session whose person has not confirmed for a while who they are."""

    code = "step_up_required"
    status = 403
    message = N_("Please confirm that it is you.")
    advice = N_("This is asked again after a while, before acts that cannot easily be undone.")


class SecondFactorRequired(LockerError):
    """Who acts here must have shown two factors in this session. Fact `organisation`: who asks for that."""

    code = "second_factor_required"
    status = 403
    message = N_("%(organisation)s asks everybody who acts for it for a second factor when they sign in.")
    advice = N_("Set up a passkey or an authenticator app on the security page of your account. It takes a minute.")


class OperatorFactorRequired(SecondFactorRequired):
    message = N_("Operators of this installation sign in with a second factor.")


class PermissionDenied(LockerError):
    """The thing is visible, the act is not allowed. `reason` is a code of `access.Reason`."""

    code = "permission_denied"
    status = 403
    message = N_("Your role does not allow this.")
    advice = N_("Ask an administrator of your organisation to give you the role you need.")

    def __init__(self, reason: str, **facts: Any) -> None:
        self.reason = reason
        super().__init__(reason=reason, **facts)


class InvalidInput(LockerError):
    """What was sent does not fit. `problems`: field name → messages."""

    code = "invalid_input"
    status = 422
    message = N_("Some of what you sent does not fit. Please correct the fields named below.")

    def __init__(self, problems: dict[str, list[str]] | None = None, field: str | None = None, **facts: Any) -> None:
        self.problems = problems or {}
        super().__init__(field=field, **facts)


class Conflict(LockerError):
    code = "conflict"
    status = 409
    message = N_("Somebody changed this in the meantime.")
    advice = N_("Load the page again and look at what it says now.")


class SameMoment(Conflict):
    """Two acts stood in each other's way in the database, and it let the other one go on."""

    code = "same_moment"
    message = N_("Somebody was working on the same thing at this very moment. Yours was not done.")
    advice = N_("Please try again.")


class TooManyRequests(LockerError):
    """Throttled. Fact `seconds`: when to try again."""

    code = "too_many_requests"
    status = 429
    message = N_("Too many attempts. Please wait %(seconds)s seconds and try again.")


class Unavailable(LockerError):
    code = "unavailable"
    status = 503
    message = N_("A part of the locker does not answer at the moment. Nothing was lost.")
    advice = N_("Please try again in a minute.")

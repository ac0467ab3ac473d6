"""What to do about each verdict and about each reason why a file could not be checked: one sentence each.

The words and meanings of the verdicts themselves are in `web.verdicts`, for every room.
"""

from __future__ import annotations

from entitylocker.errors import N_
from entitylocker.signatures.verdicts import Reason, Verdict

# Stands under every green verdict, so that nobody takes it for more than it is.
GREEN_CAUTION = N_("This says who signed and that nothing changed, not that the contents are true.")

WHAT_TO_DO: dict[Verdict, str] = {
    Verdict.ALTERED: N_("Do not use it. Ask whoever issued it for the original and add that as a new version."),
    Verdict.CHANGED_AFTER_SIGNING: N_(
        "Ask whoever issued it for the file as it was signed, and add that as a new version."
    ),
    Verdict.REVOKED: N_("Ask whoever issued it for a copy signed with a certificate that holds."),
    Verdict.NOT_CHECKABLE: N_("See below why it could not be checked."),
    Verdict.OLD_CRYPTOGRAPHY: N_("Ask whoever issued it for a copy signed with today’s methods."),
    Verdict.SIGNER_NOT_CONFIRMED: N_(
        "Make sure by other means who signed it, or ask the operator to add the signer’s authority."
    ),
    Verdict.FILLED_IN_AFTER_SIGNING: N_("Read below what was filled in, and by whom, before you rely on it."),
    Verdict.VALID_AT_CLAIMED_TIME: N_("It can be used. Where the time matters, ask for a copy with a time stamp."),
    Verdict.VALID_WITH_ADDITIONS: N_("It can be used. The additions are listed below."),
    Verdict.VALID: N_("It can be used."),
    Verdict.NOT_SIGNED: N_("It can be stored and shared. Where a signature is needed, ask for a signed copy."),
    Verdict.CHECKING: N_("This takes a few seconds. You need not wait here."),
}

WHAT_TO_DO_ABOUT: dict[Reason, str] = {
    Reason.DAMAGED: N_("Get the file again from where it came from, and add it as a new version."),
    Reason.PASSWORD: N_("Give the password below once, to have it checked. It is not stored."),
    Reason.LIMIT: N_("Ask for a smaller or simpler file, or check it by other means."),
    Reason.TIMEOUT: N_("Have it checked again. If that fails too, check it by other means."),
    Reason.UNSUPPORTED: N_("Check it with the program of whoever issued it."),
    Reason.ERROR: N_("Have it checked again in a minute. If that fails too, tell the operator."),
}


def what_to_do(verdict: Verdict, reason: str | None = None) -> str:
    """What a reader should do about `verdict`, in English, to be translated where it is shown."""
    if verdict is Verdict.NOT_CHECKABLE and reason in {known.value for known in Reason}:
        return WHAT_TO_DO_ABOUT[Reason(reason)]
    return WHAT_TO_DO[verdict]

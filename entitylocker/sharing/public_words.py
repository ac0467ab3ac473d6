"""What somebody who is no member should do about a verdict: one sentence each."""

from __future__ import annotations

from entitylocker.errors import N_
from entitylocker.signatures.verdicts import Reason, Verdict

TO_DO: dict[Verdict, str] = {
    Verdict.ALTERED: N_("Do not rely on it. Ask whoever issued it for the original."),
    Verdict.CHANGED_AFTER_SIGNING: N_("Ask whoever issued it for the file as it was signed."),
    Verdict.REVOKED: N_("Ask whoever issued it for a copy signed with a certificate that holds."),
    Verdict.NOT_CHECKABLE: N_("Check it by other means before you rely on it."),
    Verdict.OLD_CRYPTOGRAPHY: N_("Ask whoever issued it for a copy signed with today’s methods."),
    Verdict.SIGNER_NOT_CONFIRMED: N_("Make sure by other means who signed it before you rely on it."),
    Verdict.FILLED_IN_AFTER_SIGNING: N_("Read below what was filled in before you rely on it."),
    Verdict.VALID_AT_CLAIMED_TIME: N_("You can use it. Where the time matters, ask for a copy with a time stamp."),
    Verdict.VALID_WITH_ADDITIONS: N_("You can use it. The additions are listed below."),
    Verdict.VALID: N_("You can use it."),
    Verdict.NOT_SIGNED: N_("Where a signature is needed, ask whoever gave it to you for a signed copy."),
    Verdict.CHECKING: N_("Load the page again in a moment."),
}

TO_DO_ABOUT: dict[str, str] = {
    Reason.DAMAGED.value: N_("Get the file again from where it came from, and check that one."),
    Reason.PASSWORD.value: N_("Choose it once more below and give its password. Neither is kept."),
    Reason.LIMIT.value: N_("Ask for a smaller or simpler file, or check it by other means."),
    Reason.TIMEOUT.value: N_("Try once more. If that fails too, check it by other means."),
    Reason.UNSUPPORTED.value: N_("Check it with the program of whoever issued it."),
    Reason.ERROR.value: N_("Try again in a minute. If that fails too, tell whoever runs this locker."),
}


def to_do(verdict: Verdict, reason: str | None) -> str:
    """What to do about `verdict`, in English, to be translated where it is shown."""
    if verdict is Verdict.NOT_CHECKABLE and reason in TO_DO_ABOUT:
        return TO_DO_ABOUT[reason]
    return TO_DO[verdict]

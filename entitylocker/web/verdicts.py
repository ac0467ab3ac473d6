"""The verdicts of files and signatures in words, for pages, mails and messages."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask_babel import gettext

from entitylocker.errors import N_


class Face(NamedTuple):
    """How a verdict is shown. `kind` is ok, warn, bad, info or mute; words and meaning are translated."""

    kind: str
    icon: str
    words: str
    meaning: str


_UNCHECKED = Face("mute", "circle-dashed", N_("Not checked"), N_("Nobody has looked at this yet."))

VERDICT_FACES: dict[str, Face] = {
    "altered": Face(
        "bad",
        "shield-x",
        N_("Altered"),
        N_("The contents are not what was signed. Do not rely on this file; get a fresh copy from whoever issued it."),
    ),
    "changed_after_signing": Face(
        "bad",
        "shield-x",
        N_("Changed after signing"),
        N_("Something that the signer did not allow was changed after signing. Get a fresh copy before you use it."),
    ),
    "revoked": Face(
        "bad",
        "shield-ban",
        N_("Signer's certificate revoked"),
        N_("The certificate of the signer had been withdrawn. The signature proves nothing any more."),
    ),
    "not_checkable": Face(
        "mute",
        "shield-question-mark",
        N_("Cannot be checked"),
        N_("The locker could not read the signatures of this file, so it says nothing about them."),
    ),
    "old_cryptography": Face(
        "warn",
        "shield-alert",
        N_("Outdated cryptography"),
        N_("It was signed by a method that is no longer safe, so it could have been forged."),
    ),
    "signer_not_confirmed": Face(
        "warn",
        "shield-question-mark",
        N_("Signer not confirmed"),
        N_("It was not changed since it was signed, but no trusted authority confirms who the signer is."),
    ),
    "filled_in_after_signing": Face(
        "warn",
        "shield-alert",
        N_("Filled in after signing"),
        N_("Form fields or notes were added after signing. What was signed is intact; look at what was added."),
    ),
    "valid_at_claimed_time": Face(
        "warn",
        "clock-alert",
        N_("Valid at the time it claims"),
        N_("The signature was valid at the time the signer states, but nobody else proves that time."),
    ),
    "valid_with_additions": Face(
        "ok",
        "shield-check",
        N_("Valid, with permitted additions"),
        N_("The signer is confirmed. Only additions that the signer permitted were made after signing."),
    ),
    "valid": Face(
        "ok",
        "shield-check",
        N_("Signature valid"),
        N_("The signer is confirmed and nothing was changed since."),
    ),
    "not_signed": Face(
        "mute",
        "pen-off",
        N_("Not signed"),
        N_("Nobody signed this file, so it cannot be said where it comes from."),
    ),
    "checking": Face(
        "info",
        "hourglass",
        N_("Being checked"),
        N_("The locker is looking at this file now. Until then it is not offered to portals."),
    ),
}

NOT_CHECKABLE_REASONS: dict[str, str] = {
    "damaged": N_("The file is damaged."),
    "password": N_("The file opens only with a password. Store a copy without one."),
    "limit": N_("The file is larger or more complicated than the locker checks."),
    "timeout": N_("Checking it took too long and was stopped."),
    "unsupported": N_("This kind of file or signature is not supported."),
    "error": N_("The check failed on our side. It can be tried again."),
}


def verdict_face(verdict: Any) -> Face:
    """The face of `verdict` (a word or a member of the enum of verdicts), translated.

    None and words that are not known are shown as not checked: never as good.
    """
    word = str(getattr(verdict, "value", verdict))
    face = VERDICT_FACES.get(word, _UNCHECKED)
    return face._replace(words=gettext(face.words), meaning=gettext(face.meaning))


def not_checkable_reason(reason: Any) -> str:
    """Why a file could not be checked, translated; an empty text where no reason was given."""
    text = NOT_CHECKABLE_REASONS.get(str(getattr(reason, "value", reason)), "")
    return str(gettext(text)) if text else ""

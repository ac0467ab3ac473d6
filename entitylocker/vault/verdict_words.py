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


CHANGE_WORDS: dict[str, str] = {
    "long_term_data": N_("Data that keeps the signature provable was added."),
    "signature_added": N_("Another signature was added."),
    "field_filled_in": N_("A form field was filled in."),
    "addition": N_("Something that the signer permitted was added."),
    "not_permitted": N_("Something that the signer did not permit was changed."),
    "not_covered": N_("Something was added that no signature covers."),
}

GATE_WORDS: dict[str, str] = {
    "not_a_pdf": N_("The file is not a PDF."),
    "file_too_large": N_("The file is larger than the locker checks."),
    "too_many_revisions": N_("The file was saved on top of itself too many times."),
    "bytes_before_header": N_("There is something in front of the beginning of the PDF."),
    "password_needed": N_("The file opens only with a password."),
    "encryption_unsupported": N_("The file is encrypted in a way that is not supported."),
    "damaged": N_("The file is damaged."),
    "too_many_objects": N_("The file has too many parts."),
    "object_stream_too_large": N_("The file has a part that is too large."),
    "too_many_signatures": N_("The file has too many signatures."),
    "too_many_fields": N_("The file has too many form fields."),
    "structural_defects": N_("The file has small defects that do not touch the signatures."),
    "signature_unreadable": N_("A signature in the file cannot be read."),
    "usage_rights": N_("The file carries usage rights of a program maker. They are no signature."),
    "orphan_signature": N_(
        "There is a signature in the file that belongs to no field. It may be left over from a forgery."
    ),
    "field_without_signature": N_("A field claims to be signed, but there is no signature in it."),
    "no_pages": N_("The file has no pages."),
}

ACTIVE_WORDS: dict[str, str] = {
    "javascript": N_("Programs (JavaScript)"),
    "launch": N_("Commands that start other programs"),
    "submit_form": N_("A form that sends what is filled in to somewhere"),
    "import_data": N_("Commands that read data from elsewhere"),
    "remote_document": N_("Links into other documents"),
    "embedded_files": N_("Other files inside"),
    "rich_media": N_("Film or sound"),
    "xfa": N_("An XFA form, which shows other contents in some programs"),
}

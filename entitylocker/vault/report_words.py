"""What reports are made of, in words: changes, findings about the file, reasons, methods, policies."""

from __future__ import annotations

from entitylocker.errors import N_
from entitylocker.web.verdicts import NOT_CHECKABLE_REASONS

# For a code that is newer than this page.
NO_WORDS = N_("Something this page has no words for was found.")

CHANGE_WORDS: dict[str, str] = {
    "long_term_data": N_("Data that keeps the signature provable was added."),
    "signature_added": N_("Another signature was added."),
    "field_filled_in": N_("A form field was filled in."),
    "addition": N_("Something that the signer permitted was added."),
    "not_permitted": N_("Something that the signer did not permit was changed."),
    "not_covered": N_("Something was added that no signature covers."),
    "not_looked_at": N_("What was changed after signing could not be looked at closely enough."),
}

# Filled in, but no field is named: it was their looks.
FIELDS_RESTYLED = N_("How form fields look or behave was changed.")

# What differs from the file as it was signed, by the detail of a change that was not permitted.
DIFFERENCE_WORDS: dict[str, str] = {
    "page_added": N_("A page was added."),
    "page_removed": N_("A page was removed."),
    "pages_reordered": N_("The pages were put in another order."),
    "page_content_changed": N_("What a page shows was changed."),
    "page_resources_changed": N_("Pictures, fonts or other parts of a page were changed."),
    "page_changed": N_("The size, turn or another property of a page was changed."),
    "annotation_added": N_("A note or another thing was laid over a page."),
    "annotation_changed": N_("A note or another thing on a page was changed."),
    "annotation_removed": N_("A note or another thing on a page was removed."),
    "field_added": N_("A form field was added."),
    "field_changed": N_("A form field was changed."),
    "field_removed": N_("A form field was removed."),
    "form_changed": N_("The form as a whole was changed."),
    "attachments_changed": N_("The files inside were changed."),
    "script_or_action_changed": N_("A script or something else that acts by itself was added or changed."),
    "layers_changed": N_("The layers that can be shown or hidden were changed."),
    "permissions_changed": N_("What the signer permits was changed."),
    "catalogue_changed": N_("Properties of the whole document were changed."),
    "visible_time_stamp": N_("A time stamp with a picture was laid over a page."),
    "other_change": N_("Something was changed that no page leads to."),
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
    "unreadable": N_("The file could not be read."),
    "readers_disagree": N_(
        "Two programs that read the file see different contents in it. That is a sign of tampering."
    ),
    "byte_range_invalid": N_("A signature does not say properly which part of the file it covers."),
    "contents_empty": N_("A signature is announced, but there is nothing in it."),
    "gap_is_not_the_signature": N_("Something other than the signature stands in the part that it leaves out."),
    "bytes_after_the_end": N_("Something was put behind the end of the file after signing."),
    "signature_removed": N_("An earlier state of the file held a signature that is gone now."),
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

# Why a signature got its verdict, where the word alone does not say it.
REASON_WORDS: dict[str, str] = {
    "unknown_authority": N_("No authority that this locker relies on stands behind the certificate."),
    "self_signed": N_("The signer made the certificate himself. Nobody else says who he is."),
    "expired": N_("The certificate has expired since, and no time stamp proves that the signature is older."),
    "not_for_signing": N_("The certificate is not meant for signing documents."),
    "chain_broken": N_("The certificates between the signer and the authority do not fit together."),
    "revocation_unknown": N_("It is not known whether the certificate was withdrawn, and this check requires it."),
    "revoked": N_("The certificate was withdrawn."),
    "revoked_after_proven_time": N_("The certificate was withdrawn after the time that the time stamp proves."),
    "timestamp_broken": N_("The time stamp does not belong to the signature, or was altered."),
    "not_as_demanded": N_("The signature is not of the kind that its field demands."),
    "claimed_time_impossible": N_("The signer states a time at which the certificate was not valid."),
    "stranger_signed_later": N_("Somebody who is not confirmed signed after a confirmed signer."),
    "only_timestamp": N_("The file carries a time stamp, but nobody’s signature."),
    "not_covered": CHANGE_WORDS["not_covered"],
    **NOT_CHECKABLE_REASONS,
}

PERMISSION_WORDS: dict[str, str] = {
    "no_changes": N_("No changes at all"),
    "fill_in_forms": N_("Filling in forms and signing"),
    "annotate": N_("Filling in forms, signing and notes"),
}

COVERAGE_WORDS: dict[str, str] = {
    "file": N_("The whole file"),
    "revision": N_("The whole file as it was then"),
    "part_of_revision": N_("Only a part of the file"),
    "unclear": N_("It cannot be said which part"),
}

SOURCE_WORDS: dict[str, str] = {
    "crl": N_("list of withdrawn certificates (CRL)"),
    "ocsp": N_("answer of the authority (OCSP)"),
}

POLICY_WORDS: dict[str, str] = {
    "if-known": N_(
        "A certificate counts as good unless it is known that it was withdrawn. Where that could not be asked, "
        "this report says so."
    ),
    "require": N_("A certificate counts as good only if it is known that it was not withdrawn."),
}

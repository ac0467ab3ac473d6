"""What can go wrong with folders, documents and uploads."""

from __future__ import annotations

from entitylocker.errors import N_, Conflict, LockerError


class EmptyFile(LockerError):
    code = "empty_file"
    status = 422
    message = N_("This file is empty.")
    advice = N_("Choose the file again. If it is empty on your computer too, get a new copy of it.")


class NotAPdf(LockerError):
    """The bytes are not a PDF, whatever the name says. Fact `found`: what they look like."""

    code = "not_a_pdf"
    status = 415
    message = N_("This is not a PDF file, whatever its name says. The locker stores PDF files only.")
    advice = N_("Choose the PDF itself. A picture or a text has to be saved as PDF first.")


class IdempotencyKeyReused(Conflict):
    code = "idempotency_key_reused"
    message = N_("This upload was sent before with other contents.")
    advice = N_("Load the page again and choose the file once more.")


class FolderNameTaken(LockerError):
    code = "folder_name_taken"
    status = 409
    message = N_("There is a folder with this name already.")


class FolderTooDeep(LockerError):
    """Fact `limit`: levels."""

    code = "folder_too_deep"
    status = 422
    message = N_("Folders may lie %(limit)s levels deep, no deeper.")


class WrongPassword(LockerError):
    code = "wrong_document_password"
    status = 422
    message = N_("The file does not open with this password.")


class NotLocked(Conflict):
    code = "document_not_locked"
    message = N_("This document needs no password.")


class DocumentNotOffered(LockerError):
    """A portal asked for what is not handed out. Fact `reason`: binned, checking, a red verdict or not_proven."""

    code = "document_not_offered"
    status = 403
    message = N_("This document is not handed out at the moment (%(reason)s).")
    advice = N_("Ask the organisation to look at the document in its locker.")


class ReportNotReady(Conflict):
    code = "report_not_ready"
    message = N_("There is no report about this version yet.")
    advice = N_("The check takes a few seconds. Look again then.")


class TrustedByOneself(Conflict):
    code = "trusted_by_oneself"
    message = N_(
        "Only your organisation trusts the authority behind a signature, so the locker vouches to nobody else."
    )
    advice = N_("Others may check the document at the public page, by what everybody here trusts.")


class NothingSigned(Conflict):
    code = "nothing_signed"
    message = N_("There is no signature in this file, so there is nothing for such a report to say.")
    advice = N_("Take the PDF of the report instead.")

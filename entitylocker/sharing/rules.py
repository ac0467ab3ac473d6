"""Pure decisions about check pages."""

from __future__ import annotations

from entitylocker.signatures.report import Report
from entitylocker.signatures.verdicts import Verdict
from entitylocker.vault.models import Version

# Everything a page can show beside the verdict, as the fields are called.
CHOICES = ("show_title", "show_organisation", "show_signers")


def public_reason(version: Version) -> str | None:
    """Why the file could not be checked; nothing where strangers are told another word than the organisation."""
    return version.reason if version.outward_verdict is None else None


def signer_names(version: Version) -> tuple[str, ...]:
    """Who signed, by the words of the certificates."""
    if version.report is None or Verdict(version.verdict) is Verdict.CHECKING:
        return ()
    return Report.from_json(version.report).by_whom

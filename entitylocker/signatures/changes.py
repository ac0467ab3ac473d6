"""What was added or changed after a signature, and whether its signer permitted that."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from entitylocker.signatures import caps, judging
from entitylocker.signatures.report import Change

_COVERAGE = {
    SignatureCoverageLevel.UNCLEAR: "unclear",
    SignatureCoverageLevel.CONTIGUOUS_BLOCK_FROM_START: "part_of_revision",
    SignatureCoverageLevel.ENTIRE_REVISION: "revision",
    SignatureCoverageLevel.ENTIRE_FILE: "file",
}
_PERMISSION = {
    MDPPerm.NO_CHANGES: "no_changes",
    MDPPerm.FILL_FORMS: "fill_in_forms",
    MDPPerm.ANNOTATE: "annotate",
}


def coverage_word(signature: EmbeddedPdfSignature) -> str:
    """How much of the file the signature covers: file, revision, part_of_revision or unclear."""
    return _COVERAGE[signature.coverage] if signature.coverage is not None else "unclear"


def permission_word(signature: EmbeddedPdfSignature) -> str | None:
    """What the signer permitted in so many words (DocMDP, ISO 32000-2, 12.8.2.2), or None."""
    level = signature.docmdp_level
    return _PERMISSION[level] if level is not None else None


def find_changes(signature: EmbeddedPdfSignature, signature_fields: Collection[str]) -> tuple[Change, ...]:
    """The changes after `signature`, whose integrity information has been computed.

    `signature_fields`: names of all signed fields, so that a later signature is told from a filled-in value.
    """
    if signature.coverage is None or signature.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        return (Change(judging.NOT_COVERED),)
    summary = signature.summarise_integrity_info()
    result: Any = summary["diff_result"]
    if not summary["docmdp_ok"] or not isinstance(result, DiffResult):
        return (Change(judging.NOT_PERMITTED),)
    if result.modification_level is ModificationLevel.NONE:
        return ()
    if result.modification_level is ModificationLevel.LTA_UPDATES:
        return (Change(judging.LONG_TERM_DATA),)
    named = tuple(
        Change(
            judging.SIGNATURE_ADDED if name in signature_fields else judging.FIELD_FILLED_IN,
            name[: caps.MAX_TEXT],
        )
        for name in sorted(result.changed_form_fields)
    )
    return named or (Change(judging.ADDITION),)

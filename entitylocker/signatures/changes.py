"""What was added or changed after a signature, and whether its signer permitted that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pyhanko.pdf_utils.generic import Reference
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from entitylocker.signatures import caps, judging
from entitylocker.signatures.report import Change
from entitylocker.signatures.two_versions import Budget, TwoVersions
from entitylocker.signatures.what_changed import (
    NEVER_PERMITTED,
    list_differences,
    pages_of_fields,
    restyles_form,
)

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


@dataclass(frozen=True)
class Surroundings:
    """What the signatures of a file have in common when their changes are looked for.

    `signature_fields`: names of all signed fields, so that a later signature is told from a filled-in value;
    `stamps`: those of document time stamps, and whether they can be seen. `objects`: how many the file really has,
    in all its revisions: what its trailer says is the word of whoever wrote that.
    """

    data: bytes
    password: str | None
    signature_fields: Collection[str]
    stamps: Mapping[str, bool]
    budget: Budget
    objects: int


def count_objects(reader: PdfFileReader) -> int:
    """How many objects the cross-references of all revisions name."""
    table = reader.xrefs
    return sum(len(table.explicit_refs_in_revision(revision)) for revision in range(table.total_revisions))


def find_changes(signature: EmbeddedPdfSignature, around: Surroundings) -> tuple[Change, ...]:
    """The changes after `signature`, whose integrity information has been computed.

    Two analyses must agree that nothing forbidden was done: pyHanko's, object by object, and our own, page by page.
    Ours adds words and pages, too. Where it cannot be made, what pyHanko forbids stays forbidden, and what it permits
    is named with the word that it was not looked at: whoever wrote the later revisions may have seen to that.
    """
    if signature.coverage is None or signature.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        return (Change(judging.NOT_COVERED),)
    summary = signature.summarise_integrity_info()
    result: Any = summary["diff_result"]
    if not summary["docmdp_ok"] or not isinstance(result, DiffResult):
        return _located(signature, around, _not_permitted, otherwise=(Change(judging.NOT_PERMITTED),))
    if result.modification_level is ModificationLevel.NONE:
        return ()
    if result.modification_level is ModificationLevel.LTA_UPDATES:
        permitted = (Change(judging.LONG_TERM_DATA),)
    else:
        names = sorted(result.changed_form_fields)
        permitted = tuple(_named(name, around) for name in names) or (Change(judging.ADDITION),)
    level = signature.docmdp_level
    return _located(
        signature,
        around,
        lambda versions: _second_look(permitted, versions, level),
        otherwise=(*permitted, Change(judging.NOT_LOOKED_AT)),
    )


def _named(name: str, around: Surroundings) -> Change:
    """A time stamp has no face: anybody gets one, and with a picture it would cover what was signed."""
    visible = around.stamps.get(name)
    if visible is not None:
        return Change(judging.NOT_PERMITTED, "visible_time_stamp") if visible else Change(judging.LONG_TERM_DATA)
    kind = judging.SIGNATURE_ADDED if name in around.signature_fields else judging.FIELD_FILLED_IN
    return Change(kind, name[: caps.MAX_TEXT])


def _located(
    signature: EmbeddedPdfSignature,
    around: Surroundings,
    find: Callable[[TwoVersions], tuple[Change, ...]],
    *,
    otherwise: tuple[Change, ...],
) -> tuple[Change, ...]:
    """What `find` says of the file as it was signed beside the file as it is; `otherwise` if it cannot be found out."""
    around.budget.allot()
    end = int(signature.byte_range[2]) + int(signature.byte_range[3])
    try:
        changed = _objects_since(signature)
        with TwoVersions(around.data, end, around.password, changed, around.budget, around.objects) as versions:
            return find(versions)
    except MemoryError:
        raise
    except Exception:  # hostile files may make it fail in any way
        return otherwise


def _objects_since(signature: EmbeddedPdfSignature) -> set[tuple[int, int]]:
    references: set[Reference] = set()
    table = signature.reader.xrefs
    for revision in range(signature.signed_revision + 1, table.total_revisions):
        references |= table.explicit_refs_in_revision(revision) | table.refs_freed_in_revision(revision)
    return {(reference.idnum, reference.generation) for reference in references}


def _not_permitted(versions: TwoVersions) -> tuple[Change, ...]:
    return tuple(Change(judging.NOT_PERMITTED, code, pages) for code, pages in list_differences(versions).items())


def _second_look(permitted: tuple[Change, ...], versions: TwoVersions, level: MDPPerm | None) -> tuple[Change, ...]:
    differences = list_differences(versions)
    forbidden = {code: pages for code, pages in differences.items() if code in NEVER_PERMITTED}
    look = restyles_form(versions)
    if level is not None and (look == "restyled" or (look is not None and level is MDPPerm.NO_CHANGES)):
        forbidden["form_changed"] = ()
    if forbidden:
        return tuple(Change(judging.NOT_PERMITTED, code, pages) for code, pages in forbidden.items())
    if look is not None:
        permitted += (Change(judging.FIELD_FILLED_IN),)
    return _placed(permitted, versions, differences)


def _placed(
    permitted: tuple[Change, ...], versions: TwoVersions, differences: Mapping[str, tuple[int, ...]]
) -> tuple[Change, ...]:
    """With pages. What the other analysis only calls an addition is a value filled in if a field differs."""
    pages = pages_of_fields(versions)
    touched = differences.get("field_changed", ()) + differences.get("field_added", ())
    placed = []
    for one in permitted:
        if one.kind == judging.ADDITION:
            kind = judging.FIELD_FILLED_IN if "field_changed" in differences else judging.ADDITION
            one = Change(kind, pages=tuple(sorted(set(touched))))
        placed.append(replace(one, pages=pages[one.detail]) if one.detail in pages else one)
    return tuple(placed)

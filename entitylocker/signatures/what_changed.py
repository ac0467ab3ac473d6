"""In words what later revisions did to a signed file, and on which pages. It explains verdicts, it decides none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pikepdf

from entitylocker.signatures import caps
from entitylocker.signatures.two_versions import Key, TwoVersions

OTHER = "other_change"
# What no later revision may do to a signed file, whatever the other analysis of differences says of it.
NEVER_PERMITTED = frozenset(
    {
        "page_added",
        "page_removed",
        "pages_reordered",
        "page_changed",
        "page_content_changed",
        "page_resources_changed",
        "annotation_added",
        "annotation_changed",
        "annotation_removed",
        "attachments_changed",
        "script_or_action_changed",
        "layers_changed",
    }
)
_ASPECTS = {"/Contents": "page_content_changed", "/Resources": "page_resources_changed"}
_INHERITED = {"/Resources", "/MediaBox", "/CropBox", "/Rotate"}  # ISO 32000-2, 7.7.3.4
_NOT_SHOWN = {"/Parent", "/Annots", "/Metadata", "/LastModified", "/PieceInfo", "/StructParents", *_ASPECTS}
_CATALOGUE = {
    "/OpenAction": "script_or_action_changed",
    "/AA": "script_or_action_changed",
    "/AF": "attachments_changed",
    "/OCProperties": "layers_changed",
    "/Perms": "permissions_changed",
}
_NAMES = {"/EmbeddedFiles": "attachments_changed", "/JavaScript": "script_or_action_changed"}
_ELSEWHERE = {"/Pages", "/AcroForm", "/Names", "/DSS", "/Metadata", "/Extensions", "/Version"}
_DEEPEST = 32

Differences = dict[str, set[int]]


def list_differences(versions: TwoVersions) -> dict[str, tuple[int, ...]]:
    """Codes of what differs, each with the pages (from 1, of the later version) it touches.

    Raises TooMuch, and whatever pikepdf raises.
    """
    versions.leave_to(_compared_one_by_one(versions))
    found: Differences = defaultdict(set)
    _compare_pages(versions, found)
    _compare_form(versions, found)
    _compare_catalogue(versions, found)
    return {code: tuple(sorted(found[code])) for code in sorted(found)} or {OTHER: ()}


def pages_of_fields(versions: TwoVersions) -> dict[str, tuple[int, ...]]:
    """On which pages each field of the form, as it is now, has a widget, by its full name."""
    found: dict[str, set[int]] = defaultdict(set)
    for number, page in enumerate(versions.new_pages, start=1):
        for annotation in _annotations(page):
            if annotation.get("/Subtype") == "/Widget":
                found[_full_name(annotation)[: caps.MAX_TEXT]].add(number)
    return {name: tuple(sorted(pages)) for name, pages in found.items()}


def restyles_form(versions: TwoVersions) -> str | None:
    """Whether values that were signed may look different now: `drawn_anew` or `restyled`, if so.

    Drawn anew: viewers are told to make up the appearance of fields (NeedAppearances). Restyled: fonts or defaults
    they would do it with are others. Both can show other words for the same value (NDSS 2021, "Shadow Attacks").
    """
    before, after = (_dictionary(pdf.Root.get("/AcroForm")) for pdf in (versions.old, versions.new))
    if not any(one.get("/FT") != "/Sig" for one in _dictionaries(before.get("/Fields"))):
        return None
    if any(_written(before.get(name)) != _written(after.get(name)) for name in ("/DA", "/Q")):
        return "restyled"
    if _loses_resources(_dictionary(before.get("/DR")), _dictionary(after.get("/DR"))):
        return "restyled"
    anew = bool(after.get("/NeedAppearances", False)) and not bool(before.get("/NeedAppearances", False))
    return "drawn_anew" if anew else None


def _loses_resources(before: Any, after: Any) -> bool:
    """Whether a default resource is gone or another one under the same name. More of them do no harm."""
    for kind in before.keys():  # noqa: SIM118  (a pikepdf dictionary cannot be iterated)
        old, new = _dictionary(before.get(kind)), _dictionary(after.get(kind))
        for name in old.keys():  # noqa: SIM118
            if _resolved(old.get(name)) != _resolved(new.get(name)):
                return True
    return False


def _resolved(value: Any) -> bytes:
    return value.unparse(resolved=True) if isinstance(value, pikepdf.Object) else repr(value).encode()


def _compared_one_by_one(versions: TwoVersions) -> set[Key]:
    """Catalogue, form, information, page tree, pages, and what stands on them or in the form."""
    pdf = versions.new
    roots = [pdf.Root, pdf.Root.get("/AcroForm"), pdf.Root.get("/DSS"), pdf.Root.get("/Metadata")]
    roots += [pdf.Root.get("/Pages"), pdf.trailer.get("/Info"), pdf.Root.get("/Perms")]
    keys = {one.objgen for one in roots if isinstance(one, pikepdf.Object) and one.is_indirect}
    for page in versions.new_pages:
        keys.add(page.objgen)
        keys |= {one.objgen for one in _annotations(page)}
    keys |= {one.objgen for one in _dictionaries(_dictionary(pdf.Root.get("/AcroForm")).get("/Fields"))}
    return keys - {(0, 0)}


def _compare_pages(versions: TwoVersions, found: Differences) -> None:
    before = {page.objgen: page for page in versions.old_pages}
    old_order, order = ([page.objgen for page in pages] for pages in (versions.old_pages, versions.new_pages))
    kept = before.keys() & set(order)
    if before.keys() - kept:
        found["page_removed"] = set()
    if [key for key in order if key in kept] != [key for key in old_order if key in kept]:
        found["pages_reordered"] = set()
    for number, page in enumerate(versions.new_pages, start=1):
        if page.objgen not in before:
            found["page_added"].add(number)
            continue
        for code in _page_differences(versions, before[page.objgen], page):
            found[code].add(number)


def _page_differences(versions: TwoVersions, before: Any, after: Any) -> Iterator[str]:
    for name, code in _ASPECTS.items():
        if _value_differs(versions, before, after, name):
            yield code
    others = ({*before.keys(), *after.keys()} | _INHERITED) - _NOT_SHOWN
    if any(_value_differs(versions, before, after, name) for name in others):
        yield "page_changed"
    yield from _annotation_differences(versions, before, after)


def _annotation_differences(versions: TwoVersions, before: Any, after: Any) -> Iterator[str]:
    old = {_identity(one): one for one in _annotations(before)}
    new = {_identity(one): one for one in _annotations(after)}
    for identity, one in new.items():
        noun = "field" if one.get("/Subtype") == "/Widget" else "annotation"
        if identity not in old:
            yield f"{noun}_added"
        elif versions.reaches_difference(one):
            yield f"{noun}_changed"
    for identity in old.keys() - new.keys():
        yield "field_removed" if old[identity].get("/Subtype") == "/Widget" else "annotation_removed"


def _compare_form(versions: TwoVersions, found: Differences) -> None:
    before, after = (_dictionary(pdf.Root.get("/AcroForm")) for pdf in (versions.old, versions.new))
    old, new = ({_identity(one) for one in _dictionaries(form.get("/Fields"))} for form in (before, after))
    for code, keys in (("field_added", new - old), ("field_removed", old - new)):
        if keys:
            found.setdefault(code, set())
    names = {*before.keys(), *after.keys()} - {"/Fields", "/SigFlags"}
    if any(_value_differs(versions, before, after, name) for name in names):
        found.setdefault("form_changed", set())


def _compare_catalogue(versions: TwoVersions, found: Differences) -> None:
    """Keys of whose contents nothing is known here are looked at closely only if nothing else explains the change."""
    before, after = versions.old.Root, versions.new.Root
    closely = not found
    for name in {*before.keys(), *after.keys()} - _ELSEWHERE:
        known = name in _CATALOGUE
        if _value_differs(versions, before, after, name, closely=closely or known):
            found.setdefault(_CATALOGUE.get(name, "catalogue_changed"), set())
    old, new = (_dictionary(root.get("/Names")) for root in (before, after))
    for name in {*old.keys(), *new.keys()}:
        if _value_differs(versions, old, new, name, closely=closely or name in _NAMES):
            found.setdefault(_NAMES.get(name, "catalogue_changed"), set())


def _value_differs(versions: TwoVersions, before: Any, after: Any, name: str, *, closely: bool = True) -> bool:
    old, new = _value(before, name), _value(after, name)
    return _written(old) != _written(new) or (closely and versions.reaches_difference(new))


def _value(holder: Any, name: str) -> Any:
    """The value of `name` in a dictionary, or, where a page inherits it, from above."""
    for _ in range(_DEEPEST):
        if name in holder or name not in _INHERITED or not isinstance(holder.get("/Parent"), pikepdf.Dictionary):
            break
        holder = holder.get("/Parent")
    return holder.get(name)


def _written(value: Any) -> bytes:
    """A value as it stands in its container: a reference stays one."""
    return value.unparse() if isinstance(value, pikepdf.Object) else repr(value).encode()


def _identity(one: Any) -> Key | bytes:
    return one.objgen if one.is_indirect else _written(one)


def _annotations(page: Any) -> Iterator[Any]:
    return _dictionaries(page.get("/Annots"))


def _dictionaries(value: Any) -> Iterator[Any]:
    entries = iter(value) if isinstance(value, pikepdf.Array) else iter(())  # type: ignore[call-overload, unused-ignore]
    return (one for one in entries if isinstance(one, pikepdf.Dictionary))


def _dictionary(value: Any) -> Any:
    return value if isinstance(value, pikepdf.Dictionary) else pikepdf.Dictionary()


def _full_name(field: Any) -> str:
    """ISO 32000-2, 12.7.4.2."""
    parts: list[str] = []
    for _ in range(_DEEPEST):
        part = field.get("/T")
        if isinstance(part, pikepdf.String):
            parts.append(str(part))
        field = field.get("/Parent")
        if not isinstance(field, pikepdf.Dictionary):
            break
    return ".".join(reversed(parts))

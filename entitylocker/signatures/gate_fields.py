"""The signature fields of a form, as qpdf sees them: which are signed, by which dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from entitylocker.signatures import caps
from entitylocker.signatures.report import GateFinding
from entitylocker.signatures.verdicts import Verdict

_DEEPEST = 32


@dataclass(slots=True)
class SignedFields:
    """`signed`: field name and value. `values`, `usage_rights`: object numbers of dictionaries in use."""

    signed: list[tuple[str, Any]] = field(default_factory=list)
    values: set[tuple[int, int]] = field(default_factory=set)
    usage_rights: set[tuple[int, int]] = field(default_factory=set)
    findings: list[GateFinding] = field(default_factory=list)
    too_many: bool = False


def read_fields(pdf: pikepdf.Pdf) -> SignedFields:
    """Walk the form of `pdf` for signed signature fields, and the permissions for usage rights."""
    found = SignedFields()
    form = pdf.Root.get("/AcroForm")
    fields = form.get("/Fields") if isinstance(form, pikepdf.Dictionary) else None
    for count, (name, node, value) in enumerate(_signature_fields(fields, "", None, 0, set())):
        if count >= caps.MAX_FIELDS:
            found.too_many = True
            break
        _take(found, name, node, value)
    permissions = pdf.Root.get("/Perms")
    if isinstance(permissions, pikepdf.Dictionary):
        for key in ("/UR3", "/UR"):
            rights = permissions.get(key)
            if isinstance(rights, pikepdf.Dictionary):
                found.usage_rights.add(rights.objgen)
    return found


def _take(found: SignedFields, name: str, node: Any, value: Any) -> None:
    if not isinstance(value, pikepdf.Dictionary) or "/Contents" not in value or "/ByteRange" not in value:
        detail = name[: caps.MAX_TEXT]
        found.findings.append(GateFinding("field_without_signature", Verdict.CHANGED_AFTER_SIGNING, detail=detail))
    if isinstance(value, pikepdf.Dictionary):
        if value.objgen not in found.values or value.objgen == (0, 0):
            found.signed.append((name, value))
        found.values.add(value.objgen)


def _signature_fields(
    nodes: Any, prefix: str, kind: Any, depth: int, seen: set[tuple[int, int]]
) -> Iterator[tuple[str, Any, Any]]:
    """Every node below `nodes` that is a signature field with a value of its own."""
    if not isinstance(nodes, pikepdf.Array) or depth > _DEEPEST:
        return
    for node in nodes:  # type: ignore[attr-defined, unused-ignore]
        if not isinstance(node, pikepdf.Dictionary) or node.objgen in seen:
            continue
        if node.objgen != (0, 0):
            seen.add(node.objgen)
        own_kind = node.get("/FT", kind)
        name = _joined(prefix, node.get("/T"))
        if own_kind == pikepdf.Name("/Sig") and node.get("/V") is not None:
            yield name, node, node.get("/V")
        yield from _signature_fields(node.get("/Kids"), name, own_kind, depth + 1, seen)


def _joined(prefix: str, part: Any) -> str:
    if not isinstance(part, pikepdf.String):
        return prefix
    return f"{prefix}.{part}" if prefix else str(part)

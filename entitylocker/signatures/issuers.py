"""Which certificate a path lacks, when none leads to a root."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asn1crypto import x509

_LONGEST_PATH = 10


def missing_issuer(signer: x509.Certificate, others: Iterable[x509.Certificate]) -> str | None:
    """The name of the first issuer above `signer` whose certificate is not among `others`.

    None if the way up ends at a root: then nothing is missing, it is only not trusted.
    """
    by_name = {one.subject.hashable: one for one in others}
    certificate = signer
    for _ in range(_LONGEST_PATH):
        if certificate.issuer == certificate.subject:
            return None
        above = by_name.get(certificate.issuer.hashable)
        if above is None:
            return display_name(certificate.issuer)
        certificate = above
    return None


def display_name(name: x509.Name) -> str:
    """The common name, else the organisation, else all of it; cut to a sane length."""
    native: dict[str, Any] = name.native
    value = native.get("common_name") or native.get("organization_name") or name.human_friendly
    return str(value if not isinstance(value, list) else value[0])[:200]

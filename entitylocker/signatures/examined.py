"""What the bytes of a file alone say, as frozen records that survive JSON. It never changes; trust does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec
from asn1crypto import cms, x509
from pyhanko.sign.general import extract_signer_info
from pyhanko.sign.validation import generic_cms

from entitylocker.signatures import caps
from entitylocker.signatures.gate import Gate
from entitylocker.signatures.report import Change, GateFinding, SignatureReport
from entitylocker.signatures.revocation_answers import Evidence
from entitylocker.signatures.verdicts import Reason, Verdict

DETACHED = {"/adbe.pkcs7.detached", "/ETSI.CAdES.detached", "/PBAD.PAdES"}
ENVELOPED_SHA1 = "/adbe.pkcs7.sha1"
DOCUMENT_TIMESTAMP = "/ETSI.RFC3161"


@dataclass(frozen=True)
class Signed:
    """A signature as it stands in the file: what it covers, what came after it, and its CMS, not yet judged.

    `digests`: algorithm → digest of the covered bytes, first the one the signature is about. `seeds_kept`: whether
    it is as its field demands.
    """

    field_name: str
    sub_filter: str
    contents: bytes
    digests: dict[str, bytes]
    claimed_at: datetime | None
    coverage: str
    permission: str | None
    changes: tuple[Change, ...]
    seeds_kept: bool | None = None

    @cached_property
    def signed_data(self) -> Any:
        """The signed data of the CMS (RFC 5652, 5.1). It and what follows raise anything on malformed input."""
        return cms.ContentInfo.load(self.contents)["content"]

    @cached_property
    def signer_info(self) -> Any:
        """The only signer of the CMS."""
        return extract_signer_info(self.signed_data)

    @cached_property
    def signer_cert(self) -> x509.Certificate:
        """The signer's certificate."""
        certificate: x509.Certificate = generic_cms.extract_certs_for_validation(self.signed_data).signer_cert
        return certificate

    @property
    def md_algorithm(self) -> str:
        """The digest that the signer used."""
        name: str = self.signer_info["digest_algorithm"]["algorithm"].native
        return name.lower()

    def compute_digest(self, algorithm: str | None = None) -> bytes:
        """The digest of the covered bytes. Raises KeyError for one that was not computed with the examination."""
        return self.digests[algorithm or next(iter(self.digests))]


@dataclass(frozen=True, slots=True)
class Entry:
    """A signed field: what was found there, or why it cannot be checked."""

    field_name: str
    signed: Signed | None = None
    refusal: SignatureReport | None = None


@dataclass(frozen=True, slots=True)
class Store:
    """The document's security store (PAdES /DSS): certificates (DER), CRLs and OCSP responses."""

    certificates: tuple[bytes, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Examined:
    """A whole file. `entries`: in the order of revisions; `findings`: what only the second reader can say."""

    size: int
    sha256: str
    gate: Gate
    entries: tuple[Entry, ...] = ()
    findings: tuple[GateFinding, ...] = ()
    store: Store = field(default_factory=Store)

    def to_json(self) -> bytes:
        """`from_json` gives back an equal record."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, encoded: bytes) -> Examined:
        """The record `to_json` was called on."""
        return msgspec.json.decode(encoded, type=cls)


def not_checkable(field: str, reason: Reason, fault: str | None = None) -> SignatureReport:
    """The answer about a signature that is there but could not be checked."""
    return SignatureReport(
        field=field[: caps.MAX_TEXT], verdict=Verdict.NOT_CHECKABLE, reason=reason.value, fault=fault
    )


def failed(field: str, fault: Exception, contents: bytes | None = None) -> SignatureReport:
    """The answer about a signature over which a library gave up with `fault`.

    Where that is because `contents` is no CMS at all, it is a FORMAT_FAILURE; a library's own word counts, too.
    """
    report = not_checkable(field, Reason.ERROR, type(fault).__name__)
    word = getattr(getattr(fault, "ades_subindication", None), "standard_name", None)
    if contents is not None and not _is_cms(contents):
        word = "FORMAT_FAILURE"
    return replace(report, sub_indication=word)


def _is_cms(contents: bytes) -> bool:
    """Whether it can be read as signed data (RFC 5652, 5.1) with one signer at least."""
    try:
        return len(cms.ContentInfo.load(contents)["content"]["signer_infos"].native) > 0
    except (ValueError, TypeError, KeyError, AttributeError):
        return False

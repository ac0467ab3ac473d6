"""What a path is validated with: trusted roots, other certificates, and what is known about revocation."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import (
    MultivaluedAttributeError,
    NonexistentAttributeError,
    find_unique_cms_attribute,
)
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.policy_decl import (
    AcceptAllAlgorithms,
    AlgorithmUsagePolicy,
    CertRevTrustPolicy,
    DisallowWeakAlgorithmsPolicy,
    RevocationCheckingPolicy,
)

from entitylocker.signatures.trust import TrustStore

_ANY = AcceptAllAlgorithms()
_STRONG: AlgorithmUsagePolicy = DisallowWeakAlgorithmsPolicy()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Material:
    """Parsed once per file. The roots are the configured ones alone; the rest may come from anywhere."""

    roots: tuple[x509.Certificate, ...]
    others: tuple[x509.Certificate, ...]
    crls: tuple[asn1_crl.CertificateList, ...]
    ocsps: tuple[asn1_ocsp.OCSPResponse, ...] = ()
    has_store: bool = False

    @classmethod
    def of(cls, trust: TrustStore) -> Material:
        """From the trust that was handed over."""
        return cls(
            roots=tuple(map(x509.Certificate.load, trust.roots)),
            others=tuple(map(x509.Certificate.load, trust.intermediates)),
            crls=tuple(map(asn1_crl.CertificateList.load, trust.crls)),
            ocsps=tuple(map(asn1_ocsp.OCSPResponse.load, trust.ocsps)),
        )

    def with_document(self, reader: PdfFileReader) -> Material:
        """With the document's security store (PAdES /DSS); one that cannot be read adds nothing."""
        try:
            store = DocumentSecurityStore.read_dss(reader)
            certificates = tuple(store.load_certs())
            crls = tuple(_streams(store.crls, asn1_crl.CertificateList, DecodePurpose.CRL))
            ocsps = tuple(_streams(store.ocsps, asn1_ocsp.OCSPResponse, DecodePurpose.OCSP_RESPONSE))
        except NoDSSFoundError:
            return self
        except MemoryError:
            raise
        except Exception:  # hostile input raises anything; without the store the answer is more careful
            return self
        return replace(
            self,
            others=self.others + certificates,
            crls=self.crls + crls,
            ocsps=self.ocsps + ocsps,
            has_store=bool(crls or ocsps),
        )

    def with_signature(self, signer_info: Any) -> Material:
        """With the revocation data a signer put into the signature itself (Adobe's attribute)."""
        try:
            value = find_unique_cms_attribute(signer_info["signed_attrs"], "adobe_revocation_info_archival")
            crls, ocsps = tuple(value["crl"] or ()), tuple(value["ocsp"] or ())
        except (NonexistentAttributeError, MultivaluedAttributeError, ValueError, TypeError, KeyError):
            return self
        return replace(self, crls=self.crls + crls, ocsps=self.ocsps + ocsps)

    def context(
        self, moment: datetime, *, require_revocation: bool, any_algorithm: bool, past: bool
    ) -> ValidationContext:
        """A context for one validation at `moment`. `past`: younger revocation data counts too."""
        mode = RevocationCheckingPolicy.from_legacy("require" if require_revocation else "soft-fail")
        return ValidationContext(
            trust_roots=list(self.roots),
            other_certs=list(self.others),
            moment=moment,
            crls=list(self.crls),
            ocsps=list(self.ocsps),
            allow_fetching=False,
            revinfo_policy=CertRevTrustPolicy(mode, retroactive_revinfo=past),
            algorithm_usage_policy=_ANY if any_algorithm else _STRONG,
        )

    def crl_bytes(self) -> Iterable[bytes]:
        """The CRLs as DER."""
        return (crl.dump() for crl in self.crls)


def _streams(references: Iterable[Any], kind: Any, purpose: DecodePurpose) -> Iterable[Any]:
    for reference in itertools.islice(references, 1000):
        yield kind.load(reference.get_object().read_data(purpose))

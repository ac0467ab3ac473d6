"""What a path is validated with: trusted roots, other certificates, and what is known about revocation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509
from pyhanko.sign.general import (
    MultivaluedAttributeError,
    NonexistentAttributeError,
    find_unique_cms_attribute,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.policy_decl import (
    AlgorithmUsagePolicy,
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
)

from entitylocker.signatures.examined import Store
from entitylocker.signatures.revocation_answers import CRL, IN_SIGNATURE, OCSP, Evidence
from entitylocker.signatures.trust import TrustStore


@dataclass(frozen=True)
class Material:
    """Parsed once per file. The roots are the configured ones alone; the rest may come from anywhere.

    `evidence`: the CRLs and OCSP responses once more, as they came.
    """

    roots: tuple[x509.Certificate, ...]
    others: tuple[x509.Certificate, ...]
    crls: tuple[asn1_crl.CertificateList, ...]
    ocsps: tuple[asn1_ocsp.OCSPResponse, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @classmethod
    def of(cls, trust: TrustStore) -> Material:
        """From the trust that was handed over, which is mostly the same as for the file before."""
        return _parse(trust)

    def with_store(self, store: Store) -> Material:
        """With the document's security store; one that cannot be read adds nothing."""
        try:
            richer = self._with(store.evidence)
            certificates = tuple(map(x509.Certificate.load, store.certificates))
        except (ValueError, TypeError):
            return self
        return replace(richer, others=self.others + certificates)

    def with_signature(self, signer_info: Any) -> Material:
        """With the revocation data a signer put into the signature itself (Adobe's attribute)."""
        try:
            value = find_unique_cms_attribute(signer_info["signed_attrs"], "adobe_revocation_info_archival")
            found = [Evidence(CRL, one.dump(), IN_SIGNATURE) for one in value["crl"] or ()]
            found += [Evidence(OCSP, one.dump(), IN_SIGNATURE) for one in value["ocsp"] or ()]
            return self._with(found)
        except (NonexistentAttributeError, MultivaluedAttributeError, ValueError, TypeError, KeyError):
            return self

    def _with(self, found: Iterable[Evidence]) -> Material:
        new = tuple(one for one in found if one not in self.evidence)
        return replace(
            self,
            crls=self.crls + tuple(asn1_crl.CertificateList.load(one.der) for one in new if one.source == CRL),
            ocsps=self.ocsps + tuple(asn1_ocsp.OCSPResponse.load(one.der) for one in new if one.source == OCSP),
            evidence=self.evidence + new,
        )

    def context(
        self, moment: datetime, *, revocation: str, algorithms: AlgorithmUsagePolicy, past: bool
    ) -> ValidationContext:
        """A context for one validation at `moment`. `past`: younger revocation data counts too.

        `revocation`: require, soft-fail (answers that are there must do) or none.
        """
        mode = RevocationCheckingPolicy.from_legacy(revocation)
        return ValidationContext(
            trust_roots=list(self.roots),
            other_certs=list(self.others),
            moment=moment,
            crls=list(self.crls),
            ocsps=list(self.ocsps),
            allow_fetching=False,
            revinfo_policy=CertRevTrustPolicy(mode, retroactive_revinfo=past),
            algorithm_usage_policy=algorithms,
        )


@lru_cache(maxsize=4)
def _parse(trust: TrustStore) -> Material:
    return Material(
        roots=tuple(map(x509.Certificate.load, trust.roots)),
        others=tuple(map(x509.Certificate.load, trust.intermediates)),
        crls=tuple(map(asn1_crl.CertificateList.load, trust.crls)),
        ocsps=tuple(map(asn1_ocsp.OCSPResponse.load, trust.ocsps)),
        evidence=tuple([Evidence(CRL, one) for one in trust.crls] + [Evidence(OCSP, one) for one in trust.ocsps]),
    )

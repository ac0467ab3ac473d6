"""What a path is validated with: trusted roots, other certificates, and what is known about revocation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
from entitylocker.signatures.revocation_answers import CRL, IN_SIGNATURE, OCSP, Evidence, is_sound
from entitylocker.signatures.trust import TrustStore


@dataclass(frozen=True)
class Material:
    """Parsed once per file. The roots are the configured ones alone; the rest may come from anywhere.

    `evidence`: the CRLs and OCSP responses once more, as they came.
    """

    roots: tuple[x509.Certificate, ...]
    others: tuple[x509.Certificate, ...]
    crls: tuple[asn1_crl.CertificateList, ...] = ()
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
            crls=self.crls + tuple(_lists(new)),
            ocsps=self.ocsps + tuple(_responses(new)),
            evidence=self.evidence + new,
        )

    def without_forgeries(self, path: Iterable[x509.Certificate]) -> Material:
        """With those answers alone that bear a good signature and say all about a certificate of `path`.

        The path validator takes any other list of the right name for a fault of the path, and lists come over
        connections that anybody on the way may write to. What such a list revokes is found out without it.
        """
        path = list(path)
        sound = [one for one in self.evidence if is_sound(one, path, [*self.roots, *self.others])]
        return replace(self, crls=(), ocsps=(), evidence=())._with(sound)

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


def _lists(evidence: Iterable[Evidence]) -> Iterator[asn1_crl.CertificateList]:
    """Those that can be read so far that the path validator knows which is which; the others say nothing."""
    for one in evidence:
        if one.source == CRL and _can_be_read(one.der, _touch_list):
            yield asn1_crl.CertificateList.load(one.der)


def _responses(evidence: Iterable[Evidence]) -> Iterator[asn1_ocsp.OCSPResponse]:
    for one in evidence:
        if one.source == OCSP and _can_be_read(one.der, _touch_response):
            yield asn1_ocsp.OCSPResponse.load(one.der)


def _can_be_read(der: bytes, touch: Callable[[bytes], object]) -> bool:
    try:
        touch(der)
    except MemoryError:
        raise
    except Exception:  # the parser looks only at what is asked for, and raises anything then
        return False
    return True


def _touch_list(der: bytes) -> object:
    one = asn1_crl.CertificateList.load(der, strict=True)
    stated = one["tbs_cert_list"]
    updates = stated["this_update"].native, stated["next_update"].native
    return one.issuer.hashable, updates, stated["crl_extensions"].native, one["signature"].native


def _touch_response(der: bytes) -> object:
    data = asn1_ocsp.OCSPResponse.load(der, strict=True).response_data
    return data["produced_at"].native, [one.native for one in data["responses"]]


@lru_cache(maxsize=4)
def _parse(trust: TrustStore) -> Material:
    evidence = [Evidence(CRL, one) for one in trust.crls] + [Evidence(OCSP, one) for one in trust.ocsps]
    return Material(
        roots=tuple(map(x509.Certificate.load, trust.roots)),
        others=tuple(map(x509.Certificate.load, trust.intermediates)),
    )._with(evidence)

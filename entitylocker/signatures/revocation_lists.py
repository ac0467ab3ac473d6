"""Looking a certificate up in CRLs ourselves.

The path validator asks a CRL only when the certificate says where one is published, and not at all once a
certificate has expired. What the operator or the document handed over counts in both cases.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm


@dataclass(frozen=True, slots=True)
class Revocation:
    """A certificate of the chain was revoked, at this time."""

    serial: int
    at: datetime


@lru_cache(maxsize=64)
def _parsed(der: bytes) -> x509.CertificateRevocationList | None:
    try:
        return x509.load_der_x509_crl(der)
    except (ValueError, UnsupportedAlgorithm):
        return None


def earliest_revocation(chain: Sequence[bytes], crls: Iterable[bytes]) -> Revocation | None:
    """The first revocation among the certificates of `chain` (DER, root first) by any of the `crls` (DER).

    A CRL counts when it bears the name of the issuer and the issuer's valid signature. Its age does not
    matter: what was revoked once stays revoked.
    """
    lists = [crl for crl in map(_parsed, crls) if crl is not None]
    found = []
    for issuer_der, der in itertools.pairwise(chain):
        try:
            issuer, certificate = (
                x509.load_der_x509_certificate(issuer_der),
                x509.load_der_x509_certificate(der),
            )
        except ValueError:
            continue
        found += [_entry(crl, certificate.serial_number) for crl in lists if _is_of(crl, issuer)]
    return min((one for one in found if one is not None), key=lambda one: one.at, default=None)


def _is_of(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    if crl.issuer != issuer.subject or _is_indirect(crl):
        return False
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False


def _entry(crl: x509.CertificateRevocationList, serial: int) -> Revocation | None:
    try:
        entry = crl.get_revoked_certificate_by_serial_number(serial)
        if entry is None or _reason(entry) is x509.ReasonFlags.remove_from_crl:
            return None
        return Revocation(serial, entry.revocation_date_utc)
    except ValueError:
        return None


def _reason(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return None


def _is_indirect(crl: x509.CertificateRevocationList) -> bool:
    """Such a list may be about certificates of others (RFC 5280, 5.2.5): left to the path validator."""
    try:
        return crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value.indirect_crl
    except (x509.ExtensionNotFound, ValueError):
        return False

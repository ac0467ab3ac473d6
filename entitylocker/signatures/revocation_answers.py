"""What CRLs and OCSP responses say about a certificate, looked up by ourselves.

The path validator asks a CRL only when the certificate says where one is published, and nobody at all once a
certificate has expired. What the operator or the document handed over counts in both cases, and the report
names the answer that counted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from asn1crypto import core
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509 import ocsp

from entitylocker.signatures.list_scope import is_complete_for, is_indirect

CRL, OCSP = "crl", "ocsp"
HANDED_OVER, IN_STORE, IN_SIGNATURE = "handed_over", "in_store", "in_signature"
_EXPIRED_ON_LIST = x509.ObjectIdentifier("2.5.29.60")
# One that does not say when the next one comes is out of date at any time (RFC 6960, 4.2.2.1): as the path validator.
_WITHOUT_END = timedelta(minutes=30)
_UNUSABLE = (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A CRL or an OCSP response (DER). `origin`: handed over, or brought by the document's store or a signature."""

    source: str
    der: bytes
    origin: str = HANDED_OVER


@dataclass(frozen=True, slots=True)
class Answer:
    """What one piece of evidence says about one certificate. `revoked_at` None: it is not revoked.

    `keeps_expired`: it would still name the certificate had that expired in the meantime.
    """

    source: str
    origin: str
    produced_at: datetime
    next_update: datetime | None
    revoked_at: datetime | None
    keeps_expired: bool = False

    def holds_at(self, moment: datetime) -> bool:
        """Whether it had been given, and was not overdue, at `moment`."""
        end = self.next_update if self.next_update is not None else self.produced_at + _WITHOUT_END
        return self.produced_at <= moment <= end


def find_answers(certificate: x509.Certificate, issuer: x509.Certificate, evidence: Iterable[Evidence]) -> list[Answer]:
    """Every answer of `evidence` about `certificate` that bears the valid signature of `issuer`.

    For OCSP also that of a responder to which `issuer` delegated it (RFC 6960, 4.2.2.2). Age does not matter
    here: what was revoked once stays revoked. Lists that need not name `certificate` answer only if they do.
    """
    found: list[Answer] = []
    for one in evidence:
        if one.source == CRL:
            found += _from_list(one, certificate, issuer)
        else:
            found += _from_responder(one, certificate, issuer)
    return found


def is_sound(one: Evidence, path: Iterable[Certificate], others: Iterable[Certificate]) -> bool:
    """Whether one of `path` signed it, or a responder for one of them, and it says all about one of them.

    An indirect list may also be of one of `others`.
    """
    certificates = list(_loaded(path))
    if one.source != CRL:
        response = _parsed_response(one.der)
        return response is not None and any(_is_by(response, issuer) for issuer in certificates)
    crl = _parsed_list(one.der)
    if crl is None:
        return False
    if is_indirect(crl):
        return any(_is_of(crl, issuer) for issuer in [*certificates, *_loaded(others)])
    concerned = [own for own in certificates if own.issuer == crl.issuer and is_complete_for(crl, own)]
    return bool(concerned) and any(_is_of(crl, issuer) for issuer in certificates)


def _loaded(certificates: Iterable[Certificate]) -> Iterator[x509.Certificate]:
    for one in certificates:
        with contextlib.suppress(ValueError):  # only the more tolerant parser reads it
            yield x509.load_der_x509_certificate(one.dump())


@lru_cache(maxsize=64)
def _parsed_list(der: bytes) -> x509.CertificateRevocationList | None:
    try:
        return x509.load_der_x509_crl(der)
    except (ValueError, UnsupportedAlgorithm):
        return None


def _from_list(one: Evidence, certificate: x509.Certificate, issuer: x509.Certificate) -> Iterator[Answer]:
    crl = _parsed_list(one.der)
    if crl is None or not _is_of(crl, issuer) or is_indirect(crl):
        return
    try:
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        revoked = entry is not None and _reason(entry) is not x509.ReasonFlags.remove_from_crl
        revoked_at = entry.revocation_date_utc if entry is not None and revoked else None
    except ValueError:
        return
    if revoked_at is None and not is_complete_for(crl, certificate):
        return
    keeps = _keeps_expired(crl, certificate)
    yield Answer(CRL, one.origin, crl.last_update_utc, crl.next_update_utc, revoked_at, keeps)


def _keeps_expired(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """The extension expiredCertsOnCRL (ITU-T X.509, 9.5.2.8): since when expired certificates stay on the list."""
    try:
        value = crl.extensions.get_extension_for_oid(_EXPIRED_ON_LIST).value
        since: datetime = core.GeneralizedTime.load(value.public_bytes()).native
    except (x509.ExtensionNotFound, ValueError, TypeError):
        return False
    return since <= certificate.not_valid_after_utc


def _is_of(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    if crl.issuer != issuer.subject:
        return False
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except _UNUSABLE:
        return False


def _reason(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return None


@lru_cache(maxsize=64)
def _parsed_response(der: bytes) -> ocsp.OCSPResponse | None:
    try:
        response = ocsp.load_der_ocsp_response(der)
    except ValueError:
        return None
    return response if response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL else None


def _from_responder(one: Evidence, certificate: x509.Certificate, issuer: x509.Certificate) -> Iterator[Answer]:
    response = _parsed_response(one.der)
    try:
        if response is None or not _is_by(response, issuer):
            return
        singles = [single for single in response.responses if _is_about(single, certificate, issuer)]
    except _UNUSABLE:
        return
    for single in singles:
        if single.certificate_status is not ocsp.OCSPCertStatus.UNKNOWN:
            revoked_at = single.revocation_time_utc
            yield Answer(OCSP, one.origin, single.this_update_utc, single.next_update_utc, revoked_at)


def _is_by(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    try:
        return any(_is_signed_by(response, key) for key in _responders(response, issuer))
    except _UNUSABLE:
        return False


def _is_about(single: ocsp.OCSPSingleResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if single.serial_number != certificate.serial_number:
        return False
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, single.hash_algorithm).build()
    return (single.issuer_name_hash, single.issuer_key_hash) == (asked.issuer_name_hash, asked.issuer_key_hash)


def _responders(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> Iterator[CertificatePublicKeyTypes]:
    """The keys that may sign: the issuer's, and those of certificates it issued for just that."""
    yield issuer.public_key()
    for delegate in response.certificates:
        valid = delegate.not_valid_before_utc <= response.produced_at_utc <= delegate.not_valid_after_utc
        if valid and _may_sign_responses(delegate) and _is_issued_by(delegate, issuer):
            yield delegate.public_key()


def _may_sign_responses(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return x509.ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except _UNUSABLE:
        return False
    return True


def _is_signed_by(response: ocsp.OCSPResponse, key: CertificatePublicKeyTypes) -> bool:
    """Whether `key` made the signature. Kinds of keys that are not known here made none."""
    signature, signed, algorithm = response.signature, response.tbs_response_bytes, response.signature_hash_algorithm
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(signature, signed, ec.ECDSA(algorithm))
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, signed)
        else:
            return False
    except _UNUSABLE:
        return False
    return True

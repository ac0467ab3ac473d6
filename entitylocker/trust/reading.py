"""Files that people send, sorted into certificates that may be taken over and files that may not, with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from entitylocker.accounts.schemas import one_line
from entitylocker.errors import LockerError
from entitylocker.signatures.trust_files import (
    CannotReadTrust,
    TrustTooLarge,
    is_authority,
    is_self_signed,
    read_certificates,
    read_revocation_lists,
    short_name,
    unpack,
)

LARGEST_UPLOAD = 10 * 1024 * 1024
LARGEST_CERTIFICATE = 16 * 1024
MOST_AT_ONCE = 200
# What honest bundles need is far less; with it the largest keys still cost less than a second.
MOST_VERIFIED = 500
_LARGEST_KEY = 8192
_LONGEST_NAME = 200


class Why(StrEnum):
    """Why a file or a certificate in it was passed over."""

    PRIVATE_KEY = "private_key"
    NOT_AN_AUTHORITY = "not_an_authority"
    REVOCATION_LIST = "revocation_list"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"


@dataclass(frozen=True)
class PassedOver:
    """A file that gave nothing; `name`: of the file, or of the certificate in it."""

    name: str
    why: Why


@dataclass(frozen=True)
class Found:
    """A certificate of an authority. `fingerprint`: SHA-256 of the DER in hexadecimal."""

    der: bytes = field(repr=False)
    fingerprint: str
    name: str
    issuer: str
    is_root: bool
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True)
class Findings:
    """Everything that was in the files, each certificate once; CRLs as DER."""

    certificates: tuple[Found, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    crls: tuple[bytes, ...] = ()


def read_files(files: Iterable[tuple[str, bytes]], largest: int = LARGEST_UPLOAD) -> Findings:
    """Sort what is in `files` (name, content): certificates (PEM, DER, PKCS#7), bundles and zips of them, CRLs.

    Nothing raises: what cannot be taken over is among those passed over. `largest`: bytes, unpacked, all together.
    """
    certificates: dict[str, Found] = {}
    passed_over: list[PassedOver] = []
    crls: dict[bytes, None] = {}
    for item in _items(files, largest):
        match item:
            case Found():
                certificates[item.fingerprint] = item
            case PassedOver():
                passed_over.append(item)
            case bytes():
                crls[item] = None
    return Findings(tuple(certificates.values()), tuple(dict.fromkeys(passed_over)), tuple(crls))


def describe(certificate: x509.Certificate) -> Found:
    """What is kept of `certificate`. Raises ValueError where its names or dates cannot be read."""
    der = certificate.public_bytes(Encoding.DER)
    fingerprint = hashlib.sha256(der).hexdigest()
    return Found(
        der=der,
        fingerprint=fingerprint,
        name=clean(short_name(certificate.subject)) or fingerprint[:16],
        issuer=clean(short_name(certificate.issuer)),
        is_root=is_self_signed(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def issuer_of(crl: bytes) -> str:
    """Whose list of revoked certificates it is (DER)."""
    try:
        return clean(short_name(x509.load_der_x509_crl(crl).issuer))
    except (ValueError, TypeError):
        return ""


def with_issuer(certificates: Iterable[bytes], above: Iterable[bytes]) -> frozenset[bytes]:
    """Those of `certificates` that a key of a certificate in `above` signed (all DER, all readable).

    At most `MOST_VERIFIED` signatures are looked at: many certificates of one name would each be tried with each.
    """
    by_name: dict[bytes, list[x509.Certificate]] = {}
    for der in above:
        issuer = x509.load_der_x509_certificate(der)
        by_name.setdefault(issuer.subject.public_bytes(), []).append(issuer)
    found, left = [], MOST_VERIFIED
    for der in certificates:
        certificate = x509.load_der_x509_certificate(der)
        tried = by_name.get(certificate.issuer.public_bytes(), [])[:left]
        left -= len(tried)
        if any(_signed(issuer, certificate) for issuer in tried):
            found.append(der)
    return frozenset(found)


def _signed(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if getattr(issuer.public_key(), "key_size", 0) > _LARGEST_KEY:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _items(files: Iterable[tuple[str, bytes]], largest: int) -> Iterator[Found | PassedOver | bytes]:
    left = largest
    for name, data in files:
        empty = True
        try:
            for inner, content in unpack(name, data, left):
                left -= len(content)
                if left < 0:
                    raise TrustTooLarge(name=inner)
                yield from _of_file(clean(inner), content)
                empty = False
            if empty:
                raise CannotReadTrust(name=name)
        except TrustTooLarge:
            yield PassedOver(clean(name), Why.TOO_LARGE)
        except LockerError:
            yield PassedOver(clean(name), Why.UNREADABLE)


def _of_file(name: str, data: bytes) -> Iterator[Found | PassedOver | bytes]:
    if b"PRIVATE KEY-----" in data:
        yield PassedOver(name, Why.PRIVATE_KEY)
        return
    crls = read_revocation_lists(data)
    if crls:
        yield from crls
        return
    try:
        certificates = read_certificates(data)
    except TrustTooLarge:
        yield PassedOver(name, Why.TOO_LARGE)
        return
    except LockerError:
        yield PassedOver(name, Why.UNREADABLE)
        return
    for certificate in certificates:
        yield _of_certificate(name, certificate)


def _of_certificate(name: str, certificate: x509.Certificate) -> Found | PassedOver:
    try:
        found = describe(certificate)
        if not is_authority(certificate):
            return PassedOver(found.name, Why.NOT_AN_AUTHORITY)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return PassedOver(name, Why.UNREADABLE)
    return found if len(found.der) <= LARGEST_CERTIFICATE else PassedOver(found.name, Why.TOO_LARGE)


def clean(text: str) -> str:
    """A stranger's words on one line: what a file or a certificate calls itself is shown to people."""
    return one_line(text)[:_LONGEST_NAME].strip()

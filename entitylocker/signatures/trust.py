"""Whom the installation trusts: roots, the certificates between, and answers about revocation (CRL, OCSP)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from entitylocker.signatures import caps
from entitylocker.signatures.trust_files import (
    SUFFIXES,
    CannotReadTrust,
    NoSuchTrust,
    is_authority,
    is_self_signed,
    read_certificates,
    read_revocation_lists,
    short_name,
)


@dataclass(frozen=True, slots=True)
class TrustedCertificate:
    """One certificate of a store, as it is listed for people."""

    name: str
    issuer: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    is_root: bool
    serial: str


@dataclass(frozen=True)
class TrustStore:
    """DER bytes of everything a check may rely on. Immutable; `merged` makes a new one.

    Only a self-signed certificate of an authority is a root. The operating system's store is never used.
    """

    roots: tuple[bytes, ...] = ()
    intermediates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    passed_over: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def load(cls, directories: Iterable[Path | str]) -> TrustStore:
        """Read every certificate (PEM, DER, bundle) and CRL in `directories`, not below them.

        A directory that is not there counts as empty. Files that hold nothing usable are named in
        `passed_over`; a private key is never taken for a certificate.
        """
        store = cls()
        for directory in directories:
            folder = Path(directory)
            for path in sorted(folder.iterdir()) if folder.is_dir() else []:
                if path.is_file() and path.suffix.lower() in SUFFIXES:
                    store = store.merged(cls._read(path))
        return store

    @classmethod
    def load_strictly(cls, directories: Iterable[Path | str]) -> TrustStore:
        """As `load`, but a directory that is not there raises NoSuchTrust: it was mistyped."""
        folders = [Path(directory) for directory in directories]
        for folder in folders:
            if not folder.is_dir():
                raise NoSuchTrust(name=str(folder))
        return cls.load(folders)

    @classmethod
    def shipped(cls) -> TrustStore:
        """The Indian roots, and certificates below them, that come with the package (data/india)."""
        return _shipped()

    @classmethod
    def from_der(cls, certificates: Iterable[bytes], crls: Iterable[bytes] = ()) -> TrustStore:
        """A store of `certificates`, sorted into roots and others, and of `crls`."""
        return cls.from_certificates(
            [x509.load_der_x509_certificate(one) for one in certificates], tuple(dict.fromkeys(crls))
        )

    @classmethod
    def from_certificates(cls, certificates: Iterable[x509.Certificate], crls: Iterable[bytes] = ()) -> TrustStore:
        """As `from_der`, of certificates that were parsed already."""
        authorities = [one for one in certificates if is_authority(one)]
        roots = [one.public_bytes(Encoding.DER) for one in authorities if is_self_signed(one)]
        others = [one.public_bytes(Encoding.DER) for one in authorities if not is_self_signed(one)]
        return cls(tuple(dict.fromkeys(roots)), tuple(dict.fromkeys(others)), tuple(dict.fromkeys(crls)))

    @classmethod
    def _read(cls, path: Path) -> TrustStore:
        if path.stat().st_size > caps.MAX_TRUST_BYTES:
            return cls(passed_over=(path.name,))
        data = path.read_bytes()
        try:
            crls = read_revocation_lists(data)
            store = cls.from_certificates([] if crls else read_certificates(data), crls)
        except CannotReadTrust:
            return cls(passed_over=(path.name,))
        return store if store.roots or store.intermediates or store.crls else cls(passed_over=(path.name,))

    def merged(self, other: TrustStore) -> TrustStore:
        """Everything of both."""
        return TrustStore(
            roots=tuple(dict.fromkeys(self.roots + other.roots)),
            intermediates=tuple(dict.fromkeys(self.intermediates + other.intermediates)),
            crls=tuple(dict.fromkeys(self.crls + other.crls)),
            ocsps=tuple(dict.fromkeys(self.ocsps + other.ocsps)),
            passed_over=self.passed_over + other.passed_over,
        )

    def fingerprints(self) -> frozenset[str]:
        """SHA-256 of every certificate, in hexadecimal."""
        return frozenset(hashlib.sha256(one).hexdigest() for one in self.roots + self.intermediates)

    def digest(self) -> str:
        """A short name for exactly this trust: it changes with every certificate and answer."""
        total = hashlib.sha256()
        for group in (self.roots, self.intermediates, self.crls, self.ocsps):
            for one in sorted(group):
                total.update(hashlib.sha256(one).digest())
            total.update(b"|")
        return total.hexdigest()[:16]

    def list_certificates(self) -> list[TrustedCertificate]:
        """Every certificate for people to read: roots first, then by name."""
        listed = [_describe(one, is_root=True) for one in self.roots]
        listed += [_describe(one, is_root=False) for one in self.intermediates]
        return sorted(listed, key=lambda one: (not one.is_root, one.name))


def _describe(der: bytes, *, is_root: bool) -> TrustedCertificate:
    certificate = x509.load_der_x509_certificate(der)
    return TrustedCertificate(
        name=short_name(certificate.subject),
        issuer=short_name(certificate.issuer),
        fingerprint=hashlib.sha256(der).hexdigest(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        is_root=is_root,
        serial=f"{certificate.serial_number:x}",
    )


@cache
def _shipped() -> TrustStore:
    with resources.as_file(resources.files("entitylocker.signatures") / "data" / "india") as folder:
        return TrustStore.load([folder])

"""A certification authority of pretence, for the demo and for tests: root, intermediate, signers and CRLs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
from pyhanko.sign.signers import SimpleSigner
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

_START = datetime(2020, 1, 1, tzinfo=UTC)
_END = datetime(2045, 1, 1, tzinfo=UTC)
_REVOKED_AT = datetime(2024, 6, 1, tzinfo=UTC)
_SUFFIX = "(not for real use)"


@dataclass(frozen=True, slots=True)
class _Role:
    """One certificate to be made. `issuer` None: self-signed."""

    name: str
    issuer: str | None
    organisation: str = "EntityLocker Demo"
    start: datetime = _START
    end: datetime = _END
    authority: bool = False
    stamps: bool = False
    path_length: int | None = None


_ROLES = {
    "root": _Role(f"EntityLocker Demo Root {_SUFFIX}", None, authority=True),
    "intermediate": _Role(f"EntityLocker Demo CA {_SUFFIX}", "root", authority=True, path_length=0),
    "registrar": _Role("Registrar of Companies (demo)", "intermediate", "Demo Registry"),
    "officer": _Role("Asha Verma (demo)", "intermediate", "Demo Traders Private Limited"),
    "second_officer": _Role("Ravi Menon (demo)", "intermediate", "Demo Traders Private Limited"),
    "expired": _Role("Expired Signer (demo)", "intermediate", end=datetime(2023, 1, 1, tzinfo=UTC)),
    "revoked": _Role("Revoked Signer (demo)", "intermediate"),
    "time_stamper": _Role("EntityLocker Demo Time Stamps", "intermediate", stamps=True),
    "stranger_root": _Role(f"Stranger Root {_SUFFIX}", None, "Nobody You Know", authority=True),
    "stranger": _Role("Somebody Else (demo)", "stranger_root", "Nobody You Know"),
}


class TestAuthority:
    """Certificates and keys in a directory, made once and read again afterwards. For pretence only.

    `trust_dir` holds what a checker is to trust: the root certificate and the CRLs. Signers by name:
    registrar, officer, second_officer; and for things that go wrong: expired (since 2023), revoked (in June
    2024), stranger.
    """

    __test__ = False  # not a test case, whatever its name says

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.trust_dir = directory / "trust"
        if not (self.trust_dir / "intermediate.crl").exists():
            _Maker(directory).make_all()

    def signer(self, name: str, *, with_intermediate: bool = True) -> SimpleSigner:
        """The signer called `name`, with the certificates a signature should carry."""
        issuers = self._issuers(name) if with_intermediate else []
        registry = _store(issuers)
        return SimpleSigner(self._certificate(name), self._key(name), registry, embed_roots=False)

    def time_stamper(self, at: datetime | None = None) -> DummyTimeStamper:
        """Stamps that state `at`, or the present."""
        issuers = _store(self._issuers("time_stamper"))
        return DummyTimeStamper(self._certificate("time_stamper"), self._key("time_stamper"), issuers, fixed_dt=at)

    def _issuers(self, name: str) -> list[Any]:
        issuer = _ROLES[name].issuer
        return [self._certificate(issuer)] if issuer and _ROLES[issuer].issuer else []

    def _certificate(self, name: str) -> Any:
        return next(iter(load_certs_from_pemder_data((self._directory / f"{name}.pem").read_bytes())))

    def _key(self, name: str) -> Any:
        return load_private_key_from_pemder_data((self._directory / f"{name}.key").read_bytes(), None)


def _store(certificates: list[Any]) -> SimpleCertificateStore:
    make: Any = SimpleCertificateStore
    store: SimpleCertificateStore = make()
    store.register_multiple(certificates)
    return store


class _Maker:
    """Makes everything a TestAuthority reads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self._certificates: dict[str, x509.Certificate] = {}

    def make_all(self) -> None:
        """Keys, certificates and, last, the trust directory: its presence says that all is there."""
        trust = self._directory / "trust"
        trust.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in _ROLES:
            self._make(name)
        (trust / "root.pem").write_bytes(_pem(self._certificates["root"]))
        (trust / "root.crl").write_bytes(self._revocations("root", []))
        revoked = [self._certificates["revoked"].serial_number]
        (trust / "intermediate.crl").write_bytes(self._revocations("intermediate", revoked))

    def _make(self, name: str) -> None:
        role = _ROLES[name]
        key = self._keys[name] = rsa.generate_private_key(65537, 2048)
        certificate = self._certificates[name] = self._sign(name, role, key)
        path = self._directory / f"{name}.key"
        path.touch(mode=0o600)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (self._directory / f"{name}.pem").write_bytes(_pem(certificate))

    def _sign(self, name: str, role: _Role, key: rsa.RSAPrivateKey) -> x509.Certificate:
        issuer = role.issuer or name
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(role))
            .issuer_name(_name(_ROLES[issuer]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(role.start)
            .not_valid_after(role.end)
            .add_extension(x509.BasicConstraints(role.authority, role.path_length), critical=True)
            .add_extension(_usage(role), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._keys[issuer].public_key()),
                critical=False,
            )
        )
        if role.stamps:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return builder.sign(self._keys[issuer], hashes.SHA256())

    def _revocations(self, issuer: str, serials: list[int]) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(_name(_ROLES[issuer]))
            .last_update(_REVOKED_AT)
            .next_update(_END)
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._keys[issuer].public_key()),
                critical=False,
            )
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(_REVOKED_AT).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self._keys[issuer], hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _name(role: _Role) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "IN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, role.organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, role.name),
        ]
    )


def _usage(role: _Role) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not role.authority,
        content_commitment=not role.authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=role.authority,
        crl_sign=role.authority,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)

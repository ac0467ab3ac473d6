"""The installation's own seal: a key that signs the reports it hands out, and the certificate others know it by.

The root that certifies the seal signs once and is thrown away: nobody can make another certificate with it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from entitylocker.config import write_private
from entitylocker.errors import N_, LockerError

YEARS = 10
_RSA_BITS = 3072
_FIELD = "Seal"
_MAX_COMMON_NAME = 64


class SealMissing(LockerError):
    code = "seal_missing"
    status = 503
    message = N_("This locker has no seal, so it cannot seal reports.")
    advice = N_("The operator can make one: `entitylocker keys seal`.")


@dataclass(frozen=True)
class Seal:
    """A seal as it is kept: key and certificates. The key never leaves this object but into its file."""

    certificate: x509.Certificate
    root: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def create(cls, file: Path, trust_directory: Path, place: str) -> Self:
        """Make the seal of the installation at `place` (a host name) and keep it in `file`, 0600.

        Its root goes into `trust_directory`, so that this locker confirms its own seal. A seal that was there before
        is replaced; what it sealed stays trusted.
        """
        root_key = rsa.generate_private_key(65537, _RSA_BITS)
        key = rsa.generate_private_key(65537, _RSA_BITS)
        root_name, name = _name("EntityLocker report seal root", place), _name("EntityLocker report seal", place)
        root = _certificate(root_name, root_key, root_name, root_key, authority=True)
        made = cls(_certificate(name, key, root_name, root_key, authority=False), root, key)
        print_ = root.fingerprint(hashes.SHA256()).hex()[:16]
        write_private(trust_directory / f"report-seal-{print_}.pem", root.public_bytes(Encoding.PEM))
        write_private(file, made._as_pem())
        return made

    @classmethod
    def load(cls, file: Path) -> Self:
        """The seal kept in `file`. Raises SealMissing if there is none that can be read."""
        try:
            content = file.read_bytes()
            # Whether it is the key of the certificate is seen below: the long proof that it is a sound one is spared.
            key = load_pem_private_key(content, None, unsafe_skip_rsa_key_validation=True)
            certificate, root = x509.load_pem_x509_certificates(content)
        except (OSError, ValueError, TypeError) as fault:
            raise SealMissing from fault
        if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificate.public_key():
            raise SealMissing
        return cls(certificate, root, key)

    @property
    def name(self) -> str:
        """Whom a sealed report names as its signer."""
        return str(self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the root, in hexadecimal: to compare by telephone."""
        return self.root.fingerprint(hashes.SHA256()).hex()

    @property
    def expires_at(self) -> datetime:
        return self.certificate.not_valid_after_utc

    def root_pem(self) -> bytes:
        """The certificate that others add to what they trust."""
        return self.root.public_bytes(Encoding.PEM)

    def seal(self, pdf: bytes) -> bytes:
        """`pdf`, one of our own making, signed as PAdES B-B (ETSI EN 319 142-1) and certified against any change."""
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        metadata = PdfSignatureMetadata(
            field_name=_FIELD,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        )
        sealed: bytes = PdfSigner(metadata, signer=_SealSigner(self)).sign_pdf(writer).getvalue()
        return sealed

    def _as_pem(self) -> bytes:
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate.public_bytes(Encoding.PEM) + self.root_pem()


class _SealSigner(Signer):
    """Signs with the key at hand; pyHanko's own would parse and prove it anew for each signature."""

    def __init__(self, seal: Seal) -> None:
        others = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        others.register(_as_asn1(seal.root))
        super().__init__(signing_cert=_as_asn1(seal.certificate), cert_registry=others)
        self._key = seal.key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def _as_asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _name(what: str, place: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{what}, {place}"[:_MAX_COMMON_NAME])])


def _certificate(
    subject: x509.Name, key: rsa.RSAPrivateKey, issuer: x509.Name, issuer_key: rsa.RSAPrivateKey, *, authority: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(_usage(authority=authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(*, authority: bool) -> x509.KeyUsage:
    """RFC 5280, 4.2.1.3: an authority signs certificates, a seal signs documents, neither does anything else."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_cert_sign=authority,
        crl_sign=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )

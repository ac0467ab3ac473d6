"""The certificate by which the parts of the store know one another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

COMMON_NAME = "entitylocker-store"
LOOPBACK = IPv4Address("127.0.0.1")
VALID_FOR = timedelta(days=3650)


@dataclass(frozen=True)
class NodeCertificate:
    """PEM texts of an authority and of the one certificate that it ever signed."""

    authority: bytes
    certificate: bytes
    key: bytes


def make_certificate(now: datetime | None = None) -> NodeCertificate:
    """Make an authority, let it sign one certificate, and forget its key: it can never sign another."""
    now = now or datetime.now(UTC)
    authority_key, node_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name, node_name = _name("entitylocker-store-authority"), _name(COMMON_NAME)
    authority = (
        _builder(authority_name, authority_name, authority_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    node = (
        _builder(node_name, authority_name, node_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(COMMON_NAME), x509.IPAddress(LOOPBACK)]), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = node_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return NodeCertificate(authority.public_bytes(pem), node.public_bytes(pem), secret)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
    )

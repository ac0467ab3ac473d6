"""Offline e-KYC files as UIDAI makes them, signed by a trial authority; and what attackers make of them."""

from __future__ import annotations

import base64
import io
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyzipper
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod, XMLSigner

CODE = "4321"
PHOTO = base64.b64encode(b"\xff\xd8\xff a face " * 40).decode()
INDIA = ZoneInfo("Asia/Kolkata")
_ONCE = itertools.count()


@dataclass
class Signer:
    """Somebody who signs such files."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def make_signer(name: str = "DS Unique Identification Authority (trial)", *, ended: bool = False) -> Signer:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now - timedelta(days=30) if ended else now + timedelta(days=400))
    )
    return Signer(key, built.sign(key, hashes.SHA256()))


def reference(made_at: datetime, last_digits: str = "1234") -> str:
    """No two are the same, as with UIDAI: what would be the milliseconds counts on."""
    return last_digits + made_at.astimezone(INDIA).strftime("%Y%m%d%H%M%S") + f"{next(_ONCE) % 1000:03d}"


def unsigned(
    name: str = "Meera Joshi", dob: str = "14-02-1991", *, made_at: datetime | None = None, last_digits: str = "1234"
) -> Any:
    root = etree.Element("OfflinePaperlessKyc", referenceId=reference(made_at or datetime.now(UTC), last_digits))
    data = etree.SubElement(root, "UidData")
    etree.SubElement(data, "Poi", dob=dob, e="e" * 64, gender="F", m="a" * 64, name=name)
    etree.SubElement(data, "Poa", careof="", country="India", dist="Pune", pc="411001", state="Maharashtra")
    etree.SubElement(data, "Pht").text = PHOTO
    return root


def sign(
    root: Any,
    signer: Signer,
    method: SignatureMethod = SignatureMethod.RSA_SHA256,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256,
) -> Any:
    class OldSigner(XMLSigner):
        def check_deprecated_methods(self) -> None:
            """UIDAI's own files carry RSA with SHA-1."""

    made = OldSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=method,
        digest_algorithm=digest,
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
    return made.sign(root, key=signer.key, cert=[signer.certificate])


def pack(content: Any, code: str = CODE, *, name: str = "offline.xml") -> bytes:
    data = content if isinstance(content, bytes) else etree.tostring(content, xml_declaration=True, encoding="UTF-8")
    target = io.BytesIO()
    with pyzipper.AESZipFile(target, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(code.encode())
        archive.writestr(name, data)
    return target.getvalue()


def genuine(signer: Signer, **facts: Any) -> bytes:
    """A file as it should be."""
    return pack(sign(unsigned(**facts), signer))

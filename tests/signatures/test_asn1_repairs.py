"""Names of Indian authorities: OID 2.5.4.45 as a PrintableString."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from entitylocker.signatures import asn1_repairs

_UNIQUE_IDENTIFIER = x509.ObjectIdentifier("2.5.4.45")


def _certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.NameAttribute(_UNIQUE_IDENTIFIER, "abc123", x509.name._ASN1Type.PrintableString)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "C-DAC CA (made up)"), identifier])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2030, 1, 1, tzinfo=UTC)).public_key(key.public_key())
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_the_name_can_be_read() -> None:
    asn1_repairs.apply()
    certificate = asn1_x509.Certificate.load(_certificate())
    assert certificate.subject.native["common_name"] == "C-DAC CA (made up)"
    assert certificate.subject == certificate.issuer
    assert certificate.subject.hashable


def test_the_repair_is_still_needed() -> None:
    """When this fails, asn1crypto has been mended and the repair can go."""
    code = "import sys; from asn1crypto import x509;x509.Certificate.load(bytes.fromhex(sys.argv[1])).subject.native"
    tried = subprocess.run([sys.executable, "-c", code, _certificate().hex()], capture_output=True, check=False)
    assert tried.returncode != 0

"""Questions as the checker puts them."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from entitylocker.signatures.report import Wanted
from tests.trust.issuers import Issuer, Signer


def ocsp_question(issuer: Issuer, signer: Signer) -> Wanted:
    """Whether the signer's certificate still holds."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(signer.certificate, issuer.certificate, hashes.SHA256())
    request = base64.b64encode(builder.build().public_bytes(Encoding.DER)).decode()
    return Wanted("ocsp", f"{issuer.base}/ocsp", request)

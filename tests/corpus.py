"""Files of others, where they are at hand: where, as of when they are checked, and whom to trust for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
from cryptography import x509

from entitylocker.signatures.trust import TrustStore

CORPUS = Path(os.environ.get("ENTITYLOCKER_CORPUS") or Path(__file__).resolve().parents[2] / "shared" / "corpus")
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def read_made_trust() -> TrustStore:
    """The test authority of the corpus.

    Its folder may hold no root certificate. Then the one that a document of the corpus carries is taken, if it
    is the one whose key signed the authority's own CRL.
    """
    trust = TrustStore.load([CORPUS / "trust" / "made"])
    if trust.roots:
        return trust
    (root,) = [der for der in _carried() if _signed_the_list(der, trust)]
    return trust.merged(TrustStore.from_der([root]))


def _carried() -> Iterator[bytes]:
    with pikepdf.open(CORPUS / "signed" / "made" / "ok_doc_timestamp_added.pdf") as pdf:
        for stream in pdf.Root.DSS.Certs:
            yield stream.read_bytes()


def _signed_the_list(der: bytes, trust: TrustStore) -> bool:
    certificate = x509.load_der_x509_certificate(der)
    lists = [x509.load_der_x509_crl(one) for one in trust.crls]
    key = certificate.public_key()
    is_root = certificate.issuer == certificate.subject
    return is_root and any(one.issuer == certificate.subject and one.is_signature_valid(key) for one in lists)  # type: ignore[arg-type]

"""Plain pyHanko as its guide shows it: integrity, changes, path. For a process of its own, without the locker in it."""

from __future__ import annotations

import io
import logging
import sys
from datetime import datetime

from asn1crypto import crl, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

from benchmarks.cost import Cost, cost_of


class _Trust:
    """The same certificates and lists that the locker is given, parsed once."""

    roots: list[x509.Certificate]
    others: list[x509.Certificate]
    lists: list[crl.CertificateList]
    at: datetime | None


def prepare(roots: list[bytes], others: list[bytes], lists: list[bytes], at: datetime | None) -> None:
    """Trust these (DER), as of `at`."""
    if any(name.startswith("entitylocker") for name in sys.modules):
        raise RuntimeError("this is to be pyHanko as it comes")
    logging.disable()
    _Trust.roots = [x509.Certificate.load(one) for one in roots]
    _Trust.others = [x509.Certificate.load(one) for one in others]
    _Trust.lists = [crl.CertificateList.load(one) for one in lists]
    _Trust.at = at


def check(data: bytes) -> Cost:
    """Every signature of a file. What raises is broken off there, and the next one is taken."""
    return cost_of(lambda: _check(data))


def _check(data: bytes) -> tuple[int, int]:
    try:
        signatures = PdfFileReader(io.BytesIO(data)).embedded_signatures
    except Exception:
        return 0, 1
    kept = [_validated(one) for one in signatures]
    return kept.count(True), kept.count(False)


def _validated(signature: EmbeddedPdfSignature) -> bool:
    context = ValidationContext(
        trust_roots=_Trust.roots,
        other_certs=_Trust.others,
        crls=_Trust.lists,
        moment=_Trust.at,
        allow_fetching=False,
    )
    try:
        if signature.sig_object_type == "/DocTimeStamp":
            validate_pdf_timestamp(signature, validation_context=context)
        else:
            validate_pdf_signature(signature, signer_validation_context=context)
    except Exception:
        return False
    return True

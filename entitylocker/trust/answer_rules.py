"""Pure decisions about fetched answers: what looks like one, when to ask again.

Whether an answer is true is judged by the checker, behind its walls, at the next check. Here only its frame and the
time of the next one are read, by `cryptography`: a parser in Rust, in one pass over bytes that were cut to size.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import ocsp

from entitylocker.signatures.report import Wanted

CRL, OCSP = "crl", "ocsp"
MIB = 1024 * 1024
MOST_BYTES = {CRL: 10 * MIB, OCSP: MIB}
CONTENT_TYPE = {CRL: "application/pkix-crl", OCSP: "application/ocsp-response"}

# An issuer may publish a revocation long before its last list ends: asked at least daily, whatever the list says.
_OFTEN_ENOUGH = timedelta(days=1)
_SOONEST = timedelta(minutes=10)
_AFTER_OVERDUE = timedelta(hours=6)
_FIRST_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(days=1)
_PEM_BEGIN, _PEM_END = b"-----BEGIN X509 CRL-----", b"-----END X509 CRL-----"


class NoAnswer(Exception):
    """What came is no CRL, or no OCSP response that answers. The text is a word for the log."""


def key_of(wanted: Wanted) -> str:
    """What identifies a question: SHA-256 over kind, URL and request, in hexadecimal."""
    request = hashlib.sha256(base64.b64decode(wanted.request)).hexdigest()
    return hashlib.sha256(f"{wanted.kind}\n{request}\n{wanted.url}".encode()).hexdigest()


def is_askable(wanted: Wanted) -> bool:
    """Whether the question can be kept: of a known kind, with a request that is one, of bearable length."""
    if wanted.kind not in MOST_BYTES or len(wanted.url) > 2048 or len(wanted.request) > 4096:
        return False
    try:
        request = base64.b64decode(wanted.request, validate=True)
    except (binascii.Error, ValueError):
        return False
    return bool(request) == (wanted.kind == OCSP)


def read_answer(kind: str, body: bytes) -> tuple[bytes, datetime | None]:
    """The answer as DER, and the time by which the issuer promises the next one. Raises NoAnswer."""
    der = _from_pem(body) if kind == CRL else body
    if not _is_one_sequence(der):
        raise NoAnswer("not_der")
    try:
        return der, (_next_list(der) if kind == CRL else _next_response(der))
    except (ValueError, UnsupportedAlgorithm):
        raise NoAnswer("not_readable") from None


def _from_pem(body: bytes) -> bytes:
    """Some issuers publish their list as text."""
    if not body.lstrip().startswith(_PEM_BEGIN):
        return body
    inner = body.partition(_PEM_BEGIN)[2].partition(_PEM_END)[0]
    try:
        return base64.b64decode(b"".join(inner.split()), validate=True)
    except binascii.Error:
        raise NoAnswer("not_pem") from None


def _is_one_sequence(der: bytes) -> bool:
    """Whether `der` is one SEQUENCE that says its true length, and nothing behind it."""
    if len(der) < 2 or der[0] != 0x30:
        return False
    if der[1] < 0x80:
        return len(der) == 2 + der[1]
    digits = der[1] & 0x7F
    return 1 <= digits <= 4 and len(der) == 2 + digits + int.from_bytes(der[2 : 2 + digits], "big")


def _next_list(der: bytes) -> datetime | None:
    return x509.load_der_x509_crl(der).next_update_utc


def _next_response(der: bytes) -> datetime | None:
    response = ocsp.load_der_ocsp_response(der)
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise NoAnswer(response.response_status.name.lower())
    return min((one.next_update_utc for one in response.responses if one.next_update_utc is not None), default=None)


def refresh_at(key: str, now: datetime, next_update: datetime | None) -> datetime:
    """When to ask again after an answer: before it ends, at least daily, not everybody at the same time."""
    left = _OFTEN_ENOUGH if next_update is None else next_update - now
    if left <= timedelta():
        return now + _spread(key, _AFTER_OVERDUE)
    return now + max(_SOONEST, _spread(key, min(left * 0.8, _OFTEN_ENOUGH)))


def retry_at(key: str, now: datetime, failures: int) -> datetime:
    """When to try again after `failures` tries in a row that brought nothing: 5 minutes, then twice as long each."""
    pause = min(_FIRST_PAUSE * 2 ** min(failures - 1, 20), _LONGEST_PAUSE)
    return now + _spread(key, pause)


def _spread(key: str, pause: timedelta) -> timedelta:
    """Between 90 and 100 % of `pause`, always the same for one key."""
    return pause * (1 - int(key[:4], 16) / 0x10000 / 10)

"""What would have to be fetched to know more about revocation. Nothing is fetched here."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from entitylocker.signatures.report import Wanted
from entitylocker.signatures.revocation_answers import CRL, OCSP

_MOST = 16
_MOST_OF_ONE = 4
_LONGEST = 1024


def questions_about(certificate: x509.Certificate, issuer: x509.Certificate, *, expired: bool) -> Iterator[Wanted]:
    """Where the issuer says that revocation of `certificate` can be asked for: OCSP first, then its lists.

    Only http and https, only few, and no OCSP about an expired certificate: responders know it no longer.
    """
    addresses = [] if expired else _usable(_responders(certificate))
    if addresses:
        request = _request(certificate, issuer)
        yield from (Wanted(OCSP, url, request) for url in addresses)
    yield from (Wanted(CRL, url) for url in _usable(_distribution_points(certificate)))


def capped(questions: Iterable[Wanted]) -> tuple[Wanted, ...]:
    """Each once, in order, not more than a handful."""
    return tuple(dict.fromkeys(questions))[:_MOST]


def _usable(urls: Iterable[str]) -> list[str]:
    return [url for url in dict.fromkeys(urls) if _is_plain(url)][:_MOST_OF_ONE]


def _is_plain(url: str) -> bool:
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _responders(certificate: x509.Certificate) -> Iterator[str]:
    """RFC 5280, 4.2.2.1."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return
    for one in access:
        if one.access_method == AuthorityInformationAccessOID.OCSP:
            yield from _addresses([one.access_location])


def _distribution_points(certificate: x509.Certificate) -> Iterator[str]:
    """RFC 5280, 4.2.1.13. Lists that somebody else issues are of no use here."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return
    for point in points:
        if not point.crl_issuer:
            yield from _addresses(point.full_name or ())


def _addresses(names: Iterable[x509.GeneralName]) -> Iterator[str]:
    return (name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))


def _request(certificate: x509.Certificate, issuer: x509.Certificate) -> str:
    """RFC 6960, 4.1, without a nonce. SHA-1 names the issuer here, as RFC 5019 wants it; nothing rests on it."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    return base64.b64encode(builder.build().public_bytes(Encoding.DER)).decode("ascii")

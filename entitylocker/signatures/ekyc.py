"""Offline Aadhaar e-KYC files (UIDAI): a ZIP with a share code, in it XML that UIDAI signed. Runs in a child only.

The order is fixed: unpack within limits, parse without DTD and entities, check the signature by certificates that the
operator gave, and only then read, and only from what the signature covers. The last digits of the Aadhaar number that
begin the reference, the photograph, the address and the hashes of phone and mail are never handed on.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pyzipper
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier
from signxml.exceptions import SignXMLException

ZIP_BYTES = 1024 * 1024
XML_BYTES = 2 * 1024 * 1024
_MOST_ENTRIES = 4
_ROOT = "OfflinePaperlessKyc"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_INDIA = timezone(timedelta(hours=5, minutes=30))
# Four digits of the number, then when it was made: year to millisecond, in India.
_REFERENCE = re.compile(r"\d{4}(\d{14})\d{3}\Z")
# RSA with SHA-256, and RSA with SHA-1 as UIDAI's own files carry it; nothing else, and digests of SHA-256 only. Who
# wants to forge one needs a second preimage of SHA-1, not a collision, as nobody outside chooses what UIDAI signs.
_METHODS = {SignatureMethod.RSA_SHA256: "rsa-sha256", SignatureMethod.RSA_SHA1: "rsa-sha1"}
_DIGESTS = frozenset({DigestAlgorithm.SHA256})


class EkycRefusal(StrEnum):
    """Why a file proves nothing."""

    NOT_A_ZIP = "not_a_zip"
    WRONG_CODE = "wrong_code"
    TOO_LARGE = "too_large"
    NOT_EKYC = "not_ekyc"
    NOT_SIGNED = "not_signed"
    ALTERED = "altered"
    EXPIRED_SIGNER = "expired_signer"
    TOO_OLD = "too_old"
    ERROR = "error"


class Refused(Exception):
    """A file that proves nothing, and why."""

    def __init__(self, why: EkycRefusal) -> None:
        self.why = why
        super().__init__(why.value)


@dataclass(frozen=True, slots=True)
class EkycResult:
    """What a file proves: that UIDAI issued it for somebody of that name at `signed_at`, not who brought it.

    `reference_digest`: SHA-256 over reference and signature, in hex; names the file. `method`: how it is signed,
    `rsa-sha256` or `rsa-sha1`.
    """

    name: str
    born: str
    signed_at: datetime
    signer_sha256: str
    reference_digest: str
    method: str

    def to_json(self) -> dict[str, Any]:
        """For the answer of the checker."""
        return {
            "name": self.name, "born": self.born, "signed_at": self.signed_at.isoformat(),
            "signer_sha256": self.signer_sha256, "reference_digest": self.reference_digest, "method": self.method,
        }  # fmt: skip

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> EkycResult:
        """From the answer of the checker."""
        return cls(**{**found, "signed_at": datetime.fromisoformat(found["signed_at"])})

    @property
    def born_on(self) -> date | None:
        """The day of birth, if the file says the day and not the year only."""
        return read_day(self.born)


def read_day(written: str) -> date | None:
    """A day as such files write it; None: it is none, such as a year alone."""
    for form in ("%d-%m-%Y", "%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(written, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def read_ekyc(
    data: bytes, code: str, certificates: tuple[bytes, ...], *, now: datetime, lasts: timedelta
) -> EkycResult:
    """What the file proves at `now`; `certificates`: DER of those who may sign; `lasts`: how old it may be.

    Raises Refused.
    """
    root = _parse(_unpack(data, code))
    _only_signature(root)
    signed, signature, certificate = _verified(root, certificates)
    # From here on only what the signature covers is looked at.
    reference = signed.get("referenceId", "")
    person = signed.find("UidData/Poi")
    signed_at = _made_at(reference)
    if person is None or not person.get("name") or signed_at is None:
        raise Refused(EkycRefusal.NOT_EKYC)
    if not certificate.not_valid_before_utc <= signed_at <= certificate.not_valid_after_utc:
        raise Refused(EkycRefusal.EXPIRED_SIGNER)
    if not now - lasts <= signed_at <= now + timedelta(minutes=10):
        raise Refused(EkycRefusal.TOO_OLD)
    digest = hashlib.sha256(reference.encode() + b"\x00" + _signature_value(signature)).hexdigest()
    signer = hashlib.sha256(_der(certificate)).hexdigest()
    name, born = str(person.get("name"))[:200], str(person.get("dob", ""))[:10]
    return EkycResult(name, born, signed_at, signer, digest, _method(signature))


def _unpack(data: bytes, code: str) -> bytes:
    """The one XML file inside; no more of it is unpacked than may be. Raises Refused."""
    if len(data) > ZIP_BYTES:
        raise Refused(EkycRefusal.TOO_LARGE)
    try:
        with pyzipper.AESZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > _MOST_ENTRIES or any(entry.file_size > XML_BYTES for entry in entries):
                raise Refused(EkycRefusal.TOO_LARGE)
            wanted = [entry for entry in entries if entry.filename.lower().endswith(".xml")]
            if len(wanted) != 1:
                raise Refused(EkycRefusal.NOT_EKYC)
            # What a header says of the size is not believed.
            with archive.open(wanted[0], pwd=code.encode()) as file:
                content = bytes(file.read(XML_BYTES + 1))
                if len(content) <= XML_BYTES:
                    file.read(1)  # reaching the end is what checks the sum
    except (pyzipper.BadZipFile, zlib.error, EOFError) as fault:
        # The old cipher lets one wrong code in 256 through; what comes out then has a wrong sum.
        broken = "CRC" in str(fault) or isinstance(fault, zlib.error)
        raise Refused(EkycRefusal.WRONG_CODE if broken else EkycRefusal.NOT_A_ZIP) from None
    except RuntimeError:
        raise Refused(EkycRefusal.WRONG_CODE) from None
    except (NotImplementedError, ValueError, OSError, AttributeError, IndexError, KeyError):
        raise Refused(EkycRefusal.NOT_A_ZIP) from None
    if len(content) > XML_BYTES:
        raise Refused(EkycRefusal.TOO_LARGE)
    return content


def _parse(content: bytes) -> Any:
    """The root element: no DTD, no entities, no network, nothing huge. Raises Refused."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Refused(EkycRefusal.NOT_EKYC) from None
    if root.getroottree().docinfo.doctype or root.tag != _ROOT:
        raise Refused(EkycRefusal.NOT_EKYC)
    return root


def _only_signature(root: Any) -> None:
    """See that there is one signature, a child of the root. A second or a deeper one is a trick. Raises Refused."""
    everywhere = list(root.iter(_SIGNATURE))
    if not everywhere:
        raise Refused(EkycRefusal.NOT_SIGNED)
    if len(everywhere) != 1 or everywhere[0].getparent() is not root:
        raise Refused(EkycRefusal.ALTERED)


def _verified(root: Any, certificates: tuple[bytes, ...]) -> tuple[Any, Any, x509.Certificate]:
    """The element that the signature covers, which must be the whole; the signature; whose it is. Raises Refused."""
    for der in certificates:
        certificate = x509.load_der_x509_certificate(der)
        # Validity is judged by when the file was made, once that is known to be signed.
        within = certificate.not_valid_before_utc + timedelta(seconds=1)
        config = SignatureConfiguration(
            location="./", signature_methods=frozenset(_METHODS), digest_algorithms=_DIGESTS,
            ignore_ambiguous_key_info=True, verification_time=within,
        )  # fmt: skip
        try:
            found = XMLVerifier().verify(root, x509_cert=certificate, expect_config=config, validate_schema=True)
        except (SignXMLException, ValueError, TypeError, KeyError, AttributeError, etree.LxmlError):
            continue
        if not isinstance(found, list) and found.signed_xml is not None and found.signed_xml.tag == _ROOT:
            return found.signed_xml, found.signature_xml, certificate
    raise Refused(EkycRefusal.ALTERED)


def _made_at(reference: str) -> datetime | None:
    found = _REFERENCE.match(reference)
    try:
        made = datetime.strptime(found.group(1), "%Y%m%d%H%M%S") if found else None
        return made.replace(tzinfo=_INDIA).astimezone(UTC) if made else None
    except ValueError:
        return None


def _signature_value(signature: Any) -> bytes:
    """The bytes, not the text: one signature can be written down in many ways that all verify."""
    try:
        return base64.b64decode(signature.findtext("{*}SignatureValue", ""))
    except binascii.Error:
        raise Refused(EkycRefusal.ALTERED) from None


def _method(signature: Any) -> str:
    stated = signature.find("{*}SignedInfo/{*}SignatureMethod")
    return _METHODS[SignatureMethod(stated.get("Algorithm"))]


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)

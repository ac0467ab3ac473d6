"""Reading certificates and CRLs out of files, and taking them over into a directory of the installation."""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from entitylocker.errors import N_, LockerError
from entitylocker.signatures import caps

_PEM_BEGIN = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----")
_PEM_END = re.compile(rb"-----END [A-Z0-9 ]+-----")
_MAX_FILES = 500
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others take memory at a word of the file
SUFFIXES = frozenset({".pem", ".crt", ".cer", ".der", ".crl", ".p7b", ".p7c"})


class NoSuchTrust(LockerError):
    code = "trust_not_found"
    status = 404
    message = N_("There is no such file or folder: %(name)s")
    advice = N_("Check the name and try again.")


class CannotReadTrust(LockerError):
    code = "trust_unreadable"
    status = 422
    message = N_("%(name)s holds no certificate and no list of revoked certificates that can be read.")
    advice = N_("Give a certificate file (PEM or DER), a bundle of them, a CRL, a folder or a zip of those.")


class NotAnAuthority(LockerError):
    code = "trust_not_an_authority"
    status = 422
    message = N_("%(name)s is not the certificate of an authority, so nothing can be trusted because of it.")
    advice = N_("Take over the certificate of the authority that issued it instead.")


class HoldsPrivateKey(LockerError):
    code = "trust_private_key"
    status = 422
    message = N_("%(name)s holds a private key. It was not taken over.")
    advice = N_("Keep that key secret, and give the certificate instead.")


class TrustTooLarge(LockerError):
    code = "trust_too_large"
    status = 413
    message = N_("%(name)s is larger than what can be taken over at once.")
    advice = N_("Give fewer certificates at a time.")


def short_name(name: x509.Name) -> str:
    """The common name in `name`, else the organisation, else all of it."""
    for oid in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME):
        values = name.get_attributes_for_oid(oid)
        if values:
            return str(values[0].value)[: caps.MAX_TEXT]
    return name.rfc4514_string()[: caps.MAX_TEXT]


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether `certificate` may issue others (RFC 5280, 4.2.1.9 and 4.2.1.3)."""
    try:
        if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as missing:
        return missing.oid == x509.KeyUsage.oid
    except ValueError:
        return False


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Whether `certificate` is signed with its own key, which is what makes a root."""
    if certificate.issuer != certificate.subject:
        return False
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def read_certificates(data: bytes) -> list[x509.Certificate]:
    """Every certificate in `data` (PEM, DER, PKCS#7, bundles).

    Raises CannotReadTrust when there is none, TrustTooLarge when there are more than can be meant.
    """
    blocks = list(islice(_pem_blocks(data), _MAX_FILES + 1))
    if len(blocks) > _MAX_FILES:
        raise TrustTooLarge(name="")
    found: list[x509.Certificate] = []
    try:
        if blocks:
            found = [x509.load_pem_x509_certificate(block) for block in blocks]
        elif b"-----BEGIN PKCS7-----" in data:
            found = pkcs7.load_pem_pkcs7_certificates(data)
        elif not data.lstrip().startswith(b"-----"):
            found = _binary(data)
    except (ValueError, UnsupportedAlgorithm) as fault:
        raise CannotReadTrust(name="") from fault
    if not found:
        raise CannotReadTrust(name="")
    return found


def _pem_blocks(data: bytes) -> Iterator[bytes]:
    """The certificates of a PEM bundle, in one pass: a beginning without an end ends the search."""
    at = 0
    while begin := _PEM_BEGIN.search(data, at):
        end = _PEM_END.search(data, begin.end())
        if end is None:
            return
        at = end.end()
        yield data[begin.start() : at]


def _binary(data: bytes) -> list[x509.Certificate]:
    try:
        return [x509.load_der_x509_certificate(data)]
    except ValueError:
        return pkcs7.load_der_pkcs7_certificates(data)


def read_revocation_lists(data: bytes) -> list[bytes]:
    """The CRL in `data` as DER, if it is one; an empty list otherwise."""
    try:
        if b"-----BEGIN X509 CRL-----" in data:
            return [x509.load_pem_x509_crl(data).public_bytes(Encoding.DER)]
        return [x509.load_der_x509_crl(data).public_bytes(Encoding.DER)]
    except (ValueError, UnsupportedAlgorithm):
        return []


def read_trust(source: Path) -> dict[str, bytes]:
    """What is in `source` (file, folder or zip): a name for each certificate (PEM) and CRL (DER), and its bytes.

    All of them or none. Raises NoSuchTrust, CannotReadTrust, NotAnAuthority, HoldsPrivateKey or TrustTooLarge.
    """
    if not source.exists():
        raise NoSuchTrust(name=str(source))
    accepted: dict[str, bytes] = {}
    total = 0
    for name, data in _contents(source):
        total += len(data)
        if total > caps.MAX_TRUST_BYTES or len(accepted) > _MAX_FILES:
            raise TrustTooLarge(name=source.name)
        accepted.update(_accept(name, data))
    if not accepted:
        raise CannotReadTrust(name=source.name)
    return accepted


def import_trust(source: Path, directory: Path) -> list[str]:
    """Take over what `read_trust` finds in `source` into `directory`. Raises what that raises.

    Answers the names of the files written; what is there already is written again, the same.
    """
    accepted = read_trust(source)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in accepted.items():
        _write(directory / name, data)
    return sorted(accepted)


def _contents(source: Path) -> Iterator[tuple[str, bytes]]:
    if source.is_dir():
        for path in sorted(source.iterdir()):
            if path.is_file() and path.suffix.lower() in SUFFIXES:
                yield path.name, _limited(path)
        return
    yield from unpack(source.name, _limited(source))


def unpack(name: str, data: bytes, limit: int = caps.MAX_TRUST_BYTES) -> Iterator[tuple[str, bytes]]:
    """The file itself under its name, or, of a zip, the files in it that may hold certificates, without their folders.

    `limit`: bytes, for all of them together. Raises TrustTooLarge, CannotReadTrust.
    """
    if not zipfile.is_zipfile(io.BytesIO(data)):
        yield name, data
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from _members(archive, name, limit)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OSError) as fault:
        # RuntimeError: a member with a password; NotImplementedError: another way of packing.
        raise CannotReadTrust(name=name) from fault


def _members(archive: zipfile.ZipFile, name: str, limit: int) -> Iterator[tuple[str, bytes]]:
    """What is in the archive. The sizes it states are not believed: reading stops at the limit."""
    if len(archive.infolist()) > _MAX_FILES:
        raise TrustTooLarge(name=name)
    for member in archive.infolist():
        if member.is_dir() or Path(member.filename).suffix.lower() not in SUFFIXES:
            continue
        if member.compress_type not in _PACKINGS:
            raise NotImplementedError
        with archive.open(member) as stream:
            data = stream.read(limit + 1)
        limit -= len(data)
        if limit < 0:
            raise TrustTooLarge(name=name)
        yield Path(member.filename).name, data


def _limited(path: Path) -> bytes:
    if path.stat().st_size > caps.MAX_TRUST_BYTES:
        raise TrustTooLarge(name=path.name)
    return path.read_bytes()


def _accept(name: str, data: bytes) -> dict[str, bytes]:
    """File names and contents to write for one file. The names come from what is in it, not from outside."""
    if b"PRIVATE KEY-----" in data:
        raise HoldsPrivateKey(name=name)
    crls = read_revocation_lists(data)
    if crls:
        return {f"{hashlib.sha256(crl).hexdigest()[:32]}.crl": crl for crl in crls}
    try:
        certificates = read_certificates(data)
    except CannotReadTrust as fault:
        raise CannotReadTrust(name=name) from fault
    accepted = {}
    for certificate in certificates:
        if not is_authority(certificate):
            raise NotAnAuthority(name=name)
        pem = certificate.public_bytes(Encoding.PEM)
        fingerprint = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
        accepted[f"{fingerprint[:32]}.pem"] = pem
    return accepted


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: a check that runs meanwhile never reads half a certificate."""
    part = path.with_suffix(path.suffix + ".part")
    part.write_bytes(data)
    os.replace(part, path)

"""Offline e-KYC files: what they prove, and every way in which one proves nothing."""

from __future__ import annotations

import copy
import io
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from lxml import etree
from signxml import DigestAlgorithm, SignatureMethod

from entitylocker.signatures.client import LocalChecker
from entitylocker.signatures.ekyc import XML_BYTES, ZIP_BYTES, EkycRefusal, EkycResult, Refused, read_ekyc
from tests.citizen.ekyc_files import CODE, PHOTO, Signer, genuine, make_signer, pack, sign, unsigned
from tests.citizen.old_cipher import pack_with_old_cipher

NOW = datetime.now(UTC)
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


@pytest.fixture(scope="module")
def signer() -> Signer:
    return make_signer()


def read(data: bytes, signer: Signer, code: str = CODE) -> EkycResult:
    return read_ekyc(data, code, (signer.der,), now=datetime.now(UTC), lasts=timedelta(days=3))


def refusal(data: bytes, signer: Signer, code: str = CODE) -> EkycRefusal:
    with pytest.raises(Refused) as refused:
        read(data, signer, code)
    return refused.value.why


def test_a_genuine_file_proves_name_and_day_of_birth_and_hands_nothing_else_on(signer: Signer) -> None:
    found = read(genuine(signer, last_digits="9753"), signer)
    assert (found.name, found.born_on) == ("Meera Joshi", date(1991, 2, 14))
    assert set(found.to_json()) == {"name", "born", "signed_at", "signer_sha256", "reference_digest", "method"}
    told = str(found.to_json())
    assert PHOTO not in told and "Pune" not in told and "9753" not in told.replace(found.reference_digest, "")


def test_the_old_cipher_and_the_old_method_that_uidai_uses_are_read(signer: Signer) -> None:
    document = sign(unsigned(), signer, SignatureMethod.RSA_SHA1)
    found = read(pack_with_old_cipher(etree.tostring(document), CODE), signer)
    assert (found.name, found.method) == ("Meera Joshi", "rsa-sha1")
    assert read(genuine(signer), signer).method == "rsa-sha256"


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        (SignatureMethod.RSA_SHA384, DigestAlgorithm.SHA256),
        (SignatureMethod.SHA3_256_RSA_MGF1, DigestAlgorithm.SHA256),
        (SignatureMethod.RSA_SHA1, DigestAlgorithm.SHA1),
        (SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA512),
    ],
)
def test_methods_that_uidai_does_not_use_prove_nothing(
    signer: Signer, method: SignatureMethod, digest: DigestAlgorithm
) -> None:
    assert refusal(pack(sign(unsigned(), signer, method, digest)), signer) is EkycRefusal.ALTERED


def test_a_year_of_birth_alone_is_no_day(signer: Signer) -> None:
    assert read(genuine(signer, dob="1991"), signer).born_on is None


def _changed(signer: Signer, change: Callable[[Any], Any]) -> bytes:
    document = etree.fromstring(etree.tostring(sign(unsigned(), signer)))
    return pack(change(document) if change is not None else document)


def _another_name(document: Any) -> Any:
    document.find("UidData/Poi").set("name", "Ravi Kulkarni")
    return document


def _another_reference(document: Any) -> Any:
    document.set("referenceId", "4321" + document.get("referenceId")[4:])
    return document


def _wrapped(document: Any) -> Any:
    """The signed original inside a forged whole, its signature on top."""
    signature = document.find(SIGNATURE)
    document.remove(signature)
    forged = _another_name(copy.deepcopy(document))
    holder = etree.SubElement(forged, "Holder")
    holder.append(document)
    forged.append(signature)
    return forged


def _wrapped_by_id(document: Any) -> Any:
    """The same with a signature that points at the original by its id."""
    document.set("Id", "original")
    forged = _wrapped(document)
    forged.find(f"{SIGNATURE}//{{*}}Reference").set("URI", "#original")
    return forged


def _second_person(document: Any) -> Any:
    """The forged person first, the signed one still there."""
    forged = copy.deepcopy(document.find("UidData"))
    forged.find("Poi").set("name", "Ravi Kulkarni")
    document.insert(0, forged)
    return document


def _second_signature(document: Any) -> Any:
    document.append(copy.deepcopy(document.find(SIGNATURE)))
    return document


def _signature_deeper(document: Any) -> Any:
    document.find("UidData").append(document.find(SIGNATURE))
    return document


def _data_in_signature(document: Any) -> Any:
    """Data inside the signature, which the enveloped transform cuts out before digesting."""
    holder = etree.SubElement(document.find(SIGNATURE), "{http://www.w3.org/2000/09/xmldsig#}Object")
    forged = copy.deepcopy(document.find("UidData"))
    forged.find("Poi").set("name", "Ravi Kulkarni")
    holder.append(forged)
    document.insert(0, document.find(SIGNATURE))
    return document


@pytest.mark.parametrize(
    "change",
    [_another_name, _another_reference, _wrapped, _wrapped_by_id, _second_person, _second_signature, _signature_deeper],
)
def test_what_was_changed_or_wrapped_proves_nothing(signer: Signer, change: Callable[[Any], Any]) -> None:
    assert refusal(_changed(signer, change), signer) is EkycRefusal.ALTERED


def test_data_smuggled_into_the_signature_is_not_read(signer: Signer) -> None:
    assert read(_changed(signer, _data_in_signature), signer).name == "Meera Joshi"


def test_another_signer_and_the_certificate_that_a_file_brings_along_do_not_count(signer: Signer) -> None:
    assert refusal(genuine(make_signer()), signer) is EkycRefusal.ALTERED
    with pytest.raises(Refused, match="altered"):
        read_ekyc(genuine(signer), CODE, (), now=NOW, lasts=timedelta(days=3))


def test_a_signer_whose_certificate_had_ended_proves_nothing() -> None:
    ended = make_signer(ended=True)
    assert refusal(genuine(ended), ended) is EkycRefusal.EXPIRED_SIGNER


@pytest.mark.parametrize(
    ("age", "good"), [(timedelta(hours=1), True), (timedelta(days=4), False), (-timedelta(days=1), False)]
)
def test_only_fresh_files_prove_something(signer: Signer, age: timedelta, good: bool) -> None:
    data = genuine(signer, made_at=datetime.now(UTC) - age)
    if good:
        assert read(data, signer).name
    else:
        assert refusal(data, signer) is EkycRefusal.TOO_OLD


def test_a_file_without_signature_proves_nothing(signer: Signer) -> None:
    assert refusal(pack(unsigned()), signer) is EkycRefusal.NOT_SIGNED


def test_a_wrong_code_is_said_to_be_one_with_either_cipher(signer: Signer) -> None:
    content = etree.tostring(sign(unsigned(), signer))
    for code in range(1000, 1400):
        assert refusal(pack_with_old_cipher(content, CODE), signer, str(code)) is EkycRefusal.WRONG_CODE
    assert refusal(pack(content), signer, "9999") is EkycRefusal.WRONG_CODE


def test_bombs_and_what_is_no_zip_are_refused(signer: Signer) -> None:
    assert refusal(pack(b"<a>" + b" " * (XML_BYTES + 1)), signer) is EkycRefusal.TOO_LARGE
    assert refusal(b"PK" + b"\0" * ZIP_BYTES, signer) is EkycRefusal.TOO_LARGE
    assert refusal(b"%PDF-1.7 not a zip", signer) is EkycRefusal.NOT_A_ZIP
    assert refusal(b"", signer) is EkycRefusal.NOT_A_ZIP


def test_a_bomb_that_lies_about_its_size_is_stopped_on_the_way(signer: Signer) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("offline.xml", b" " * (8 * XML_BYTES))
    data = bytearray(target.getvalue())
    for sign_, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        struct.pack_into("<I", data, bytes(data).index(sign_) + place, 1000)
    assert refusal(bytes(data), signer) in (EkycRefusal.TOO_LARGE, EkycRefusal.WRONG_CODE, EkycRefusal.NOT_EKYC)


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<OfflinePaperlessKyc referenceId="1"><UidData>&b;</UidData></OfflinePaperlessKyc>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE k SYSTEM "file:///etc/passwd"><OfflinePaperlessKyc/>"""


@pytest.mark.parametrize("content", [ENTITIES, OUTSIDE, b"<Something/>", b"not xml", b"<a" * 100_000])
def test_hostile_xml_is_refused_before_anything_of_it_is_resolved(signer: Signer, content: bytes) -> None:
    assert refusal(pack(content), signer) is EkycRefusal.NOT_EKYC


def test_the_digest_names_the_file_and_not_the_person(signer: Signer) -> None:
    one, other = genuine(signer), genuine(signer, made_at=datetime.now(UTC) - timedelta(hours=2))
    assert read(one, signer).reference_digest == read(one, signer).reference_digest
    assert read(one, signer).reference_digest != read(other, signer).reference_digest


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _spare_bits(value: str) -> str:
    """The last letter before the padding has four bits that mean nothing."""
    bare = value.rstrip("=")
    return bare[:-1] + _ALPHABET[_ALPHABET.index(bare[-1]) ^ 1] + "=" * (len(value) - len(bare))


def _broken_in_two(value: str) -> str:
    return f" {value[:9]}\n{value[9:]} "


@pytest.mark.parametrize("written", [_spare_bits, lambda value: f"{value}=", _broken_in_two])
def test_a_signature_that_is_written_down_otherwise_makes_no_other_file_of_it(
    signer: Signer, written: Callable[[str], str]
) -> None:
    """Else one file would be a proof for as many accounts as there are ways to write its signature."""
    document = etree.fromstring(etree.tostring(sign(unsigned(), signer)))
    plain = read(pack(document), signer)
    value = document.find(f"{SIGNATURE}/{{*}}SignatureValue")
    value.text = written("".join(value.text.split()))
    names = set()
    with suppress(Refused):
        names.add(read(pack(document), signer).reference_digest)
    assert names <= {plain.reference_digest}
    assert names or written is not _broken_in_two, "lines may be broken anywhere"


def test_the_checker_of_the_machine_reads_such_files_and_the_web_process_does_not(signer: Signer) -> None:
    with LocalChecker(workers=1) as checker:
        asked = {"certificates": (signer.der,), "lasts": timedelta(days=3)}
        found = checker.client.read_ekyc(genuine(signer), CODE, **asked)
        assert isinstance(found, EkycResult)
        assert found.name == "Meera Joshi"
        assert checker.client.read_ekyc(genuine(signer), "0000", **asked) is EkycRefusal.WRONG_CODE
        assert checker.client.read_ekyc(b"P" * (ZIP_BYTES + 1), CODE, **asked) is EkycRefusal.TOO_LARGE
        assert checker.client.health()["workers"] == 1

"""Files that people send: what is taken out of them, and what of the hostile ones."""

from __future__ import annotations

import hashlib
import time
import zipfile
from collections.abc import Callable

import pytest

from entitylocker.signatures.trust import TrustStore
from entitylocker.trust import reading
from entitylocker.trust.reading import LARGEST_UPLOAD, MOST_VERIFIED, PassedOver, Why, read_files, with_issuer
from tests.trust.authorities import DAY, NOW, bundle, make_authority, make_crl, packed

ROOT = make_authority("A root")
BELOW = make_authority("An authority below", issuer=ROOT)
SOMEBODY = make_authority("Somebody", issuer=BELOW, ca=False)


@pytest.mark.parametrize(
    "files",
    [
        [("a.pem", ROOT.pem + BELOW.pem)],
        [("a.der", ROOT.der), ("b.cer", BELOW.der)],
        [("a.p7b", bundle(ROOT, BELOW))],
        [("a.zip", packed({"x/root.pem": ROOT.pem, "../../below.crt": BELOW.der}))],
        [("a.zip", packed({"all.p7b": bundle(ROOT, BELOW)})), ("again.pem", ROOT.pem)],
    ],
)
def test_certificates_are_found_in_every_kind_of_file_and_each_once(files: list[tuple[str, bytes]]) -> None:
    found = read_files(files)
    assert found.passed_over == ()
    assert [(one.name, one.is_root, one.issuer) for one in found.certificates] == [
        ("A root", True, "A root"),
        ("An authority below", False, "A root"),
    ]
    assert [one.fingerprint for one in found.certificates] == [ROOT.fingerprint, BELOW.fingerprint]
    assert hashlib.sha256(found.certificates[0].der).hexdigest() == ROOT.fingerprint


def test_what_came_along_with_the_package_can_be_read() -> None:
    shipped = TrustStore.shipped()
    found = read_files([("all.der", der) for der in shipped.roots + shipped.intermediates])
    assert (len(found.certificates), found.passed_over) == (6, ())


def test_lists_of_revoked_certificates_are_kept_apart() -> None:
    found = read_files([("list.crl", make_crl(ROOT)), ("root.pem", ROOT.pem)])
    assert (len(found.crls), len(found.certificates)) == (1, 1)


def test_a_certificate_that_has_ended_and_one_to_come_are_found() -> None:
    ended = make_authority(start=NOW - 400 * DAY, days=100)
    to_come = make_authority(start=NOW + 10 * DAY)
    found = read_files([("a.pem", ended.pem + to_come.pem)])
    assert [one.not_after < NOW for one in found.certificates] == [True, False]


HOSTILE: dict[str, tuple[Callable[[], bytes], Why]] = {
    "a private key": (lambda: ROOT.key_pem, Why.PRIVATE_KEY),
    "a certificate with its private key": (lambda: ROOT.pem + ROOT.key_pem, Why.PRIVATE_KEY),
    "somebody who is no authority": (lambda: SOMEBODY.pem, Why.NOT_AN_AUTHORITY),
    "nothing": (lambda: b"", Why.UNREADABLE),
    "a word": (lambda: b"no certificate", Why.UNREADABLE),
    "an empty certificate": (
        lambda: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", Why.UNREADABLE,
    ),
    "a certificate cut short": (lambda: ROOT.der[:200], Why.UNREADABLE),
    "beginnings without an end": (lambda: b"-----BEGIN CERTIFICATE-----\n" * 300_000, Why.UNREADABLE),
    "an end that never ends": (
        lambda: b"-----BEGIN CERTIFICATE-----" + b"-----END A" * 800_000, Why.UNREADABLE,
    ),
    "more certificates than can be meant": (lambda: ROOT.pem * 600, Why.TOO_LARGE),
    "a file over the limit": (lambda: ROOT.pem + b"\n" * LARGEST_UPLOAD, Why.TOO_LARGE),
    "a zip that unpacks to too much": (lambda: packed({"a.pem": b"\0" * (LARGEST_UPLOAD + 1)}), Why.TOO_LARGE),
    "a zip whose files together are too much": (
        lambda: packed({f"{number}.pem": b"\0" * (1024 * 1024) for number in range(12)}), Why.TOO_LARGE,
    ),
    "a zip of too many files": (lambda: packed({f"{number}.pem": b"" for number in range(600)}), Why.TOO_LARGE),
    "a zip packed in a way that takes memory": (
        lambda: packed({"a.pem": ROOT.pem}, zipfile.ZIP_LZMA), Why.UNREADABLE,
    ),
    "a zip cut short": (lambda: packed({"a.pem": ROOT.pem * 20})[:-30] + b"PK\5\6" + b"\0" * 18, Why.UNREADABLE),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_gives_nothing_and_a_reason_soon(case: str) -> None:
    make, why = HOSTILE[case]
    content = make()
    begun = time.process_time()
    found = read_files([("evil.pem", content)])
    assert time.process_time() - begun < 5
    assert found.certificates == ()
    assert why in {one.why for one in found.passed_over}


def test_a_hostile_file_does_not_keep_the_others_out() -> None:
    found = read_files([("evil.pem", b"none"), ("root.pem", ROOT.pem), ("key.pem", ROOT.key_pem)])
    assert [one.name for one in found.certificates] == ["A root"]
    assert found.passed_over == (PassedOver("evil.pem", Why.UNREADABLE), PassedOver("key.pem", Why.PRIVATE_KEY))


def test_strange_words_are_one_line_and_not_too_long() -> None:
    name = "Trusted\u202e\nauthority\0" + "x" * 60
    found = read_files([("\u202e../../evil\nname.pem", b"none"), ("a.pem", make_authority(name[:60]).pem)])
    assert found.passed_over[0].name == "../../evil name.pem"
    assert found.certificates[0].name.startswith("Trusted authority")
    assert found.certificates[0].name.isprintable()


def test_only_a_key_that_signed_it_counts_as_the_issuer() -> None:
    impostor = make_authority("A root")
    assert with_issuer([BELOW.der], [impostor.der]) == frozenset()
    assert with_issuer([BELOW.der], [impostor.der, ROOT.der]) == {BELOW.der}


def test_many_certificates_of_one_name_are_not_each_tried_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []

    def signed(issuer: object, certificate: object) -> bool:
        tried.append(issuer)
        return False

    monkeypatch.setattr(reading, "_signed", signed)
    alike = [make_authority("Same name").der for _ in range(40)]
    assert with_issuer(alike, alike) == frozenset()
    assert len(tried) == MOST_VERIFIED < 40 * 40

"""Whose certificates are read, which of them are roots, and what is taken over."""

from __future__ import annotations

import hashlib
import json
import zipfile
from importlib import resources
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from entitylocker.errors import LockerError
from entitylocker.signatures import caps
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.trust_files import (
    CannotReadTrust,
    HoldsPrivateKey,
    NoSuchTrust,
    NotAnAuthority,
    TrustTooLarge,
    import_trust,
)
from tests.pki import Pki


def test_the_shipped_certificates_are_those_whose_fingerprints_are_written_down() -> None:
    shipped = TrustStore.shipped()
    folder = resources.files("entitylocker.signatures") / "data" / "india"
    written = json.loads((folder / "SOURCES.json").read_text("utf-8"))["certificates"]
    assert shipped.fingerprints() == {one["sha256"] for one in written.values()}
    roots = {one["sha256"] for one in written.values() if one["kind"] == "root"}
    assert {hashlib.sha256(one).hexdigest() for one in shipped.roots} == roots
    assert (len(shipped.roots), len(shipped.intermediates), shipped.passed_over) == (2, 4, ())


def test_only_self_signed_authorities_are_roots(pki: Pki, tmp_path: Path) -> None:
    home = pki.authority.trust_dir.parent
    bundle = b"".join((home / f"{name}.pem").read_bytes() for name in ("root", "intermediate", "officer"))
    (tmp_path / "bundle.pem").write_bytes(bundle)
    store = TrustStore.load([tmp_path])
    assert (len(store.roots), len(store.intermediates)) == (1, 1)
    assert [one.is_root for one in store.list_certificates()] == [True, False]


def test_a_certificate_that_only_says_it_signed_itself_is_no_root(pki: Pki, tmp_path: Path) -> None:
    root = x509.load_pem_x509_certificate((pki.authority.trust_dir / "root.pem").read_bytes())
    forged = bytearray(root.public_bytes(Encoding.DER))
    forged[-1] ^= 1
    (tmp_path / "root.der").write_bytes(bytes(forged))
    assert not TrustStore.load([tmp_path]).roots


def test_der_and_pem_and_crls_are_read_and_other_files_are_named(pki: Pki, tmp_path: Path) -> None:
    pem = (pki.authority.trust_dir / "root.pem").read_bytes()
    (tmp_path / "root.cer").write_bytes(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER))
    (tmp_path / "list.crl").write_bytes((pki.authority.trust_dir / "root.crl").read_bytes())
    (tmp_path / "key.pem").write_bytes((pki.authority.trust_dir.parent / "root.key").read_bytes())
    (tmp_path / "README").write_text("nothing to trust")
    store = TrustStore.load([tmp_path])
    assert (len(store.roots), len(store.crls), store.passed_over) == (1, 1, ("key.pem",))


def test_a_directory_that_is_not_there_is_empty_or_refused(tmp_path: Path) -> None:
    assert TrustStore.load([tmp_path / "none"]) == TrustStore()
    with pytest.raises(NoSuchTrust):
        TrustStore.load_strictly([tmp_path / "none"])


def test_merging_keeps_each_once_and_the_digest_tells_trusts_apart(pki: Pki) -> None:
    both = pki.trust.merged(TrustStore.shipped())
    assert both.merged(pki.trust) == both
    assert both.digest() != pki.trust.digest()
    assert both.digest() == TrustStore.shipped().merged(pki.trust).digest()


@pytest.mark.parametrize("packed", ["file", "folder", "zip"])
def test_import_from_a_file_a_folder_or_a_zip(pki: Pki, tmp_path: Path, packed: str) -> None:
    source: Path = pki.authority.trust_dir
    if packed == "file":
        source = source / "root.pem"
    if packed == "zip":
        source = tmp_path / "trust.zip"
        with zipfile.ZipFile(source, "w") as archive:
            for path in pki.authority.trust_dir.iterdir():
                archive.write(path, f"../../{path.name}")
    target = tmp_path / "own"
    names = import_trust(source, target)
    assert sorted(path.name for path in target.iterdir()) == names
    assert set(TrustStore.load([target]).roots) == set(pki.trust.roots)
    assert import_trust(source, target) == names


def _officer(pki: Pki) -> bytes:
    return (pki.authority.trust_dir.parent / "officer.pem").read_bytes()


def _key(pki: Pki) -> bytes:
    return (pki.authority.trust_dir.parent / "root.key").read_bytes()


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (_officer, NotAnAuthority),
        (_key, HoldsPrivateKey),
        (lambda _: b"no certificate", CannotReadTrust),
        (lambda _: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", CannotReadTrust),
    ],
)
def test_import_refuses_and_writes_nothing(pki: Pki, tmp_path: Path, make: object, error: type[LockerError]) -> None:
    assert callable(make)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.pem").write_bytes((pki.authority.trust_dir / "root.pem").read_bytes())
    (tmp_path / "source" / "b.pem").write_bytes(make(pki))
    with pytest.raises(error):
        import_trust(tmp_path / "source", tmp_path / "own")
    assert not (tmp_path / "own").exists()


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("root.pem", b"\0" * (caps.MAX_TRUST_BYTES + 1))
    with pytest.raises(TrustTooLarge):
        import_trust(tmp_path / "bomb.zip", tmp_path / "own")

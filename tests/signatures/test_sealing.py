"""The seal of reports: what is sealed is valid where the seal is trusted, and nothing can be changed in it."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
from cryptography.x509 import BasicConstraints
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.sealing import Seal, SealMissing
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Colour, Verdict, colour
from tests.pki import Pki


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def seal(home: Path) -> Seal:
    Seal.create(home / "secrets" / "seal.pem", home / "trust", "locker.example.in")
    return Seal.load(home / "secrets" / "seal.pem")


@pytest.fixture(scope="module")
def sealed(seal: Seal, pki: Pki) -> bytes:
    return seal.seal(pki.make_signed_pdf("unsigned"))


def test_a_sealed_file_is_valid_where_the_seal_is_trusted(home: Path, seal: Seal, sealed: bytes) -> None:
    report = check_bytes(sealed, trust=TrustStore.load([home / "trust"]))
    assert (report.verdict, report.by_whom) == (Verdict.VALID, (seal.name,))
    assert report.signatures[0].permission == "no_changes"
    assert "locker.example.in" in seal.name


def test_elsewhere_the_seal_is_a_stranger(sealed: bytes) -> None:
    assert check_bytes(sealed, trust=TrustStore.shipped()).verdict is Verdict.SIGNER_NOT_CONFIRMED


def test_every_change_to_a_sealed_file_is_red(home: Path, sealed: bytes) -> None:
    trust = TrustStore.load([home / "trust"])
    flipped = bytearray(sealed)
    flipped[200] ^= 1
    assert colour(check_bytes(bytes(flipped), trust=trust).verdict) is not Colour.GREEN
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    writer.root["/Changed"] = writer.add_object(writer.root["/Pages"].get_object())
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    assert check_bytes(out.getvalue(), trust=trust).verdict is Verdict.CHANGED_AFTER_SIGNING


def test_only_the_owner_reads_the_key_and_the_key_of_the_root_is_nowhere(home: Path, seal: Seal) -> None:
    file = home / "secrets" / "seal.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes().count(b"BEGIN PRIVATE KEY") == 1
    assert seal.key.public_key() == seal.certificate.public_key() != seal.root.public_key()
    assert all(b"PRIVATE KEY" not in path.read_bytes() for path in (home / "trust").iterdir())
    assert seal.certificate.extensions.get_extension_for_class(BasicConstraints).value.ca is False
    assert "PRIVATE" not in repr(seal) and str(seal.key.private_numbers().d) not in repr(seal)


def test_what_an_earlier_seal_sealed_stays_valid(tmp_path: Path, pki: Pki) -> None:
    def make() -> bytes:
        made = Seal.create(tmp_path / "seal.pem", tmp_path / "trust", "locker.example.in")
        return made.seal(pki.make_signed_pdf("unsigned"))

    earlier, later = make(), make()
    trust = TrustStore.load([tmp_path / "trust"])
    assert [check_bytes(one, trust=trust).verdict for one in (earlier, later)] == [Verdict.VALID] * 2


def test_no_seal_and_half_a_seal_are_told(tmp_path: Path, home: Path, seal: Seal) -> None:
    with pytest.raises(SealMissing):
        Seal.load(tmp_path / "nothing.pem")
    whole = (home / "secrets" / "seal.pem").read_bytes()
    other = Seal.create(tmp_path / "other.pem", tmp_path / "trust", "elsewhere.example.in")
    half = tmp_path / "half.pem"
    for content in (b"", whole[: len(whole) // 3], whole.replace(seal.root_pem(), b""), seal.root_pem()):
        half.write_bytes(content)
        with pytest.raises(SealMissing):
            Seal.load(half)
    key = whole[: whole.index(b"-----BEGIN CERTIFICATE")]
    half.write_bytes(key + (tmp_path / "other.pem").read_bytes().split(b"-----END PRIVATE KEY-----\n")[1])
    with pytest.raises(SealMissing):
        Seal.load(half)
    assert other.name != seal.name


def test_a_long_host_name_makes_a_seal_too(tmp_path: Path) -> None:
    made = Seal.create(tmp_path / "seal.pem", tmp_path / "trust", "a" * 200 + ".example.in")
    assert made.name.startswith("EntityLocker report seal, aaa")

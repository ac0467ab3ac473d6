"""Files of others, where they are at hand: what was laid down is met, and nothing hostile is ever green."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509

from entitylocker.signatures.checker import CheckerClient
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Colour, colour

CORPUS = Path(os.environ.get("ENTITYLOCKER_CORPUS") or Path(__file__).resolve().parents[3] / "shared" / "corpus")
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SAMPLE = 60

pytestmark = pytest.mark.skipif(
    not (CORPUS / "signed" / "manifest.tsv").is_file(),
    reason=f"no files of others at {CORPUS}: set ENTITYLOCKER_CORPUS to run over them",
)


@pytest.fixture(scope="module")
def made_trust() -> TrustStore:
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


def _laid_down() -> list[tuple[str, str]]:
    manifest = CORPUS / "signed" / "manifest.tsv"
    if not manifest.is_file():
        return []
    with manifest.open(encoding="utf-8") as rows:
        return [(row["file"], row["verdict"]) for row in csv.DictReader(rows, delimiter="\t")]


@pytest.mark.parametrize(("name", "verdicts"), _laid_down())
def test_signed(name: str, verdicts: str, made_trust: TrustStore, checker: CheckerClient) -> None:
    report = checker.check((CORPUS / "signed" / name).read_bytes(), trust=made_trust, at=AT)
    assert not verdicts or report.verdict.value in verdicts.split("|"), (report.reason, report.gate)
    assert report.reason != "timeout"


def _hostile() -> list[Path]:
    files = sorted(path for path in (CORPUS / "hostile").rglob("*") if path.is_file())
    if os.environ.get("ENTITYLOCKER_CORPUS_ALL"):
        return files
    step = max(1, len(files) // SAMPLE)
    own = [path for path in files if path.parent.name == "made"]
    return sorted({*files[::step], *own})


@pytest.mark.parametrize("path", _hostile(), ids=lambda path: path.name)
def test_hostile(path: Path, made_trust: TrustStore, checker: CheckerClient) -> None:
    report = checker.check(path.read_bytes(), trust=made_trust.merged(TrustStore.shipped()))
    assert colour(report.verdict) is not Colour.GREEN

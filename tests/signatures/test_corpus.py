"""Files of others, where they are at hand: what was laid down is met, and nothing hostile is ever green."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from entitylocker.signatures.checker import CheckerClient
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Colour, colour
from tests import false_alarms
from tests.corpus import AT, CORPUS, read_made_trust

SAMPLE = 60

pytestmark = pytest.mark.skipif(
    not (CORPUS / "signed" / "manifest.tsv").is_file(),
    reason=f"no files of others at {CORPUS}: set ENTITYLOCKER_CORPUS to run over them",
)


@pytest.fixture(scope="module")
def made_trust() -> TrustStore:
    return read_made_trust()


def _laid_down() -> list[tuple[str, str, str]]:
    manifest = CORPUS / "signed" / "manifest.tsv"
    if not manifest.is_file():
        return []
    with manifest.open(encoding="utf-8") as rows:
        return [(row["file"], row["expected"], row["verdict"]) for row in csv.DictReader(rows, delimiter="\t")]


@pytest.mark.parametrize(("name", "expected", "verdicts"), _laid_down(), ids=lambda value: str(value)[:60])
def test_signed(
    name: str,
    expected: str,
    verdicts: str,
    made_trust: TrustStore,
    checker: CheckerClient,
    record_property: Callable[[str, object], None],
) -> None:
    report = checker.check((CORPUS / "signed" / name).read_bytes(), trust=made_trust, at=AT)
    record_property(false_alarms.PROPERTY, false_alarms.row(name, expected, verdicts, report))
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

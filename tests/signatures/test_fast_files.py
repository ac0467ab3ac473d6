"""Over whole files: stock and fast readers agree, and what is kept of a file says the same as the file."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pebble import ProcessPool
from pyhanko.pdf_utils.reader import PdfFileReader

from entitylocker.signatures import caps, chain, examine, fast_paths
from entitylocker.signatures.check import conclude
from entitylocker.signatures.child import prepare
from entitylocker.signatures.examined import Examined
from entitylocker.signatures.report import Report
from entitylocker.signatures.trust import TrustStore
from tests.corpus import AT, CORPUS, read_made_trust
from tests.pki import KINDS, Pki, chain_of_objects

SECONDS = 60.0


@contextmanager
def stock_readers() -> Iterator[None]:
    """pyHanko and asn1crypto as they come, and every question about a path asked, also where none was found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examine, "FastReader", PdfFileReader)
        patch.setattr(chain, "has_no_path", lambda found: False)
        for one in fast_paths.REPLACEMENTS:
            patch.setattr(one.owner, one.name, one.stock)
        yield


def _report(examined: Examined, trust: TrustStore, policy: str) -> Report:
    return replace(conclude(examined, trust=trust, at=AT, revocation=policy), checked_at=AT)


def differences(data: bytes, trust: TrustStore) -> list[str]:
    """What is not the same by the stock and by the fast readers, or of the file and of what is kept of it."""
    with stock_readers():
        stock = examine.examine(data)
        reports = {policy: _report(stock, trust, policy) for policy in ("if-known", "require")}
    fast = examine.examine(data)
    kept = Examined.from_json(fast.to_json())
    found = [] if fast == stock else ["examined"]
    found += [] if kept == fast else ["kept"]
    found += [f"fast, {policy}" for policy, report in reports.items() if _report(fast, trust, policy) != report]
    return found + [f"kept, {policy}" for policy, report in reports.items() if _report(kept, trust, policy) != report]


@pytest.mark.parametrize("kind", KINDS)
def test_papers(pki: Pki, kind: str) -> None:
    assert differences(pki.make_signed_pdf(kind), pki.trust) == []


def test_object_streams(pki: Pki) -> None:
    assert differences(pki.sign(pki.sign(chain_of_objects(120), "First"), "Second"), pki.trust) == []


def test_files_of_others() -> None:
    """Every one, hostile ones too, in a child that may take as much memory as a checker's."""
    files = sorted(path for part in ("signed", "hostile") for path in (CORPUS / part).rglob("*") if path.is_file())
    if not files:
        pytest.skip(f"no files of others at {CORPUS}: set ENTITYLOCKER_CORPUS to run over them")
    trust = read_made_trust().merged(TrustStore.shipped())
    context = multiprocessing.get_context("forkserver")
    with ProcessPool(1, initializer=prepare, initargs=(caps.MEMORY_BYTES,), context=context) as pool:
        found = {path: _compared(pool, path, trust) for path in files}
    unfinished = [path.name for path, what in found.items() if what is None]
    assert {path.name: what for path, what in found.items() if what} == {}
    assert len(unfinished) <= 5, f"too slow or too large to compare: {unfinished}"


def _compared(pool: ProcessPool, path: Path, trust: TrustStore) -> list[str] | None:
    try:
        answer: list[str] = pool.schedule(differences, args=(path.read_bytes(), trust), timeout=SECONDS).result()
    except (FutureTimeout, MemoryError):
        return None
    return answer

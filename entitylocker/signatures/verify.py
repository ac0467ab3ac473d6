"""Checking files by name, for the command line: a list of plain records and the exit code they add up to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from entitylocker.signatures.client import CheckerClient, LocalChecker
from entitylocker.signatures.report import Report
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Colour, Verdict, colour

EXIT_GOOD, EXIT_AMBER, EXIT_USAGE, EXIT_RED = 0, 1, 2, 3


def verify_files(
    paths: Sequence[Path],
    trust: TrustStore,
    at: datetime | None,
    revocation: str,
    on_report: Callable[[Path, Report], None] | None = None,
    *,
    checker: CheckerClient | None = None,
) -> list[dict[str, Any]]:
    """Check each of `paths` through `checker`, or one started for this. `on_report` is told of each file done.

    Answers a record a file: file, verdict, reason, signatures, gate, checked_at, engine. Raises
    CheckerUnavailable, and OSError for a file that cannot be read.
    """
    if checker is None:
        with LocalChecker() as local:
            return verify_files(paths, trust, at, revocation, on_report, checker=local.client)
    results = []
    for path in paths:
        with path.open("rb") as stream:
            size = path.stat().st_size
            report = checker.check(stream, size, trust=trust, at=at, revocation=revocation)
        results.append(as_record(path, report))
        if on_report is not None:
            on_report(path, report)
    return results


def as_record(path: Path, report: Report) -> dict[str, Any]:
    """The record of one file, exactly as it is promised to programs that read it."""
    dumped = report.to_json()
    kept = ("verdict", "reason", "signatures", "gate", "checked_at", "engine")
    return {"file": str(path), **{name: dumped[name] for name in kept}}


def exit_code(results: Iterable[dict[str, Any]]) -> int:
    """0: all green or unsigned. 1: something amber or not checkable. 3: something red."""
    verdicts = [Verdict(result["verdict"]) for result in results]
    if any(colour(verdict) is Colour.RED for verdict in verdicts):
        return EXIT_RED
    good = all(colour(verdict) is Colour.GREEN or verdict is Verdict.NOT_SIGNED for verdict in verdicts)
    return EXIT_GOOD if good else EXIT_AMBER

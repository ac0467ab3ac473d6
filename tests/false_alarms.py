"""Counting what the checker says of files of others, and printing it at the end of a run."""

from __future__ import annotations

from collections import Counter
from typing import Any

from entitylocker.signatures.report import Report
from entitylocker.signatures.verdicts import Colour, colour

PROPERTY = "said of a file of others"


def row(name: str, expected: str, laid_down: str, report: Report) -> list[str]:
    """What one test hands to the end of the run: file, what its source says of it, what we say, and whether in vain.

    A false alarm: the source calls it intact, nothing else was laid down, and we call it red or cannot check it.
    """
    shade = colour(report.verdict)
    alarm = expected == "intact" and not laid_down and shade in (Colour.RED, Colour.GREY)
    return [name, expected, report.verdict.value, report.reason or "", "false alarm" if alarm else ""]


def summarise(terminal: Any) -> None:
    """Print the counts over the `intact` rows, and each false alarm by name."""
    reports = terminal.stats.get("passed", []) + terminal.stats.get("failed", [])
    rows = [value for one in reports for name, value in getattr(one, "user_properties", ()) if name == PROPERTY]
    intact = [one for one in rows if one[1] == "intact"]
    if not intact:
        return
    alarms = [one for one in intact if one[4]]
    verdicts = Counter(one[2] for one in intact)
    terminal.section("files of others")
    terminal.line(f"{len(intact)} intact: " + ", ".join(f"{count} {word}" for word, count in verdicts.most_common()))
    terminal.line(f"false alarms: {len(alarms)}")
    for name, _, verdict, reason, _ in sorted(alarms):
        terminal.line(f"  {name}: {verdict} ({reason})")

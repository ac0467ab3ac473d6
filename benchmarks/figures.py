"""What a measurement answers, and how it is shown."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One figure: the median of its rounds. `at_least` or `at_most` is its aim, where it has one."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the aim was reached; None where there is none."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most

    def record(self) -> dict[str, object]:
        """For the file of results."""
        return {**dataclasses.asdict(self), "reached": self.reached}


def figure(
    name: str, values: Sequence[float], unit: str, *, at_least: float | None = None, at_most: float | None = None
) -> Figure:
    """The median of what the rounds gave, with the lowest and the highest."""
    middle = statistics.median(values)
    return Figure(name, middle, unit, min(values), max(values), at_least, at_most)


def show(console: Console, figures: dict[str, list[Figure]]) -> None:
    """A table, a block for each measurement."""
    table = Table("measured", "median", "lowest", "highest", "unit", "aim", "")
    for group in figures.values():
        for one in group:
            table.add_row(one.name, _text(one.value), _text(one.low), _text(one.high), one.unit, _aim(one), _mark(one))
        table.add_section()
    console.print(table)


def _text(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def _aim(one: Figure) -> str:
    if one.at_least is not None:
        return f"≥ {one.at_least:g}"
    return "" if one.at_most is None else f"≤ {one.at_most:g}"


def _mark(one: Figure) -> str:
    return {True: "reached", False: "missed", None: ""}[one.reached]

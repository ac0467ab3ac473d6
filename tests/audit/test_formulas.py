"""No name of a person or thing becomes a formula in somebody's spreadsheet."""

from __future__ import annotations

import csv

import pytest

from entitylocker.audit.service import _csv_line

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", "\u00a0@a"]


@pytest.mark.parametrize("name", FORMULAS)
def test_a_cell_that_would_be_run_is_made_text(name: str) -> None:
    assert next(csv.reader([_csv_line([name])]))[0].startswith("'")


@pytest.mark.parametrize("name", ["Asha Rao", "PAN card", "1=1", "a@example.in", "", "हिन्दी"])
def test_other_cells_stay_as_they_are(name: str) -> None:
    assert next(csv.reader([_csv_line([name, "x"])]))[0] == name

"""The list of document types that a new installation starts with."""

import csv
import re

import pytest

from entitylocker.paths import resource

COLUMNS = ["code", "label_en", "label_hi", "sensitive"]


@pytest.fixture(scope="module")
def rows():
    with (resource("migrations") / "data" / "document_types.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == COLUMNS
        return list(reader)


def test_codes_are_five_capitals_and_each_is_there_once(rows):
    codes = [row["code"] for row in rows]
    assert len(codes) >= 30
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[A-Z]{5}", code) for code in codes)
    assert {"CINCR", "GSTRC", "PANCR", "BORES", "OTHER"} <= set(codes)


def test_every_type_has_a_name_in_both_languages(rows):
    for row in rows:
        assert re.fullmatch(r"[A-Z][A-Za-z' (),-]+", row["label_en"]), row
        assert re.search(r"[\u0900-\u097f]", row["label_hi"]), row
        assert not re.search(r"[A-Za-z]", row["label_hi"]), row
    for column in ("label_en", "label_hi"):
        assert len({row[column] for row in rows}) == len(rows)


def test_papers_about_people_and_money_are_sensitive(rows):
    assert {row["sensitive"] for row in rows} == {"true", "false"}
    sensitive = {row["code"] for row in rows if row["sensitive"] == "true"}
    assert {"BANKL", "DIRKY", "ITRET", "BALSH", "POATT"} <= sensitive
    assert not sensitive & {"CINCR", "GSTRC", "PANCR"}

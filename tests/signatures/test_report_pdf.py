"""The sheet of a report as a PDF: hostile words stay words, and the letters of both languages are there."""

from __future__ import annotations

import dataclasses
import io

import pikepdf
import pytest

from entitylocker.signatures.report_pdf import Item, Section, Sheet, make_pdf

PLAIN = Sheet(
    language="en",
    heading="Signature report",
    organisation="Sahyadri Agro Exports",
    title="Certificate of Incorporation",
    facts=(("SHA-256", "ab" * 32),),
    verdict=Item("ok", "Signature valid", "Signature valid"),
    lines=("The signer is confirmed.",),
    sections=(Section("What was checked", items=(Item("none", "Not checked", "Is it intact?", "Not checked."),)),),
    foot="Sealed by a seal.",
)


def opened(sheet: Sheet) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(make_pdf(sheet)), attempt_recovery=False)


def fonts_of(pdf: pikepdf.Pdf) -> set[str]:
    found = {str(one.get("/BaseFont", "")) for one in pdf.objects if isinstance(one, pikepdf.Dictionary)}
    return {name.split("+")[-1] for name in found if name}


def test_it_is_one_page_tagged_and_named() -> None:
    with opened(PLAIN) as pdf:
        assert len(pdf.pages) == 1
        assert bool(pdf.Root.MarkInfo.Marked) and "/StructTreeRoot" in pdf.Root
        assert str(pdf.Root.Lang) == "en-IN"
        assert "Certificate of Incorporation" in str(pdf.docinfo["/Title"])


@pytest.mark.parametrize(
    "hostile", ['#panic("no")', "$ x", '#read("/etc/passwd")', "= a\n*b* _c_ @d <e> `f", '\\", "x": "', "]#[", "//", ""]
)
def test_what_somebody_wrote_is_never_markup(hostile: str) -> None:
    section = Section(
        hostile, (Item(hostile, hostile, hostile, hostile),), ((hostile, hostile),), (hostile,), foot=hostile
    )
    sheet = dataclasses.replace(PLAIN, title=hostile, lines=(hostile,), sections=(section,), foot=hostile)
    with opened(sheet) as pdf:
        assert hostile.replace("\n", " ") in str(pdf.docinfo["/Title"])
        text = b"".join(one.unparse(resolved=True) for one in pdf.objects if isinstance(one, pikepdf.Dictionary))
        assert b"/JavaScript" not in text and b"/URI" not in text and b"/Launch" not in text


def test_devanagari_brings_its_own_letters() -> None:
    assert not any("Devanagari" in name for name in fonts_of(opened(PLAIN)))
    hindi = dataclasses.replace(PLAIN, language="hi", title="निगमन प्रमाणपत्र", lines=("हस्ताक्षर मान्य है।",))
    with opened(hindi) as pdf:
        assert any("Devanagari" in name for name in fonts_of(pdf))
        assert str(pdf.Root.Lang) == "hi-IN"
    mixed = dataclasses.replace(PLAIN, title="A हस्ताक्षर in an English report")
    assert any("Devanagari" in name for name in fonts_of(opened(mixed)))


def test_signs_that_turn_a_line_around_are_taken_out() -> None:
    with opened(dataclasses.replace(PLAIN, title="Invoice \u202e001\u0007\u2066 paid")) as pdf:
        assert not set(str(pdf.docinfo["/Title"])) & {"\u202e", "\u0007", "\u2066"}


def test_many_signatures_take_more_pages_and_no_more() -> None:
    facts = tuple((f"Fact {number}", "value " * 6) for number in range(12))
    sections = tuple(Section(f"Signature {number}", facts=facts, chain=("a", "b", "c")) for number in range(50))
    with opened(dataclasses.replace(PLAIN, sections=sections)) as pdf:
        assert 10 < len(pdf.pages) < 40

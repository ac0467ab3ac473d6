"""What changed after signing, in words and with the pages it touched."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, StreamObject

from entitylocker.signatures import caps
from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.report import Change, Report
from entitylocker.signatures.two_versions import Budget, NoTree, pages_of
from entitylocker.signatures.verdicts import Verdict
from tests.pki import Pki
from tests.signatures import attacks
from tests.signatures.test_gate import edited
from tests.signatures.trial_pki import NOW, TrialPki


def check(trial: TrialPki, data: bytes) -> Report:
    return check_bytes(data, trust=trial.trust, at=NOW)


@pytest.fixture(scope="module")
def signed(trial: TrialPki) -> bytes:
    return trial.sign(attacks.paper())


def _on_page(number: int, key: str, value: Callable[[Any], Any]) -> Callable[[Any], None]:
    def change(writer: Any) -> None:
        page = attacks.page_of(writer, number)
        page[NameObject(key)] = value(writer)
        writer.update_container(page)

    return change


def _box(writer: Any) -> Any:
    return ArrayObject(map(NumberObject, (0, 0, 100, 100)))


def _swap_pages(writer: Any) -> None:
    tree = writer.root["/Pages"]
    tree["/Kids"] = ArrayObject([tree["/Kids"].raw_get(1), tree["/Kids"].raw_get(0)])
    writer.update_container(tree)


def _remove_field(writer: Any) -> None:
    page = attacks.page_of(writer, 1)
    page["/Annots"] = ArrayObject()
    writer.update_container(page)


def _attach(writer: Any) -> None:
    file = writer.add_object(StreamObject(stream_data=b"hello"))
    names = DictionaryObject(
        {NameObject("/EmbeddedFiles"): DictionaryObject({NameObject("/Names"): ArrayObject([file])})}
    )
    writer.root[NameObject("/Names")] = names
    writer.update_root()


def _change_form(writer: Any) -> None:
    form = writer.root["/AcroForm"]
    form[NameObject("/CO")] = ArrayObject()
    writer.update_container(form)


def _extra(writer: Any) -> None:
    writer.root[NameObject("/PageMode")] = NameObject("/FullScreen")
    writer.update_root()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (attacks.replace_contents, {("page_content_changed", (1,))}),
        (
            _on_page(1, "/Contents", lambda w: w.add_object(StreamObject(stream_data=b"q"))),
            {("page_content_changed", (2,))},
        ),
        (_on_page(1, "/Resources", lambda w: DictionaryObject()), {("page_resources_changed", (2,))}),
        (_on_page(0, "/CropBox", _box), {("page_changed", (1,))}),
        (_on_page(1, "/Rotate", lambda w: NumberObject(180)), {("page_changed", (2,))}),
        (attacks.add_page, {("page_added", (3,))}),
        (attacks.remove_page, {("page_removed", ())}),
        (_swap_pages, {("pages_reordered", ())}),
        (attacks.annotate("Text"), {("annotation_added", (1,))}),
        (_remove_field, {("field_removed", (2,))}),
        (_attach, {("attachments_changed", ())}),
        (attacks.open_action, {("script_or_action_changed", ())}),
        (_change_form, {("form_changed", ())}),
        (_extra, {("catalogue_changed", ())}),
        (attacks.uncover, {("page_resources_changed", (1,))}),
    ],
)
def test_what_was_not_permitted(
    trial: TrialPki, signed: bytes, change: Callable[[Any], None], expected: set[tuple[str, tuple[int, ...]]]
) -> None:
    report = check(trial, attacks.updated(signed, change))
    assert {(one.detail, one.pages) for one in report.changes} == expected
    assert {one.kind for one in report.changes} == {"not_permitted"}
    assert report.verdict is Verdict.CHANGED_AFTER_SIGNING


def test_a_changed_and_a_removed_annotation(trial: TrialPki) -> None:
    commented = trial.sign(attacks.updated(attacks.paper(), attacks.annotate("Text")))

    def change(writer: Any) -> None:
        note = attacks.page_of(writer)["/Annots"][0].get_object()
        note[NameObject("/Rect")] = _box(writer)
        writer.update_container(note)

    def remove(writer: Any) -> None:
        page = attacks.page_of(writer)
        page["/Annots"] = ArrayObject([page["/Annots"].raw_get(1)])
        writer.update_container(page)

    for action, code in ((change, "annotation_changed"), (remove, "annotation_removed")):
        assert check(trial, attacks.updated(commented, action)).changes == (Change("not_permitted", code, (1,)),)


def test_two_things_on_different_pages(trial: TrialPki, signed: bytes) -> None:
    later = attacks.updated(
        attacks.updated(signed, attacks.replace_contents), _on_page(1, "/Rotate", lambda w: NumberObject(90))
    )
    found = {(one.detail, one.pages) for one in check(trial, later).changes}
    assert found == {("page_content_changed", (1,)), ("page_changed", (2,))}


def test_permitted_changes_have_pages_too(trial: TrialPki, signed: bytes) -> None:
    filled = attacks.updated(signed, attacks.fill_in)
    second = trial.sign(filled, "second", field="Sig2", box=(10, 10, 100, 40))
    assert check(trial, second).signatures[0].changes == (
        Change("signature_added", "Sig2", (1,)),
        Change("field_filled_in", "amount", (2,)),
    )


def _inheriting(pdf: pikepdf.Pdf) -> None:
    """Pages that have their size and fonts from above."""
    for page in pdf.pages:
        for name in ("/MediaBox", "/Resources"):
            pdf.Root.Pages[name] = page.obj[name]
            del page.obj[name]


def test_inherited_attributes_are_no_changes(trial: TrialPki) -> None:
    twice = trial.sign(trial.sign(edited(_inheriting)), "second", field="Sig2")
    assert check(trial, twice).verdict is Verdict.VALID_WITH_ADDITIONS


def test_a_page_that_occurs_twice_is_one_page() -> None:
    """qpdf makes a copy of it, under a number the file does not know."""
    with pikepdf.open(io.BytesIO(attacks.paper())) as pdf:
        pdf.Root.Pages.Kids.append(pdf.Root.Pages.Kids[0])
        first, second, again = (page.objgen for page in pages_of(pdf, Budget(1000)))
    assert first == again != second


def _loop(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Pages.Kids.append(pdf.Root.Pages)


def _direct(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Pages.Kids.append(pikepdf.Dictionary(Type=pikepdf.Name.Page, Parent=pdf.Root.Pages))


def _number(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Pages.Kids.append(7)


@pytest.mark.parametrize("change", [_loop, _direct, _number])
def test_a_page_tree_that_is_none(change: Callable[[pikepdf.Pdf], None]) -> None:
    with pikepdf.open(io.BytesIO(attacks.paper())) as pdf:
        change(pdf)
        with pytest.raises(NoTree):
            pages_of(pdf, Budget(1000))


def test_what_pages_inherit_is_theirs(trial: TrialPki) -> None:
    def change(writer: Any) -> None:
        tree = writer.root["/Pages"]
        tree[NameObject("/MediaBox")] = _box(writer)
        writer.update_container(tree)

    report = check(trial, attacks.updated(trial.sign(edited(_inheriting)), change))
    assert report.changes == (Change("not_permitted", "page_changed", (1, 2)),)


def test_rewriting_without_a_difference_is_none(trial: TrialPki, signed: bytes) -> None:
    report = check(trial, attacks.updated(signed, lambda writer: writer.update_container(attacks.page_of(writer))))
    assert report.verdict in (Verdict.VALID, Verdict.VALID_WITH_ADDITIONS)
    assert all(not one.pages for one in report.changes)


def test_in_an_encrypted_file(pki: Pki) -> None:
    paper = pki.make_signed_pdf("encrypted")

    def change(writer: Any) -> None:
        writer.encrypt(b"")
        attacks.replace_contents(writer)

    (change_found,) = check_bytes(attacks.updated(paper, change), trust=pki.trust).changes
    assert (change_found.detail, change_found.pages) == ("page_content_changed", (1,))


def test_what_was_not_explained_is_never_better(
    trial: TrialPki, signed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caps, "MAX_STEPS", 0)
    report = check(trial, attacks.updated(signed, attacks.replace_contents))
    assert (report.verdict, report.changes) == (Verdict.CHANGED_AFTER_SIGNING, (Change("not_permitted"),))
    filled = check(trial, attacks.updated(signed, attacks.fill_in))
    assert (filled.verdict, filled.reason, filled.changes) == (
        Verdict.NOT_CHECKABLE,
        "limit",
        (Change("field_filled_in", "amount"), Change("not_looked_at")),
    )


def test_many_signatures_over_a_large_file_are_explained_in_bounded_time(trial: TrialPki) -> None:
    """The budget is one for the whole file, in equal parts."""
    data = trial.sign(attacks.many_objects(1500))
    for number in range(4):
        data = trial.sign(data, field=f"More{number}")
    data = attacks.updated(data, attacks.replace_contents)
    began = time.process_time()
    report = check(trial, data)
    assert len(report.signatures) == 5
    assert report.verdict is Verdict.CHANGED_AFTER_SIGNING
    assert time.process_time() - began < 10

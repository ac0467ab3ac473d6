"""Every published class of attack, each by name, and none of them ever green."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from pyhanko.sign.fields import MDPPerm

from entitylocker.signatures import caps, changes
from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.report import Report
from entitylocker.signatures.two_versions import NoTree, TooMuch
from entitylocker.signatures.verdicts import Colour, Verdict, colour
from tests.signatures import attacks
from tests.signatures.trial_pki import NOW, TrialPki

RED = {Verdict.ALTERED, Verdict.CHANGED_AFTER_SIGNING}


def check(trial: TrialPki, data: bytes) -> Report:
    return check_bytes(data, trust=trial.trust, at=NOW)


def codes(report: Report) -> set[str]:
    return {change.detail for change in report.changes}


@pytest.fixture(scope="module")
def signed(trial: TrialPki) -> bytes:
    return trial.sign(attacks.paper())


def test_before_the_attack_it_is_green(trial: TrialPki, signed: bytes) -> None:
    assert check(trial, signed).verdict is Verdict.VALID
    for permission in MDPPerm:
        assert check(trial, attacks.certified(trial, permission)).verdict is Verdict.VALID


@pytest.mark.parametrize("name", attacks.FORGERIES)
def test_universal_forgery(trial: TrialPki, signed: bytes, name: str) -> None:
    report = check(trial, attacks.updated(signed, attacks.forge(attacks.FORGERIES[name])))
    assert report.verdict in RED
    assert report.signed is not False


def test_universal_forgery_with_nothing_where_the_signature_was(trial: TrialPki, signed: bytes) -> None:
    _, length, second, _ = attacks.byte_range(signed)
    emptied = signed[: length + 1] + b"0" * (second - length - 2) + signed[second - 1 :]
    assert check(trial, emptied).verdict in RED


@pytest.mark.parametrize(
    ("change", "code", "pages"),
    [
        (attacks.replace_contents, "page_content_changed", (1,)),
        (attacks.add_page, "page_added", (3,)),
        (attacks.remove_page, "page_removed", ()),
        (attacks.open_action, "script_or_action_changed", ()),
    ],
)
def test_incremental_saving(
    trial: TrialPki, signed: bytes, change: Callable[[Any], None], code: str, pages: tuple[int, ...]
) -> None:
    report = check(trial, attacks.updated(signed, change))
    assert (report.verdict, report.reason) == (Verdict.CHANGED_AFTER_SIGNING, "not_permitted")
    assert [one.pages for one in report.changes if one.detail == code] == [pages]


@pytest.mark.parametrize("attack", [attacks.without_table, attacks.with_trailer_only])
def test_incremental_saving_of_half_a_revision(
    trial: TrialPki, signed: bytes, attack: Callable[[bytes], bytes]
) -> None:
    assert colour(check(trial, attack(signed)).verdict) in (Colour.RED, Colour.GREY)


def test_wrapping(trial: TrialPki, signed: bytes) -> None:
    report = check(trial, attacks.wrapped(signed))
    assert report.verdict in RED, report.gate


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (attacks.uncover, "page_resources_changed"),
        (attacks.change_font, "page_resources_changed"),
        (attacks.show_the_spare_page, "page_added"),
    ],
    ids=["hide", "replace", "hide_and_replace"],
)
@pytest.mark.parametrize("permission", [None, MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE])
def test_shadow_attack(
    trial: TrialPki, signed: bytes, attack: Callable[[Any], None], code: str, permission: MDPPerm | None
) -> None:
    first = signed if permission is None else attacks.certified(trial, permission)
    report = check(trial, attacks.updated(first, attack))
    assert report.verdict in RED
    assert code in codes(report)


@pytest.mark.parametrize("change", attacks.RESTYLINGS)
@pytest.mark.parametrize("permission", [None, *MDPPerm])
def test_shadow_attack_by_way_of_the_form(trial: TrialPki, change: str, permission: MDPPerm | None) -> None:
    """Replace: the value of a field stays as it was signed, and is drawn with other glyphs. pyHanko permits it."""
    paper = attacks.with_default_font()
    first = trial.sign(paper) if permission is None else attacks.certified(trial, permission, paper)
    assert check(trial, first).verdict is Verdict.VALID
    report = check(trial, attacks.updated(first, attacks.RESTYLINGS[change]))
    forbidden = permission is MDPPerm.NO_CHANGES or (permission is not None and change != "drawn_anew")
    if forbidden or change == "overridden_font":
        assert report.verdict is Verdict.CHANGED_AFTER_SIGNING
    elif permission is None:
        assert report.verdict is Verdict.FILLED_IN_AFTER_SIGNING
    else:
        assert report.verdict is Verdict.VALID_WITH_ADDITIONS  # who permits filling in has viewers draw values anew


@pytest.mark.parametrize("change", attacks.RESTYLINGS)
@pytest.mark.parametrize("permission", [None, *MDPPerm])
def test_a_size_that_is_claimed_hides_nothing(trial: TrialPki, change: str, permission: MDPPerm | None) -> None:
    """/Size of a later revision is the attacker's word: the answer is the same as without it."""
    paper = attacks.with_default_font()
    first = trial.sign(paper) if permission is None else attacks.certified(trial, permission, paper)
    plain = attacks.updated(first, attacks.RESTYLINGS[change])
    told, boasted = check(trial, plain), check(trial, attacks.boasting(plain))
    assert (boasted.verdict, boasted.changes) == (told.verdict, told.changes)


@pytest.mark.parametrize("change", attacks.RESTYLINGS)
@pytest.mark.parametrize("permission", [None, *MDPPerm])
@pytest.mark.parametrize("fault", [TooMuch, NoTree, pikepdf.PdfError, RecursionError])
def test_what_could_not_be_looked_at_is_not_green(
    trial: TrialPki,
    change: str,
    permission: MDPPerm | None,
    fault: type[Exception],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> Any:
        raise fault

    paper = attacks.with_default_font()
    first = trial.sign(paper) if permission is None else attacks.certified(trial, permission, paper)
    monkeypatch.setattr(changes, "list_differences", fail)
    report = check(trial, attacks.updated(first, attacks.RESTYLINGS[change]))
    if report.verdict is not Verdict.CHANGED_AFTER_SIGNING:  # pyHanko forbids some of them by itself
        assert (report.verdict, report.reason) == (Verdict.NOT_CHECKABLE, "limit")
        assert "not_looked_at" in {one.kind for one in report.changes}


def test_one_signature_does_not_use_up_what_others_need(trial: TrialPki, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a few thousand objects, and steps for little more than looking at it once for each signature."""
    data = trial.sign(attacks.many_objects(2000))
    for number in range(3):
        data = trial.sign(data, field=f"More{number}")
    monkeypatch.setattr(caps, "MAX_STEPS", 2500)
    report = check(trial, data)
    assert [one.verdict for one in report.signatures] == [Verdict.VALID_WITH_ADDITIONS] * 3 + [Verdict.VALID]


def test_more_default_fonts_do_no_harm(trial: TrialPki) -> None:
    """As programs add them that sign after another."""
    report = check(trial, attacks.updated(trial.sign(attacks.with_default_font()), attacks.add_default_font))
    assert report.verdict is Verdict.VALID_WITH_ADDITIONS


def test_a_field_that_is_hidden_later(trial: TrialPki, signed: bytes) -> None:
    report = check(trial, attacks.updated(signed, attacks.hide_field))
    assert report.verdict is Verdict.FILLED_IN_AFTER_SIGNING


@pytest.mark.parametrize("subtype", ["FreeText", "Stamp", "Redact", "Square", "Ink", "Highlight"])
@pytest.mark.parametrize("permission", [None, MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE])
def test_evil_annotation(trial: TrialPki, signed: bytes, subtype: str, permission: MDPPerm | None) -> None:
    first = signed if permission is None else attacks.certified(trial, permission)
    report = check(trial, attacks.updated(first, attacks.annotate(subtype)))
    assert report.verdict in RED
    assert [(one.detail, one.pages) for one in report.changes] == [("annotation_added", (1,))]


@pytest.mark.parametrize("permission", [None, *MDPPerm])
def test_sneaky_signature(trial: TrialPki, signed: bytes, permission: MDPPerm | None) -> None:
    """A stranger's signature whose picture covers the contents."""
    first = signed if permission is None else attacks.certified(trial, permission)
    report = check(trial, trial.sign(first, "stranger", field="Sneaky", box=(50, 590, 400, 720)))
    assert colour(report.verdict) in (Colour.RED, Colour.AMBER)
    assert report.signatures[-1].reason in ("stranger_signed_later", "self_signed")
    if permission is not None:
        assert report.verdict is Verdict.CHANGED_AFTER_SIGNING


@pytest.mark.parametrize("kind", ["/DocTimeStamp", "/Sig"])
def test_sneaky_time_stamp(trial: TrialPki, signed: bytes, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody gets a time stamp from a trusted authority; this one shows a picture over the contents."""
    stamped = attacks.visibly_stamped(trial, signed, kind, monkeypatch)
    report = check(trial, stamped)
    assert [one.kind for one in report.signatures] == ["signature", "timestamp"]
    assert report.signatures[1].trusted is True
    assert (report.verdict, report.reason) == (Verdict.CHANGED_AFTER_SIGNING, "not_permitted")
    assert codes(report) & {"visible_time_stamp", "field_added"}


@pytest.mark.parametrize("name", attacks.RANGES)
def test_byte_ranges_that_do_not_cover_everything(trial: TrialPki, signed: bytes, name: str) -> None:
    report = check(trial, attacks.signed_over(trial, signed, attacks.RANGES[name]))
    assert colour(report.verdict) in (Colour.RED, Colour.GREY)


def test_the_same_made_with_the_right_ranges_is_green(trial: TrialPki, signed: bytes) -> None:
    assert check(trial, attacks.signed_over(trial, signed, lambda ranges: ranges)).verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("permission", "change"),
    [
        (MDPPerm.NO_CHANGES, attacks.fill_in),
        (MDPPerm.NO_CHANGES, attacks.annotate("Text")),
        (MDPPerm.FILL_FORMS, attacks.annotate("Text")),
        (MDPPerm.FILL_FORMS, attacks.add_page),
        (MDPPerm.ANNOTATE, attacks.replace_contents),
        (MDPPerm.ANNOTATE, attacks.open_action),
    ],
)
def test_violations_of_a_certification(trial: TrialPki, permission: MDPPerm, change: Callable[[Any], None]) -> None:
    report = check(trial, attacks.updated(attacks.certified(trial, permission), change))
    assert (report.verdict, report.reason) == (Verdict.CHANGED_AFTER_SIGNING, "not_permitted")


def test_a_certification_forbids_also_what_a_later_signer_permits(trial: TrialPki) -> None:
    both = trial.sign(attacks.certified(trial, MDPPerm.FILL_FORMS), "second", field="Sig2")
    assert check(trial, both).verdict is Verdict.VALID_WITH_ADDITIONS
    first, second = check(trial, attacks.updated(both, attacks.annotate("Text"))).signatures
    assert first.verdict is second.verdict is Verdict.CHANGED_AFTER_SIGNING


@pytest.mark.parametrize("lock", [attacks.ALL, attacks.AMOUNT, attacks.OTHERS], ids=["all", "include", "exclude"])
@pytest.mark.parametrize("repeated", [True, False])
def test_a_locked_field(trial: TrialPki, lock: Any, repeated: bool) -> None:
    first = attacks.locked(trial, lock, repeated=repeated)
    assert check(trial, first).verdict is Verdict.VALID
    report = check(trial, attacks.updated(first, attacks.fill_in))
    assert (report.verdict, codes(report)) == (Verdict.CHANGED_AFTER_SIGNING, {"field_changed"})


def test_a_field_that_is_not_locked(trial: TrialPki) -> None:
    lock = attacks.FieldMDPSpec(attacks.FieldMDPAction.INCLUDE, fields=["other"])
    report = check(trial, attacks.updated(attacks.locked(trial, lock), attacks.fill_in))
    assert report.verdict is Verdict.FILLED_IN_AFTER_SIGNING
    assert [(one.kind, one.detail, one.pages) for one in report.changes] == [("field_filled_in", "amount", (2,))]

"""What the gate sees of a file as such: hidden layers, content that acts by itself, ends, tables, page counts."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from pyhanko.pdf_utils.generic import ArrayObject, NameObject, NumberObject, TextStringObject

from entitylocker.signatures import caps
from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.gate import Gate, pass_gate
from entitylocker.signatures.report import Report
from entitylocker.signatures.verdicts import Verdict
from tests.signatures import attacks
from tests.signatures.trial_pki import NOW, TrialPki


def edited(change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """The plain paper, with something in it before anybody signs."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(attacks.paper())) as pdf:
        change(pdf)
        pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return target.getvalue()


def check(trial: TrialPki, data: bytes) -> Report:
    return check_bytes(data, trust=trial.trust, at=NOW)


def findings(gate: Gate | Report) -> set[str]:
    found = gate.findings if isinstance(gate, Gate) else gate.gate
    return {one.code for one in found}


# Hidden layers (ISO 32000-2, 8.11.4).


def layers(**setting: Any) -> Callable[[pikepdf.Pdf], None]:
    """Layers A, B and C; C does not want to be printed. In `setting`, letters stand for layers."""

    def add(pdf: pikepdf.Pdf) -> None:
        usage = {"C": Dictionary(Print=Dictionary(PrintState=Name.OFF), View=Dictionary(ViewState=Name.ON))}
        made = {
            letter: pdf.make_indirect(
                Dictionary(Type=Name.OCG, Name=String(letter), **({"Usage": usage[letter]} if letter in usage else {}))
            )
            for letter in "ABC"
        }
        entries = {
            key: Array([made[letter] for letter in value]) if key in ("ON", "OFF") else value
            for key, value in setting.items()
        }
        if "AS" in entries:
            rule = Dictionary(
                Event=Name.Print, Category=Array([Name.Print]), OCGs=Array([made[c] for c in setting["AS"]])
            )
            entries["AS"] = Array([rule])
        pdf.Root.OCProperties = Dictionary(OCGs=Array(list(made.values())), D=Dictionary(**entries))

    return add


@pytest.mark.parametrize(
    ("setting", "hidden"),
    [
        ({}, ()),
        ({"OFF": "B"}, ("B",)),
        ({"BaseState": Name.OFF}, ("A", "B", "C")),
        ({"BaseState": Name.OFF, "ON": "AC"}, ("B",)),
        ({"BaseState": Name.ON, "ON": "A"}, ()),
        ({"AS": "ABC"}, ("C",)),
        ({"AS": "AB"}, ()),
        ({"AS": "C", "OFF": "A"}, ("A", "C")),
    ],
)
def test_hidden_layers_are_named(trial: TrialPki, setting: dict[str, Any], hidden: tuple[str, ...]) -> None:
    report = check(trial, trial.sign(edited(layers(**setting))))
    assert (report.hidden_layers, report.verdict) == (hidden, Verdict.VALID)


@pytest.mark.parametrize("odd", [Array([1]), Dictionary(D=3), Dictionary(OCGs=5, D=Dictionary(OFF=7, AS=Array([2])))])
def test_layers_that_make_no_sense(odd: Any) -> None:
    gate = pass_gate(edited(lambda pdf: setattr(pdf.Root, "OCProperties", odd)))
    assert gate.hidden_layers == ()


# Content that acts by itself: in the signed part, or added later.


def script(text: str = "app.alert(1)") -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String(text))


def test_a_script_that_was_signed_is_not_later(trial: TrialPki) -> None:
    signed = trial.sign(edited(lambda pdf: setattr(pdf.Root, "OpenAction", script())))
    assert (check(trial, signed).active_content, check(trial, signed).active_later) == (("javascript",), ())
    filled = check(trial, attacks.updated(signed, attacks.fill_in))
    assert (filled.active_content, filled.active_later) == (("javascript",), ())


def test_a_script_that_came_later_is_told_from_one_that_was_signed(trial: TrialPki) -> None:
    signed = trial.sign(edited(lambda pdf: setattr(pdf.pages[0].obj, "AA", Dictionary(O=script()))))
    report = check(trial, attacks.updated(signed, attacks.open_action))
    assert (report.active_content, report.active_later) == (("javascript",), ("javascript",))


def test_another_script_in_the_same_place_is_later(trial: TrialPki) -> None:
    signed = trial.sign(edited(lambda pdf: setattr(pdf.Root, "OpenAction", pdf.make_indirect(script()))))

    def change(writer: Any) -> None:
        action = writer.root["/OpenAction"]
        action["/JS"] = TextStringObject("app.alert(2)")
        writer.update_container(action)

    assert check(trial, attacks.updated(signed, change)).active_later == ("javascript",)


def test_a_script_in_an_array_of_its_own_is_seen() -> None:
    def add(pdf: pikepdf.Pdf) -> None:
        names = pdf.make_indirect(Array([String("a"), script()]))
        pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=names))

    assert pass_gate(edited(add)).active_content == ("javascript",)


def test_nothing_is_later_than_no_signature() -> None:
    gate = pass_gate(edited(lambda pdf: setattr(pdf.Root, "OpenAction", script())))
    assert (gate.active_content, gate.active_later) == (("javascript",), ())


# What stands behind the end, and readers that see different things.


def test_an_old_table_is_no_revision(trial: TrialPki) -> None:
    """An object, and a trailer that leads back to the old table: readers that mend files would show the object."""
    report = check(trial, attacks.with_trailer_only(trial.sign(attacks.paper())))
    assert "bytes_after_the_end" in findings(report)


def test_half_a_revision(trial: TrialPki) -> None:
    report = check(trial, attacks.without_table(trial.sign(attacks.paper())))
    assert report.verdict in (Verdict.CHANGED_AFTER_SIGNING, Verdict.NOT_CHECKABLE)


def test_a_wrong_count_of_pages_alone_is_no_disagreement(trial: TrialPki) -> None:
    stated = attacks.updated(attacks.paper(), _misstate)
    report = check(trial, trial.sign(stated))
    assert (report.pages, report.verdict) == (2, Verdict.VALID)


def _misstate(writer: Any) -> None:
    tree = writer.root["/Pages"]
    tree["/Count"] = NumberObject(7)
    writer.update_container(tree)


def test_readers_that_count_other_pages_are_an_alarm(trial: TrialPki, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = trial.sign(attacks.updated(attacks.paper(), _misstate))
    monkeypatch.setattr("entitylocker.signatures.examine._count_pages", lambda reader: 3)
    report = check(trial, signed)
    assert (report.verdict, report.reason) == (Verdict.NOT_CHECKABLE, "damaged")
    assert "readers_disagree" in findings(report)


def test_a_field_that_stands_nowhere_in_the_form(trial: TrialPki) -> None:
    def remove(writer: Any) -> None:
        form = writer.root["/AcroForm"]
        form["/Fields"] = ArrayObject([form["/Fields"].raw_get(0)])
        writer.update_container(form)

    report = check(trial, attacks.updated(trial.sign(attacks.paper()), remove))
    assert (report.verdict, report.reason) == (Verdict.CHANGED_AFTER_SIGNING, "orphan_signature")
    assert report.signed is not False


def test_two_tables_at_once_are_not_supported(trial: TrialPki) -> None:
    """Hybrid files: old readers follow the table, new ones the stream beside it, and may see different things."""
    signed = trial.sign(attacks.paper())

    def change(writer: Any) -> None:
        writer.root[NameObject("/Extra")] = NumberObject(1)
        writer.update_root()

    later = attacks.updated(signed, change)
    start = later.rindex(b"trailer\n<<")
    hybrid = later[: start + 10] + b"\n/XRefStm 20" + later[start + 10 :]
    report = check(trial, hybrid)
    assert report.verdict in (Verdict.NOT_CHECKABLE, Verdict.CHANGED_AFTER_SIGNING)


# Limits.


@pytest.mark.parametrize(
    ("cap", "limit", "code"),
    [
        ("MAX_BYTES", 100, "file_too_large"),
        ("MAX_OBJECTS", 5, "too_many_objects"),
        ("MAX_REVISIONS", 1, "too_many_revisions"),
        ("MAX_SIGNATURES", 0, "too_many_signatures"),
        ("MAX_FIELDS", 0, "too_many_fields"),
    ],
)
def test_every_cap_is_a_limit(
    trial: TrialPki, monkeypatch: pytest.MonkeyPatch, cap: str, limit: int, code: str
) -> None:
    signed = trial.sign(attacks.paper())
    monkeypatch.setattr(caps, cap, limit)
    report = check(trial, signed)
    assert (report.verdict, report.reason, findings(report)) == (Verdict.NOT_CHECKABLE, "limit", {code})


def test_nothing_is_saved_or_repaired(trial: TrialPki, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("saved")

    changed = attacks.updated(trial.sign(attacks.paper()), attacks.replace_contents)
    opened: list[Any] = []
    really_open = pikepdf.open
    monkeypatch.setattr(pikepdf.Pdf, "save", never)
    monkeypatch.setattr(pikepdf, "open", lambda *a, **k: opened.append(k) or really_open(*a, **k))
    check(trial, changed)
    assert len(opened) >= 3
    assert all(options["attempt_recovery"] is False for options in opened)

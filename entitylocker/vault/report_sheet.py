"""The sealed report: which words of a report stand where on the sheet that `signatures.report_pdf` sets."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext

from entitylocker.errors import N_
from entitylocker.signatures.report_pdf import Item, Section, Sheet
from entitylocker.vault.answer_words import Answer
from entitylocker.vault.presenting import Shown
from entitylocker.vault.signature_words import Signature
from entitylocker.vault.views import VersionDetail
from entitylocker.web.formats import filesize, when
from entitylocker.web.verdicts import verdict_face

# The words the page says for the signs of its answers.
KIND_WORDS = {
    "ok": N_("Good"),
    "warn": N_("Caution"),
    "bad": N_("Problem"),
    "info": N_("Note"),
    "none": N_("Not checked"),
}


def sheet_of(view: VersionDetail, shown: Shown, *, organisation: str, seal: str, language: str) -> Sheet:
    """The sheet about a version, in the reader's language. `seal`: the name of what it will be sealed with."""
    face = verdict_face(shown.verdict)
    lines = (face.meaning, shown.reason, shown.to_do, shown.caution)
    return Sheet(
        language=language,
        heading=gettext("Signature report"),
        organisation=organisation,
        title=view.document.title,
        facts=_facts(view, shown),
        verdict=Item(face.kind, face.words, face.words),
        lines=tuple(line for line in lines if line),
        sections=tuple(_sections(shown)),
        foot=gettext("Sealed by %(seal)s. Drop this file into any checker to see whether it was changed.", seal=seal),
    )


def _facts(view: VersionDetail, shown: Shown) -> tuple[tuple[str, str], ...]:
    document, version = view.document, view.version
    size = filesize(version.size)
    found = (
        (gettext("Number"), document.number),
        (gettext("Version"), str(version.number)),
        (gettext("File"), f"{version.filename} ({size})"),
        (gettext("Pages"), str(shown.pages or "")),
        (gettext("SHA-256"), version.sha256),
        (gettext("Checked"), when(shown.checked_at, seconds=True)),
    )
    return tuple((words, value) for words, value in found if value)


def _sections(shown: Shown) -> Iterable[Section]:
    yield Section(
        gettext("What was checked"),
        items=tuple(_item(answer) for answer in shown.answers),
        foot=shown.policy if shown.signatures else "",
    )
    for one in shown.signatures:
        yield _signature(one, alone=len(shown.signatures) == 1)
    if len(shown.changes) > 2:
        yield Section(gettext("What changed after signing"), points=shown.changes)
    if points := tuple(_about_the_file(shown)):
        yield Section(gettext("About the file"), points=points)
    yield _for_specialists(shown)


def _item(answer: Answer) -> Item:
    return Item(answer.kind, gettext(KIND_WORDS.get(answer.kind, KIND_WORDS["none"])), answer.title, answer.text)


def _signature(one: Signature, *, alone: bool) -> Section:
    """What changed after the only signature was said above already."""
    what = gettext("Time stamp") if one.is_timestamp else gettext("Signature")
    face = verdict_face(one.verdict)
    missing = (gettext("Missing: %(name)s", name=one.issuer_missing),) if one.issuer_missing else ()
    return Section(
        f"{one.place}. {what}: {one.name}",
        items=(Item(face.kind, face.words, one.name, one.reason or face.meaning),),
        facts=one.facts,
        chain=one.chain + missing,
        points=() if alone else one.changes,
    )


def _about_the_file(shown: Shown) -> Iterable[str]:
    yield from shown.findings
    for kind in shown.active_later:
        yield gettext("Added after signing, can act by itself: %(what)s", what=kind)
    for kind in shown.active_content:
        yield gettext("Can act by itself: %(what)s", what=kind)
    for name in shown.hidden_layers:
        yield gettext("Layer that is not shown: %(name)s", name=name)


def _for_specialists(shown: Shown) -> Section:
    facts = tuple((f"{one.place}. {words}", value) for one in shown.signatures for words, value in one.specialists)
    return Section(gettext("For specialists"), facts=facts + shown.specialists, small=True)

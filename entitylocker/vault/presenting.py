"""A report in the reader's words: the six answers, the changes after signing, what the file itself shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext

from entitylocker.errors import N_
from entitylocker.signatures.report import Change, Report, SignatureReport
from entitylocker.signatures.verdicts import Colour, Verdict, colour
from entitylocker.vault.models import Version
from entitylocker.vault.verdict_words import ACTIVE_WORDS, CHANGE_WORDS, GATE_WORDS, GREEN_CAUTION, what_to_do
from entitylocker.web.verdicts import not_checkable_reason

_HARMFUL = {"not_permitted", "not_covered"}
_FILLED_IN = "field_filled_in"
_NO_WORDS = N_("Something this page has no words for was found.")


@dataclass(frozen=True)
class Answer:
    """One of the six answers. `kind`: ok, warn, bad, info, or none for what was not checked."""

    kind: str
    title: str
    text: str


@dataclass(frozen=True)
class Signature:
    """A signature as the page shows it: whose, what is said of it, and facts as pairs of words and value."""

    name: str
    organisation: str
    verdict: Verdict
    is_timestamp: bool
    answers: tuple[Answer, ...]
    facts: tuple[tuple[str, Any], ...]
    times: tuple[tuple[str, datetime | None], ...]
    chain: tuple[str, ...]
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """Everything a page says about the check of a version."""

    verdict: Verdict
    reason: str
    to_do: str
    caution: str
    answers: tuple[Answer, ...]
    signatures: tuple[Signature, ...]
    findings: tuple[str, ...]
    active_content: tuple[str, ...]
    checked_at: datetime | None
    needs_password: bool
    may_be_repeated: bool


def show(version: Version) -> Shown:
    """What to say about `version`, in the reader's language."""
    verdict = Verdict(version.verdict)
    report = Report.from_json(version.report) if version.report and verdict is not Verdict.CHECKING else None
    green = colour(verdict) is Colour.GREEN
    return Shown(
        verdict=verdict,
        reason=not_checkable_reason(version.reason),
        to_do=gettext(what_to_do(verdict, version.reason)),
        caution=gettext(GREEN_CAUTION) if green else "",
        answers=six_answers(report) if report else (),
        signatures=tuple(_signature(one) for one in report.signatures) if report else (),
        findings=tuple(_said(GATE_WORDS, one.code, one.detail) for one in report.gate) if report else (),
        active_content=tuple(_said(ACTIVE_WORDS, kind) for kind in report.active_content) if report else (),
        checked_at=version.checked_at,
        needs_password=version.reason == "password",
        may_be_repeated=verdict is not Verdict.CHECKING,
    )


def six_answers(report: Report) -> tuple[Answer, ...]:
    """Signed? Intact? By whom? Trusted? Still good? What changed after signing? Always all of them."""
    if report.signed is False:
        nothing = gettext("There is no signature to look at.")
        others = (
            gettext("Is it intact?"),
            gettext("Signed by whom?"),
            gettext("Is the signer trusted?"),
            gettext("Is the signature still good?"),
            gettext("What changed after signing?"),
        )
        signed = Answer("info", gettext("Is it signed?"), gettext("No. Nobody signed this file."))
        return (signed, *(Answer("none", title, nothing) for title in others))
    return (
        _signed(report),
        _three(
            report.intact,
            gettext("Is it intact?"),
            gettext("Yes. What was signed is unaltered."),
            gettext("No. What was signed was altered."),
            "bad",
        ),
        _by_whom(report),
        _three(
            report.trusted,
            gettext("Is the signer trusted?"),
            gettext("Yes. A trusted authority confirms who the signer is."),
            gettext("No trusted authority confirms who the signer is."),
            "warn",
        ),
        _three(
            report.still_good,
            gettext("Is the signature still good?"),
            gettext("Yes. The certificate held when the document was signed."),
            gettext("No. The certificate does not hold for the time of signing, or was withdrawn."),
            "bad" if report.verdict is Verdict.REVOKED else "warn",
        ),
        _changed(report),
    )


def _signed(report: Report) -> Answer:
    title = gettext("Is it signed?")
    if report.signed is None:
        return _not_checked(title)
    count = sum(1 for one in report.signatures if one.kind == "signature")
    if not count:
        return Answer("info", title, gettext("It carries a time stamp, but nobody’s signature."))
    return Answer("ok", title, ngettext("Yes, once.", "Yes, %(num)s times.", count))


def _three(value: bool | None, title: str, yes: str, no: str, kind: str) -> Answer:
    if value is None:
        return _not_checked(title)
    return Answer("ok", title, yes) if value else Answer(kind, title, no)


def _by_whom(report: Report) -> Answer:
    title = gettext("Signed by whom?")
    if not report.by_whom:
        return _not_checked(title)
    if report.trusted:
        return Answer("ok", title, ", ".join(report.by_whom))
    names = ", ".join(report.by_whom)
    return Answer("warn", title, gettext("The certificate says “%(names)s”, which nobody confirms.", names=names))


def _changed(report: Report) -> Answer:
    title = gettext("What changed after signing?")
    if report.signed is None or report.intact is None:
        return _not_checked(title)
    if not report.changes:
        return Answer("ok", title, gettext("Nothing."))
    kinds = {change.kind for change in report.changes}
    kind = "bad" if kinds & _HARMFUL else ("warn" if _FILLED_IN in kinds else "info")
    return Answer(kind, title, " ".join(_changes(report.changes)))


def _not_checked(title: str) -> Answer:
    return Answer("none", title, gettext("This could not be checked."))


def _changes(changes: tuple[Change, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_said(CHANGE_WORDS, change.kind, change.detail) for change in changes))


def _said(words: Mapping[str, str], code: str, detail: str = "") -> str:
    text = gettext(words.get(code, _NO_WORDS))
    return f"{text} ({detail})" if detail else text


def _signature(one: SignatureReport) -> Signature:
    signer = one.signer
    return Signature(
        name=signer.name if signer and signer.name else gettext("No name in the certificate"),
        organisation=signer.organisation if signer else "",
        verdict=one.verdict,
        is_timestamp=one.kind == "timestamp",
        answers=(
            _three(one.intact, gettext("Intact"), gettext("Yes"), gettext("No"), "bad"),
            _three(one.trusted, gettext("Trusted"), gettext("Yes"), gettext("No"), "warn"),
            _three(one.still_good, gettext("Still good"), gettext("Yes"), gettext("No"), "warn"),
        ),
        facts=_facts(one),
        times=(
            (gettext("Signed, as the signer says"), one.claimed_at),
            (gettext("Signed before, as a time stamp proves"), one.proven_at),
            (gettext("Certificate withdrawn"), one.revoked_at),
        ),
        chain=one.chain,
        changes=_changes(one.changes),
    )


def _facts(one: SignatureReport) -> tuple[tuple[str, Any], ...]:
    signer = one.signer
    found = (
        (gettext("Certificate from"), signer.issuer if signer else ""),
        (gettext("Serial number"), signer.serial if signer else ""),
        (gettext("Method"), one.algorithm),
        (gettext("Level"), one.level),
        (gettext("Field"), one.field),
    )
    return tuple((words, value) for words, value in found if value)

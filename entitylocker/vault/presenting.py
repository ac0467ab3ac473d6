"""A report in the reader's words: the verdict, the six answers, the signatures, what the file itself shows.

Pages, the sealed PDF and the public pages all show what is made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext

from entitylocker.signatures.report import Report, SignatureReport
from entitylocker.signatures.verdicts import Colour, Verdict, colour
from entitylocker.vault.answer_words import Answer, change_lines, six_answers
from entitylocker.vault.models import Version
from entitylocker.vault.report_words import ACTIVE_WORDS, GATE_WORDS, NO_WORDS, POLICY_WORDS, REASON_WORDS
from entitylocker.vault.signature_words import Signature, show_signature
from entitylocker.vault.verdict_words import GREEN_CAUTION, what_to_do
from entitylocker.web.verdicts import verdict_face

__all__ = ["Answer", "Shown", "Signature", "present", "show"]

# A file is what it is for a reason of its worst signature, or for what was found about the file as such.
_WHY = {**GATE_WORDS, **REASON_WORDS}


@dataclass(frozen=True)
class Shown:
    """Everything that is said about the check of a file.

    `active_content` is inside what was signed, `active_later` came after the last signature. `specialists`: names and
    versions of what checked it.
    """

    verdict: Verdict
    reason: str
    to_do: str
    caution: str
    answers: tuple[Answer, ...]
    signatures: tuple[Signature, ...]
    changes: tuple[str, ...]
    findings: tuple[str, ...]
    active_content: tuple[str, ...]
    active_later: tuple[str, ...]
    hidden_layers: tuple[str, ...]
    policy: str
    checked_at: datetime | None
    pages: int | None
    specialists: tuple[tuple[str, str], ...]
    needs_password: bool
    may_be_repeated: bool


def show(version: Version) -> Shown:
    """What to say about `version`, in the reader's language."""
    verdict = Verdict(version.verdict)
    done = version.report is not None and verdict is not Verdict.CHECKING
    report = Report.from_json(version.report) if done and version.report else None
    shown = _shown(verdict, version.reason, report, version.checked_at)
    told = version.verdict_for_others
    return shown if told is verdict else replace(shown, caution=f"{shown.caution} {_of_own_trust(told)}".strip())


def _of_own_trust(told: Verdict) -> str:
    """What stands under a verdict that others are not told."""
    return gettext(
        "It rests on an authority that only the organisation itself trusts. Others are told: “%(words)s”.",
        words=verdict_face(told).words,
    )


def present(report: Report) -> Shown:
    """What to say about a finished check, in the reader's language."""
    return _shown(report.verdict, report.reason, report, report.checked_at)


def _shown(verdict: Verdict, reason: str | None, report: Report | None, checked_at: datetime | None) -> Shown:
    later = set(report.active_later) if report else set()
    return Shown(
        verdict=verdict,
        reason=gettext(_WHY[reason]) if reason in _WHY else "",
        to_do=gettext(what_to_do(verdict, reason)),
        caution=gettext(GREEN_CAUTION) if colour(verdict) is Colour.GREEN else "",
        answers=six_answers(report) if report else (),
        signatures=tuple(show_signature(one, place) for place, one in _numbered(report)),
        changes=change_lines(report.changes) if report else (),
        findings=tuple(_said(GATE_WORDS, one.code, one.detail) for one in report.gate) if report else (),
        active_content=_listed(one for one in report.active_content if one not in later) if report else (),
        active_later=_listed(report.active_later) if report else (),
        hidden_layers=report.hidden_layers if report else (),
        policy=gettext(POLICY_WORDS[report.policy]) if report and report.policy in POLICY_WORDS else "",
        checked_at=checked_at,
        pages=report.pages if report else None,
        specialists=_engines(report) if report else (),
        needs_password=reason == "password",
        may_be_repeated=verdict is not Verdict.CHECKING,
    )


def _numbered(report: Report | None) -> Iterable[tuple[int, SignatureReport]]:
    return enumerate(report.signatures, start=1) if report else ()


def _engines(report: Report) -> tuple[tuple[str, str], ...]:
    """What checked: the version of the rules, the programs with theirs."""
    programs = ", ".join(f"{name} {version}" for name, version in sorted(report.engine.items()) if name != "policy")
    found = (
        (gettext("Rules of the check, version"), report.engine.get("policy", "")),
        (gettext("Checked with"), programs),
    )
    return tuple((words, value) for words, value in found if value)


def _listed(kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(_said(ACTIVE_WORDS, kind) for kind in kinds)


def _said(words: Mapping[str, str], code: str, detail: str = "") -> str:
    text = gettext(words.get(code, NO_WORDS))
    return f"{text} ({detail})" if detail else text

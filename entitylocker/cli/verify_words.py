"""What `entitylocker verify` says to people: the verdict in words, who signed, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from entitylocker.sharing.public_words import to_do
from entitylocker.signatures.report import SignatureReport
from entitylocker.signatures.verdicts import Colour, Reason, Verdict, colour
from entitylocker.vault.answer_words import change_lines
from entitylocker.vault.report_words import GATE_WORDS, NO_WORDS, REASON_WORDS
from entitylocker.vault.verdict_words import GREEN_CAUTION
from entitylocker.web.verdicts import VERDICT_FACES

_STYLES = {Colour.RED: "red", Colour.AMBER: "yellow", Colour.GREY: "bright_black", Colour.GREEN: "green"}
_WITHOUT_PASSWORD = "Check a copy that opens without a password."  # noqa: S105 - advice


def lines_about(result: Mapping[str, Any]) -> Iterator[str]:
    """Everything about one file: verdict, why, signatures in their order, findings, what to do."""
    verdict = Verdict(result["verdict"])
    yield f"{printable(result['file'])}: {_styled(verdict)}"
    yield f"  {VERDICT_FACES[verdict].meaning}"
    if not result["signatures"] and not result["gate"]:
        yield from _why(result)
    for place, signature in enumerate(result["signatures"], start=1):
        yield from _signature(place, signature)
    for finding in result["gate"]:
        yield f"  File: {_said(GATE_WORDS, finding['code'], finding['detail'])}"
    yield f"  → {_WITHOUT_PASSWORD if result['reason'] == Reason.PASSWORD else to_do(verdict, result['reason'])}"


def summary_of(results: Sequence[Mapping[str, Any]]) -> str:
    """How many files got which verdict, the worst first."""
    counted = Counter(Verdict(result["verdict"]) for result in results)
    parts = [f"{counted[verdict]} × {_styled(verdict)}" for verdict in Verdict if verdict in counted]
    lines = [f"{len(results)} files: {', '.join(parts)}"]
    if any(colour(verdict) is Colour.GREEN for verdict in counted):
        lines.append(GREEN_CAUTION)
    return "\n".join(lines)


def printable(text: str) -> str:
    """Names in a certificate are a stranger's words: no control characters reach the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _signature(place: int, signature: Mapping[str, Any]) -> Iterator[str]:
    signer = signature["signer"]
    who = printable(signer["name"]) if signer else "somebody unknown"
    if signer and signer["organisation"] and signer["organisation"] != signer["name"]:
        who += f", {printable(signer['organisation'])}"
    what = "Time stamp" if signature["kind"] == "timestamp" else "Signature"
    yield f"  {place}. {what} of {who}: {_styled(Verdict(signature['verdict']))}"
    if signer:
        yield f"     Serial number {signer['serial']}, certificate from {printable(signer['issuer']) or 'nobody'}"
    yield from (f"     {line}" for line in _times(signature))
    yield from (f"   {line}" for line in _why(signature))
    if signature["issuer_missing"]:
        yield f"     The certificate of “{printable(signature['issuer_missing'])}” is missing: give it with --trust."
    for line in change_lines(SignatureReport.from_json(signature).changes):
        yield f"     Afterwards: {printable(line)}"


def _times(signature: Mapping[str, Any]) -> Iterator[str]:
    if signature["proven_at"]:
        yield f"Existed at {signature['proven_at']}, as a time stamp proves"
    elif signature["claimed_at"]:
        yield f"Signed at {signature['claimed_at']}, as only the signer says"
    if signature["revoked_at"]:
        yield f"Certificate withdrawn at {signature['revoked_at']}"


def _why(record: Mapping[str, Any]) -> Iterator[str]:
    words = {**GATE_WORDS, **REASON_WORDS}
    if record["reason"] in words:
        yield f"  {words[record['reason']]}"


def _said(words: Mapping[str, str], code: str, detail: str) -> str:
    text = words.get(code, NO_WORDS)
    return f"{text} ({printable(detail)})" if detail else text


def _styled(verdict: Verdict) -> str:
    return click.style(VERDICT_FACES[verdict].words, fg=_STYLES[colour(verdict)])

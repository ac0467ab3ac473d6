"""One signature or time stamp in the reader's words: whose, what is said of it, how it is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from entitylocker.signatures.report import SignatureReport
from entitylocker.signatures.verdicts import Verdict
from entitylocker.vault.answer_words import Answer, change_lines, revocation_sentence
from entitylocker.vault.report_words import COVERAGE_WORDS, PERMISSION_WORDS, REASON_WORDS
from entitylocker.web.formats import when

# The name of a mechanism by a part of its identifier; the longer ones first.
_MECHANISMS = {"pss": "RSA-PSS", "ecdsa": "ECDSA", "rsa": "RSA", "dsa": "DSA", "ed25519": "Ed25519", "ed448": "Ed448"}


@dataclass(frozen=True)
class Signature:
    """A signature as a page shows it. `place`: its number in the file, from 1; `facts`: pairs of words and value.

    `chain`: certificates from the signer to the root; `signed_bytes`: how long the file was when this was signed, where
    that is less than the file, or all of it; `specialists`: facts in the words of standards.
    """

    place: int
    name: str
    organisation: str
    verdict: Verdict
    reason: str
    is_timestamp: bool
    trusted: bool
    answers: tuple[Answer, ...]
    facts: tuple[tuple[str, str], ...]
    chain: tuple[str, ...]
    issuer_missing: str
    changes: tuple[str, ...]
    signed_bytes: int | None
    specialists: tuple[tuple[str, str], ...]


def show_signature(one: SignatureReport, place: int) -> Signature:
    """What to say about the signature that stands at `place`."""
    signer = one.signer
    return Signature(
        place=place,
        name=signer.name if signer and signer.name else gettext("No name in the certificate"),
        organisation=signer.organisation if signer else "",
        verdict=one.verdict,
        reason=gettext(REASON_WORDS[one.reason]) if one.reason in REASON_WORDS else "",
        is_timestamp=one.kind == "timestamp",
        trusted=one.trusted is True,
        answers=_answers(one),
        facts=_kept(_who(one) + _times(one) + _how(one)),
        chain=tuple(reversed(one.chain)),
        issuer_missing=one.issuer_missing or "",
        changes=change_lines(one.changes),
        signed_bytes=one.signed_bytes,
        specialists=_kept(_specialists(one)),
    )


def _answers(one: SignatureReport) -> tuple[Answer, ...]:
    revoked = one.verdict is Verdict.REVOKED
    return (
        _answer(gettext("Intact"), one.intact, "bad"),
        _answer(gettext("Trusted"), one.trusted, "warn"),
        _answer(gettext("Still good"), one.still_good, "bad" if revoked else "warn"),
    )


def _answer(title: str, value: bool | None, bad: str) -> Answer:
    if value is None:
        return Answer("none", title, gettext("Not checked"))
    return Answer("ok", title, gettext("Yes")) if value else Answer(bad, title, gettext("No"))


def _who(one: SignatureReport) -> list[tuple[str, Any]]:
    signer = one.signer
    if signer is None:
        return []
    return [
        (gettext("Organisation"), signer.organisation),
        (gettext("Certificate from"), signer.issuer),
        (gettext("Serial number"), signer.serial),
    ]


def _times(one: SignatureReport) -> list[tuple[str, Any]]:
    if one.kind == "timestamp":
        return [(gettext("Time it proves"), _instant(one.proven_at or one.claimed_at))]
    claimed = _instant(one.claimed_at) or gettext("The signer states none")
    proven = _instant(one.proven_at) or gettext("None. Only the signer says when it was signed")
    return [
        (gettext("Time the signer states"), claimed),
        (gettext("Time a time stamp proves"), proven),
        (gettext("Certificate withdrawn"), _instant(one.revoked_at)),
    ]


def _how(one: SignatureReport) -> list[tuple[str, Any]]:
    asked = revocation_sentence(one.revocation) if one.revocation else gettext("Could not be asked")
    next_update = one.revocation.next_update if one.revocation else None
    return [
        (gettext("Withdrawal asked"), asked if one.intact else ""),
        (gettext("Next answer due"), _instant(next_update)),
        (gettext("Method"), _method(one.algorithm or "")),
        (gettext("Covers"), _worded(COVERAGE_WORDS, one.coverage)),
        (gettext("Signer permits"), _worded(PERMISSION_WORDS, one.permission)),
    ]


def _specialists(one: SignatureReport) -> list[tuple[str, Any]]:
    signer = one.signer
    return [
        (gettext("Indication (ETSI EN 319 102-1)"), one.indication),
        (gettext("Sub-indication"), one.sub_indication),
        (gettext("Level (PAdES)"), one.level),
        (gettext("Field"), one.field),
        (gettext("Certificate’s SHA-256"), signer.fingerprint if signer else ""),
        (gettext("Fault"), one.fault),
    ]


def _method(algorithm: str) -> str:
    """`sha256_rsa sha256` as people write it: RSA, SHA-256."""
    mechanism, _, digest = algorithm.partition(" ")
    known = next((name for part, name in _MECHANISMS.items() if part in mechanism), mechanism)
    return ", ".join(filter(None, (known, digest.upper().replace("SHA", "SHA-").replace("--", "-"))))


def _worded(words: dict[str, str], code: str | None) -> str:
    return gettext(words[code]) if code in words else ""


def _instant(at: Any) -> str:
    return when(at, seconds=True) if at is not None else ""


def _kept(pairs: list[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((words, str(value)) for words, value in pairs if value)

"""From facts to a word: pure decisions, no parsing. Rules stand in the order of verdicts, worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from entitylocker.signatures.report import Change, GateFinding, SignatureReport
from entitylocker.signatures.verdicts import Reason, Verdict, worst

LONG_TERM_DATA = "long_term_data"
SIGNATURE_ADDED = "signature_added"
FIELD_FILLED_IN = "field_filled_in"
ADDITION = "addition"
NOT_PERMITTED = "not_permitted"
NOT_COVERED = "not_covered"
NOT_LOOKED_AT = "not_looked_at"

# A path may lead nowhere for these reasons while everything else about the signature is known.
_ALTERING = {NOT_PERMITTED, NOT_COVERED}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one signature when it is judged."""

    intact: bool
    changes: tuple[Change, ...]
    filling_permitted: bool
    problem: str | None
    revoked: bool = False
    revoked_after_proof: bool = False
    weak: bool = False
    at_claimed_time: bool = False
    claim_fits: bool = True
    timestamp_broken: bool = False
    seeds_broken: bool = False


def judge(facts: Facts) -> tuple[Verdict, str | None]:
    """The verdict about one signature and the reason for it, where the word alone does not say it."""
    kinds = {change.kind for change in facts.changes}
    if not facts.intact:
        return Verdict.ALTERED, None
    if kinds & _ALTERING:
        return Verdict.CHANGED_AFTER_SIGNING, min(kinds & _ALTERING)
    if facts.revoked:
        return Verdict.REVOKED, None
    if NOT_LOOKED_AT in kinds:  # whoever changed the file may have seen to that
        return Verdict.NOT_CHECKABLE, Reason.LIMIT.value
    if facts.weak:
        return Verdict.OLD_CRYPTOGRAPHY, None
    doubt = _doubt(facts)
    if doubt is not None:
        return Verdict.SIGNER_NOT_CONFIRMED, doubt
    if FIELD_FILLED_IN in kinds and not facts.filling_permitted:
        return Verdict.FILLED_IN_AFTER_SIGNING, None
    if facts.at_claimed_time:
        return Verdict.VALID_AT_CLAIMED_TIME, "expired"
    return (Verdict.VALID_WITH_ADDITIONS if kinds - {LONG_TERM_DATA} else Verdict.VALID), None


def _doubt(facts: Facts) -> str | None:
    """Why the signer is not confirmed, if so."""
    if facts.problem is not None:
        return facts.problem
    if facts.revoked_after_proof:
        return "revoked_after_proven_time"
    if facts.timestamp_broken:
        return "timestamp_broken"
    if facts.seeds_broken:
        return "not_as_demanded"
    return None if facts.claim_fits else "claimed_time_impossible"


def name_strangers(signatures: Sequence[SignatureReport]) -> tuple[SignatureReport, ...]:
    """Say of an unknown signer that he signed after a known one. `signatures` in order of revisions."""
    judged: list[SignatureReport] = []
    for one in signatures:
        unknown = one.verdict is Verdict.SIGNER_NOT_CONFIRMED and one.reason in (
            "unknown_authority",
            "self_signed",
        )
        after_known = any(earlier.trusted and earlier.kind == "signature" for earlier in judged)
        judged.append(replace(one, reason="stranger_signed_later") if unknown and after_known else one)
    return tuple(judged)


def judge_file(signatures: Sequence[SignatureReport], gate: Sequence[GateFinding]) -> tuple[Verdict, str | None]:
    """The verdict about a file: the worst of its signatures and of what the gate found."""
    ruling = [(one.verdict, one.reason) for one in signatures]
    ruling += [(one.verdict, one.reason or one.code) for one in gate if one.verdict is not None]
    if signatures and all(one.kind == "timestamp" for one in signatures):
        ruling.append((Verdict.SIGNER_NOT_CONFIRMED, "only_timestamp"))
    verdict = worst(word for word, _ in ruling)
    return verdict, next((reason for word, reason in ruling if word is verdict and reason), None)

"""The words of ETSI EN 319 102-1 (clause 5.1.3, table 5) for what was judged, so that the two never differ.

The verdict rules. A row says which words fit it: green is TOTAL-PASSED and nothing else is; what cannot be
proven either way is INDETERMINATE; TOTAL-FAILED is said only of what is broken for good.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from entitylocker.signatures.judging import NOT_COVERED
from entitylocker.signatures.report import GateFinding, SignatureReport
from entitylocker.signatures.verdicts import Verdict, worst

PASSED, INDETERMINATE, FAILED = "TOTAL-PASSED", "INDETERMINATE", "TOTAL-FAILED"

_FAILURES = {"FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE", "REVOKED"}


@dataclass(frozen=True, slots=True)
class _Row:
    """`usual`: the sub-indication where nothing more exact is known; `exact`: the ones that may say more."""

    usual: str
    exact: frozenset[str] = frozenset()


def _row(usual: str, *exact: str) -> _Row:
    return _Row(usual, frozenset(exact))


# None: the verdict has no word of its own there, see `_UNCONFIRMED`.
_ROWS = {
    Verdict.ALTERED: _row("HASH_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE"),
    Verdict.CHANGED_AFTER_SIGNING: _row("SIG_CONSTRAINTS_FAILURE"),
    Verdict.REVOKED: _row("REVOKED_NO_POE", "REVOKED", "REVOKED_NO_POE", "REVOKED_CA_NO_POE"),
    Verdict.NOT_CHECKABLE: _row("GENERIC", "FORMAT_FAILURE", "NO_SIGNING_CERTIFICATE_FOUND"),
    Verdict.OLD_CRYPTOGRAPHY: _row("CRYPTO_CONSTRAINTS_FAILURE_NO_POE", "CRYPTO_CONSTRAINTS_FAILURE"),
    Verdict.FILLED_IN_AFTER_SIGNING: _row("SIG_CONSTRAINTS_FAILURE"),
    Verdict.VALID_AT_CLAIMED_TIME: _row("OUT_OF_BOUNDS_NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED"),
}
_UNCONFIRMED = {
    "unknown_authority": _row("NO_CERTIFICATE_CHAIN_FOUND"),
    "self_signed": _row("NO_CERTIFICATE_CHAIN_FOUND"),
    "stranger_signed_later": _row("NO_CERTIFICATE_CHAIN_FOUND"),
    "expired": _row("OUT_OF_BOUNDS_NO_POE"),
    "not_for_signing": _row("CHAIN_CONSTRAINTS_FAILURE"),
    "chain_broken": _row("CERTIFICATE_CHAIN_GENERAL_FAILURE"),
    "revocation_unknown": _row("TRY_LATER"),
    "revoked_after_proven_time": _row("CHAIN_CONSTRAINTS_FAILURE"),
    "timestamp_broken": _row("SIG_CONSTRAINTS_FAILURE"),
    "claimed_time_impossible": _row("SIG_CONSTRAINTS_FAILURE"),
    "not_as_demanded": _row("SIG_CONSTRAINTS_FAILURE"),
}
_FILE_ROWS = {Verdict.CHANGED_AFTER_SIGNING: "SIG_CONSTRAINTS_FAILURE", Verdict.NOT_CHECKABLE: "GENERIC"}
_GREEN = {Verdict.VALID, Verdict.VALID_WITH_ADDITIONS}


def words_for(verdict: Verdict, reason: str | None, particular: str | None) -> tuple[str, str | None]:
    """Indication and sub-indication for `verdict` and `reason`.

    `particular`: the most exact sub-indication known, taken if it does not contradict the verdict.
    """
    if verdict in _GREEN:
        return PASSED, None
    if verdict is Verdict.CHANGED_AFTER_SIGNING and reason == NOT_COVERED:
        return FAILED, "FORMAT_FAILURE"  # not what ISO 32000 calls a signature of a document
    row = _ROWS.get(verdict) or _UNCONFIRMED.get(reason or "", _row("GENERIC"))
    sub_indication = particular if particular in row.exact else row.usual
    return (FAILED if sub_indication in _FAILURES else INDETERMINATE), sub_indication


def with_words(report: SignatureReport, findings: Iterable[GateFinding] = ()) -> SignatureReport:
    """`report` with both words; until now its `sub_indication` was the most exact one known.

    `findings` about the file as such: one that rules leaves no signature of it TOTAL-PASSED, though the signature
    for itself is good. Who reads only the words of the standard must not be misled.
    """
    indication, sub_indication = words_for(report.verdict, report.reason, report.sub_indication)
    ruling = worst(one.verdict for one in findings if one.verdict is not None)
    if indication == PASSED and ruling in _FILE_ROWS:
        indication, sub_indication = INDETERMINATE, _FILE_ROWS[ruling]
    return replace(report, indication=indication, sub_indication=sub_indication)

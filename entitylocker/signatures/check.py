"""The whole check of one file, in this process: the gate, the signatures, one report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata

import pikepdf

from entitylocker.signatures.check_policy import POLICIES, POLICY_VERSION
from entitylocker.signatures.cryptography_check import Found, check_signatures
from entitylocker.signatures.examine import examine
from entitylocker.signatures.examined import Examined
from entitylocker.signatures.gate import Gate
from entitylocker.signatures.judging import judge_file
from entitylocker.signatures.report import Change, Report, SignatureReport
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Reason, Verdict

_ENGINE = {
    "policy": POLICY_VERSION,
    "pyhanko": metadata.version("pyhanko"),
    "certvalidator": metadata.version("pyhanko-certvalidator"),
    "pikepdf": metadata.version("pikepdf"),
    "qpdf": pikepdf.__libqpdf_version__,
}


def check_bytes(
    data: bytes,
    *,
    trust: TrustStore,
    at: datetime | None = None,
    password: str | None = None,
    revocation: str = "if-known",
) -> Report:
    """Check the PDF in `data` as of `at` (aware; now if None) against `trust` and nothing else.

    `revocation`: "if-known" believes a certificate nobody is known to have revoked, "require" does not.
    Answers a report for any bytes at all. Raises ValueError for another policy or a naive `at`, and
    MemoryError. Parse hostile bytes only inside the checker's child: see `checker`.
    """
    if revocation not in POLICIES or (at is not None and at.utcoffset() is None):
        raise ValueError("revocation must be one of the policies, and `at` aware")
    return conclude(examine(data, password), trust=trust, at=at, revocation=revocation)


def conclude(examined: Examined, *, trust: TrustStore, at: datetime | None = None, revocation: str) -> Report:
    """The report about a file that was examined, now or before: only trust, revocation and time are looked at here."""
    report = not_checked(Reason.ERROR, policy=revocation, size=examined.size, sha256=examined.sha256)
    report = replace(report, valid_on=at.astimezone(UTC) if at is not None else None)
    found = check_signatures(
        examined,
        trust=trust,
        at=report.valid_on or report.checked_at,
        require_revocation=revocation == "require",
    )
    return _conclude(report, examined.gate, found)


def not_checked(
    reason: Reason, *, policy: str = "if-known", size: int | None = None, sha256: str | None = None
) -> Report:
    """The report about a file whose check was not finished: nothing is known, and nothing is claimed."""
    return Report(
        verdict=Verdict.NOT_CHECKABLE,
        reason=reason.value,
        checked_at=datetime.now(UTC),
        size=size,
        sha256=sha256,
        policy=policy,
        engine=_ENGINE,
    )


def _conclude(report: Report, gate: Gate, found: Found) -> Report:
    findings = tuple(dict.fromkeys(gate.findings + found.findings))
    verdict, reason = judge_file(found.signatures, findings)
    signatures = [one for one in found.signatures if one.kind == "signature"]
    return replace(
        report,
        verdict=verdict,
        reason=reason,
        signed=_signed(gate, signatures),
        intact=_all(one.intact for one in found.signatures),
        by_whom=tuple(dict.fromkeys(one.signer.name for one in signatures if one.signer)),
        trusted=_all(one.trusted for one in signatures),
        still_good=_all(one.still_good for one in signatures),
        changes=_changes(found.signatures),
        signatures=found.signatures,
        gate=findings,
        active_content=gate.active_content,
        active_later=gate.active_later,
        hidden_layers=gate.hidden_layers,
        pages=gate.pages,
        encrypted=gate.encrypted,
    )


def _signed(gate: Gate, signatures: list[SignatureReport]) -> bool | None:
    """Whether there is a signature; None when the file could not be read far enough to know."""
    if signatures or gate.has_signatures:
        return True
    unsure = gate.stop or any(one.verdict is not None for one in gate.findings)
    return None if unsure else False


def _all(answers: Iterable[bool | None]) -> bool | None:
    """False if any is false, None if any is not known or there are none, else True."""
    given = list(answers)
    if False in given:
        return False
    return True if given and None not in given else None


def _changes(signatures: Iterable[SignatureReport]) -> tuple[Change, ...]:
    return tuple(dict.fromkeys(change for one in signatures for change in one.changes))

"""What signatures of one file say about each other: levels that later time stamps raise, and the order of times.

The levels are the baseline levels of PAdES (ETSI EN 319 142-1, 6.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pyhanko.sign.validation.generic_cms import get_signing_cert_attr

from entitylocker.signatures.examined import Signed
from entitylocker.signatures.report import SignatureReport

_PADES = "/ETSI.CAdES.detached"
_RAISED = {"B-B": "B-T", "B-LT": "B-LTA"}


def base_level(signature: Signed, *, stamped: bool, stored: bool) -> str:
    """The level as far as one signature shows it.

    `stamped`: it carries an intact time stamp. `stored`: the document's store has revocation data for its path.
    PAdES alone means that the attribute is missing that ties the signature to its certificate (RFC 5035).
    """
    if signature.sub_filter != _PADES:
        return "PKCS#7"
    if get_signing_cert_attr(signature.signer_info["signed_attrs"]) is None:
        return "PAdES"
    if not stamped:
        return "B-B"
    return "B-LT" if stored else "B-T"


def with_later_stamps(reports: Sequence[SignatureReport]) -> list[SignatureReport]:
    """An intact document time stamp raises what it covers: B-B to B-T, B-LT to B-LTA. In order of revisions."""
    raised = []
    for index, report in enumerate(reports):
        sealed = any(later.kind == "timestamp" and later.intact for later in reports[index + 1 :])
        level = _RAISED.get(report.level or "", report.level) if sealed else report.level
        raised.append(replace(report, level=level))
    return raised


def with_revocation_proven(reports: Sequence[SignatureReport]) -> list[SignatureReport]:
    """A signature over a file with a trusted time stamp is younger than the stamp. In order of revisions.

    Where its certificate had been revoked by then, it is proven that it came too late: REVOKED instead of
    REVOKED_NO_POE (ETSI EN 319 102-1, 5.1.3).
    """
    told = []
    youngest: datetime | None = None
    for report in reports:
        late = youngest is not None and report.revoked_at is not None and report.revoked_at < youngest
        if late and report.sub_indication == "REVOKED_NO_POE":
            report = replace(report, sub_indication="REVOKED")
        told.append(report)
        if report.kind == "timestamp" and report.proven_at is not None:
            youngest = max(youngest or report.proven_at, report.proven_at)
    return told

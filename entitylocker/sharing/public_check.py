"""Checking a file for anybody. It is held in the memory of this process until the answer is there, and nowhere else.

No file, no row, no event, no line in a log: the report goes back with the answer and is forgotten.
"""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime
from typing import Protocol

from entitylocker.errors import NotFound
from entitylocker.sharing.errors import CheckerSilent
from entitylocker.sharing.turns import turn
from entitylocker.signatures.client import CheckerUnavailable
from entitylocker.signatures.report import Report
from entitylocker.signatures.trust import TrustStore
from entitylocker.tenancy import open_use_case
from entitylocker.trust.service import installation_trust, known_answers
from entitylocker.vault.errors import EmptyFile
from entitylocker.web.engine_room import engines
from entitylocker.web.uploads import UploadTooSlow

# Least pace and this together end what somebody sends only to hold a place.
SECONDS_TO_SEND = 300.0
_PIECE = 64 * 1024


class Readable(Protocol):
    """Whatever gives bytes until it gives none."""

    def read(self, size: int, /) -> bytes: ...


def require_public_check() -> None:
    """Raises NotFound where the operator has switched the public check off."""
    if not engines().settings.public_check:
        raise NotFound


@open_use_case("anybody may have a file checked; nothing of it is kept")
def check_stream(stream: Readable, password: str | None = None) -> Report:
    """What the checker says of the bytes of `stream`, by what the installation trusts and knows of revocation.

    What it does not know is not asked for: an issuer would learn what strangers check. Raises EmptyFile,
    UploadTooSlow, ChecksBusy, CheckerSilent, and what `stream` raises.
    """
    held = _hold(stream)
    if not held.getbuffer().nbytes:
        raise EmptyFile(field="file")
    trust = installation_trust()
    with held, turn():
        report = _ask(held, trust, password)
        known = known_answers(report)
        return _ask(held, trust.merged(known), password) if known.crls or known.ocsps else report


def _ask(held: io.BytesIO, trust: TrustStore, password: str | None) -> Report:
    held.seek(0)
    try:
        return engines().checker.check(
            held,
            held.getbuffer().nbytes,
            trust=trust,
            at=datetime.now(UTC),
            password=password or None,
            revocation="if-known",
        )
    except CheckerUnavailable as fault:
        raise CheckerSilent from fault


def _hold(stream: Readable) -> io.BytesIO:
    held, deadline = io.BytesIO(), time.monotonic() + SECONDS_TO_SEND
    while piece := stream.read(_PIECE):
        held.write(piece)
        if time.monotonic() > deadline:
            raise UploadTooSlow
    held.seek(0)
    return held

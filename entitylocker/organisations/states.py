"""The states an identifier can be in."""

from __future__ import annotations

from enum import StrEnum

from entitylocker.errors import N_


class IdentifierState(StrEnum):
    """What is known of an identifier. Only the operator leads it out of `stated`."""

    STATED = "stated"
    VERIFIED = "verified"
    REFUSED = "refused"
    EXPIRED = "expired"


STATE_LABELS: dict[IdentifierState, str] = {
    IdentifierState.STATED: N_("Waiting for verification"),
    IdentifierState.VERIFIED: N_("Verified"),
    IdentifierState.REFUSED: N_("Not accepted"),
    IdentifierState.EXPIRED: N_("Expired"),
}

# The kind of `state_badge`.
STATE_FACES: dict[IdentifierState, str] = {
    IdentifierState.STATED: "warn",
    IdentifierState.VERIFIED: "ok",
    IdentifierState.REFUSED: "bad",
    IdentifierState.EXPIRED: "mute",
}

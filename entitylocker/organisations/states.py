"""The states an identifier and an invitation can be in."""

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


class InvitationWay(StrEnum):
    """How an invitation reaches the guest: by mail, on a printed slip, by text message."""

    MAIL = "mail"
    SLIP = "slip"
    SMS = "sms"


class InvitationState(StrEnum):
    """What became of an invitation."""

    OPEN = "open"
    REDEEMED = "redeemed"
    REVOKED = "revoked"
    EXPIRED = "expired"


WAY_LABELS: dict[InvitationWay, str] = {
    InvitationWay.MAIL: N_("By mail"),
    InvitationWay.SLIP: N_("On a printed slip"),
    InvitationWay.SMS: N_("By text message"),
}
INVITATION_LABELS: dict[InvitationState, str] = {
    InvitationState.OPEN: N_("Not accepted yet"),
    InvitationState.REDEEMED: N_("Accepted"),
    InvitationState.REVOKED: N_("Taken back"),
    InvitationState.EXPIRED: N_("Expired"),
}
INVITATION_FACES: dict[InvitationState, str] = {
    InvitationState.OPEN: "info",
    InvitationState.REDEEMED: "ok",
    InvitationState.REVOKED: "mute",
    InvitationState.EXPIRED: "warn",
}


class NameChangeState(StrEnum):
    """What became of a change of name."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

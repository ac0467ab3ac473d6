"""The portal's own plain words for what the locker says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from entitylocker.sandbox.questions import INDIA

VERDICTS = {
    "altered": "The contents are not what was signed",
    "changed_after_signing": "Changed after signing",
    "revoked": "The signer's certificate was withdrawn",
    "not_checkable": "Could not be checked",
    "old_cryptography": "Signed by an outdated method",
    "signer_not_confirmed": "Unchanged, but the signer is not confirmed",
    "filled_in_after_signing": "Signed, form fields filled in afterwards",
    "valid_at_claimed_time": "Signed and unchanged, valid when it says it was signed",
    "valid_with_additions": "Signed and valid, with permitted additions",
    "valid": "Signed and valid",
    "not_signed": "Not signed",
    "checking": "Still being checked",
}

_ENDED = "Access was refused: the organisation has withdrawn its consent, or the consent has ended."
_REFUSALS = {
    "consent_withdrawn": "Access was refused: the organisation has withdrawn its consent.",
    "consent_expired": "Access was refused: the consent has ended.",
    "invalid_grant": _ENDED,
    "invalid_token": _ENDED,
    "portal_suspended": "Access was refused: this portal may not ask for documents at present.",
    "organisation_not_verified": "Access was refused: the organisation is not verified at present.",
    "fetch_limit_reached": "Access was refused: the consent allows no more fetching.",
    "below_least_verdict": "Access was refused: the document is not as good as this portal asked for.",
    "document_not_offered": "Access was refused: EntityLocker does not hand this document out now.",
    "binned": "The organisation has put this document into its bin.",
}


def verdict_words(verdict: str) -> str:
    """A verdict in words; an unknown one as it is."""
    return VERDICTS.get(verdict, verdict)


def refusal_words(fault: dict[str, Any]) -> str:
    """What a fault means for the reader: by its code, else by its status, else in the locker's own words."""
    code = fault["code"]
    if code in _REFUSALS:
        return _REFUSALS[code]
    if code in VERDICTS:
        return f"EntityLocker does not hand this document out now: {VERDICTS[code].lower()}."
    if fault["status"] == 401:
        return _ENDED
    return f"Access was refused: {fault['words']}" if fault["status"] == 403 else str(fault["words"])


def moment(value: datetime | str | None) -> str:
    """An instant as people in India read it; "not said" for None, the text itself where it is no instant."""
    if value is None:
        return "not said"
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    return f"{instant.astimezone(INDIA):%d %b %Y, %H:%M} IST" if instant.tzinfo else str(value)

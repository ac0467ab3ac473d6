"""What travels between a portal and the locker, as plain records. Secrets never show in a `repr`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

DETAILS_TYPE = "organisation_documents"


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """What the portal asks for. `until` is the last day; what is None is not said."""

    document_types: tuple[str, ...]
    purpose_text: str
    until: date
    purpose_code: str = "tender"
    times: int | None = None
    retention_days: int | None = None
    least_verdict: str | None = None

    def authorization_details(self) -> list[dict[str, Any]]:
        """The request as RFC 9396 authorization details."""
        details: dict[str, Any] = {
            "type": DETAILS_TYPE,
            "document_types": list(self.document_types),
            "purpose": {"code": self.purpose_code, "text": self.purpose_text},
            "until": self.until.isoformat(),
        }
        if self.times is not None:
            details["fetch"] = {"times": self.times}
        if self.retention_days is not None:
            details["retention"] = {"days": self.retention_days}
        if self.least_verdict is not None:
            details["least_verdict"] = self.least_verdict
        return [details]


@dataclass(frozen=True, slots=True)
class PushedRequest:
    """A request the locker holds for us, and the two secrets that belong to it."""

    request_uri: str
    expires_at: datetime
    state: str = field(repr=False)
    code_verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a consent gave the portal: the tokens and, narrowed to what was ticked, the details."""

    consent_id: str
    expires_at: datetime
    authorization_details: list[dict[str, Any]]
    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)

    def is_stale(self) -> bool:
        """Whether the access token is at its end, by our clock."""
        return datetime.now(UTC) >= self.expires_at


@dataclass(frozen=True, slots=True)
class SharedDocument:
    """One document of a consent, as the locker describes it.

    `checked_at`: when the verdict was reached (ISO 8601). `offered` False: its bytes are not
    handed out now, `why_not` is the locker's code for the reason.
    """

    id: str
    title: str
    type: str
    verdict: str
    checked_at: str | None = None
    offered: bool = True
    why_not: str | None = None
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a document; their digest was checked. The verdict is the one at that moment."""

    data: bytes = field(repr=False)
    media_type: str
    sha256: str
    verdict: str | None = None
    checked_at: str | None = None

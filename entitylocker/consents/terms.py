"""What a portal asks for, and what becomes of it: frozen, for pages and answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from entitylocker.consents.rules import ConsentState, WhyNot
from entitylocker.signatures.verdicts import Verdict


@dataclass(frozen=True)
class Terms:
    """A document request as the portal made it. `until` is its own words for `ends_at`, an exclusive instant.

    `fetch_times`: how often each document may be fetched. `retention_days`: how long the portal keeps what it fetched.
    """

    portal_id: UUID
    portal_organisation_id: UUID
    portal_name: str
    portal_homepage: str
    keeper_name: str
    client_id: str
    document_types: tuple[str, ...]
    purpose_code: str
    purpose_text: str
    until: str
    ends_at: datetime
    fetch_times: int
    retention_days: int
    least_verdict: Verdict | None

    @property
    def last_moment(self) -> datetime:
        """The last instant at which it holds, for showing: a day's end is not the next day."""
        return self.ends_at - timedelta(seconds=1)


@dataclass(frozen=True)
class Choice:
    """A document that may be ticked, or the reason why not."""

    document_id: UUID
    title: str
    number: str
    issued_on: date | None
    expires_on: date | None
    verdict: Verdict
    folder_path: str
    why_not: WhyNot | None


@dataclass(frozen=True)
class AskedType:
    """A type of document that was asked for, and the organisation's documents of that type."""

    code: str
    label_en: str
    label_hi: str
    choices: tuple[Choice, ...]

    def label(self, language: str) -> str:
        """The name of the type in `language` (en or hi)."""
        return self.label_hi if language == "hi" and self.label_hi else self.label_en


@dataclass(frozen=True)
class GivenDocument:
    """A document within a consent. `title` as it was when it was given."""

    document_id: UUID
    document_type: str
    title: str
    verdict: Verdict
    fetches: int
    last_fetched_at: datetime | None


@dataclass(frozen=True)
class ConsentView:
    """A consent with its documents. `state` is as of the moment it was read."""

    id: UUID
    state: ConsentState
    organisation_name: str
    portal_name: str
    portal_homepage: str
    keeper_name: str
    purpose_code: str
    purpose_text: str
    until: str
    given_at: datetime
    given_by_name: str
    given_by_role: str
    ends_at: datetime
    revoked_at: datetime | None
    revoked_by_name: str
    fetch_times: int
    retention_days: int
    least_verdict: Verdict | None
    documents: tuple[GivenDocument, ...]

    @property
    def last_moment(self) -> datetime:
        """The last instant at which it holds, for showing: a day's end is not the next day."""
        return self.ends_at - timedelta(seconds=1)

    @property
    def fetches(self) -> int:
        """How often anything was fetched under it."""
        return sum(document.fetches for document in self.documents)

    @property
    def last_fetched_at(self) -> datetime | None:
        """When something was fetched last."""
        times = [d.last_fetched_at for d in self.documents if d.last_fetched_at is not None]
        return max(times, default=None)

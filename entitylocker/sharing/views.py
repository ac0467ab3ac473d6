"""What the room hands out: frozen, with everything a page needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from entitylocker.signatures.verdicts import Verdict


@dataclass(frozen=True)
class Choices:
    """What a check page shows beside the verdict."""

    show_title: bool = False
    show_organisation: bool = False
    show_signers: bool = False


@dataclass(frozen=True)
class ViewCounts:
    """How often a page was looked at: on this day, on this and the 29 days before, ever."""

    today: int
    month: int
    ever: int


@dataclass(frozen=True)
class LivePage:
    """A check page that is switched on, as its organisation sees it. `code` in groups of four."""

    choices: Choices
    code: str
    code_made_at: datetime
    issued_at: datetime
    issued_by_name: str
    counts: ViewCounts


@dataclass(frozen=True)
class CheckPageView:
    """A document and its check page; None: switched off. `verdict`: the word that the page shows or would show."""

    document_id: UUID
    title: str
    verdict: Verdict
    page: LivePage | None


@dataclass(frozen=True)
class PublicView:
    """What anybody with the code sees. None: the organisation did not choose to show it."""

    code: str
    verdict: Verdict
    reason: str | None
    checked_at: datetime | None
    version_number: int
    version_at: datetime
    size: int
    sha256: str
    title: str | None
    organisation_name: str | None
    signers: tuple[str, ...] | None

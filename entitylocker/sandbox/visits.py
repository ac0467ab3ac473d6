"""What the portal remembers of each browser, in memory: questions under way, the grant, what was received."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from entitylocker.sandbox.records import Content, DocumentRequest, Grant, PushedRequest, SharedDocument

MOST_VISITS = 1000
MOST_QUESTIONS = 10
IDLE_SECONDS = 12 * 3600


@dataclass
class Receipt:
    """What became of one document at the last try. `refusal` None: its bytes came, with the right digest."""

    document: SharedDocument
    tried_at: datetime
    fetched_bytes: int | None = None
    fetched_sha256: str | None = None
    media_type: str | None = None
    refusal: dict[str, Any] | None = None

    @classmethod
    def of(cls, document: SharedDocument, content: Content) -> Receipt:
        """A receipt for bytes that came. The bytes themselves are not kept: nobody agreed to that."""
        return cls(document, datetime.now(UTC), len(content.data), content.sha256, content.media_type)

    def facts(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            **asdict(self.document),
            "tried_at": self.tried_at.isoformat(),
            "fetched": self.refusal is None,
            "fetched_bytes": self.fetched_bytes,
            "media_type": self.media_type,
            "fetched_sha256": self.fetched_sha256,
            "refusal": self.refusal,
        }


@dataclass
class Visit:
    """One browser. `stage`: start, asked, shown, declined or failed."""

    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    stage: str = "start"
    questions: OrderedDict[str, tuple[DocumentRequest, PushedRequest]] = field(default_factory=OrderedDict)
    asked: DocumentRequest | None = None
    grant: Grant | None = None
    consent: dict[str, Any] | None = None
    receipts: list[Receipt] = field(default_factory=list)
    tries: int = 0
    given_back: bool = False
    fault: dict[str, Any] | None = None
    used_at: float = field(default_factory=time.monotonic)

    def ask(self, request: DocumentRequest, pushed: PushedRequest) -> None:
        """A new question is under way. What an earlier one brought is shown until this one is answered."""
        self.questions[pushed.state] = (request, pushed)
        while len(self.questions) > MOST_QUESTIONS:
            self.questions.popitem(last=False)
        if self.grant is None:
            self.stage, self.asked, self.fault = "asked", request, None

    def answered(self, request: DocumentRequest, stage: str) -> None:
        """The question `request` was answered; nothing of an earlier answer is left."""
        self.stage, self.asked, self.fault = stage, request, None
        self.grant, self.consent, self.receipts = None, None, []
        self.tries, self.given_back = 0, False

    def facts(self) -> dict[str, Any]:
        """Everything the pages show, JSON-ready, without tokens."""
        return {
            "stage": self.stage,
            "asked": self.asked.authorization_details()[0] if self.asked else None,
            "consent_id": self.grant.consent_id if self.grant else None,
            "granted": self.grant.authorization_details if self.grant else None,
            "consent": self.consent,
            "documents": [receipt.facts() for receipt in self.receipts],
            "tries": self.tries,
            "given_back": self.given_back,
            "fault": self.fault,
        }


class Visits:
    """The visits of one process, found by the random name in a cookie; the oldest go first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._visits: OrderedDict[str, Visit] = OrderedDict()

    def find(self, name: str | None) -> Visit | None:
        """The visit of that name if it was used in the last twelve hours."""
        with self._lock:
            visit = self._visits.get(name or "")
            if visit is None or time.monotonic() - visit.used_at > IDLE_SECONDS:
                return None
            visit.used_at = time.monotonic()
            self._visits.move_to_end(name or "")
            return visit

    def begin(self) -> tuple[str, Visit]:
        """A new visit and its name."""
        name, visit = secrets.token_urlsafe(32), Visit()
        with self._lock:
            self._visits[name] = visit
            while len(self._visits) > MOST_VISITS:
                self._visits.popitem(last=False)
        return name, visit

"""What can go wrong for a portal, told apart by what its user should hear."""

from __future__ import annotations

from typing import Any


class PortalFault(Exception):
    """A step of the portal did not succeed. `code` is stable; `words` are for the people who use it."""

    code = "fault"

    def __init__(self, words: str, *, code: str | None = None, status: int | None = None, detail: str = "") -> None:
        super().__init__(words)
        self.words = words
        self.code = code or self.code
        self.status = status
        self.detail = detail

    def facts(self) -> dict[str, Any]:
        """JSON-ready, without any secret."""
        return {"code": self.code, "status": self.status, "words": self.words, "detail": self.detail}


class Unreachable(PortalFault):
    """The locker does not answer, or not in the language of the protocol."""

    code = "unreachable"


class Refused(PortalFault):
    """The locker answered no: `status` and `code` are its own, `words` its sentence."""

    code = "refused"


class Declined(PortalFault):
    """The organisation said no on the consent page (`access_denied`)."""

    code = "access_denied"


class Untrustworthy(PortalFault):
    """An answer that may not come from the locker, or not unchanged: it is thrown away."""

    code = "untrustworthy"

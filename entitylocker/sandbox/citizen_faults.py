"""What the citizen locker can be told to do wrong, so that those who talk to it can be tried."""

from __future__ import annotations

import threading
from dataclasses import dataclass

FAULTS = {
    "slow": "Answers late",
    "error": "Answers 500, unexpected_error",
    "error_530": "Answers 530, as version 2.4 writes for trouble with its repositories",
    "expired_consent": "Every token has ended",
    "other_person": "The token that it hands out belongs to somebody else than it says",
    "wrong_hmac": "The hmac beside a file is that of other bytes",
    "no_hmac": "No hmac beside a file",
    "no_refresh_token": "No refresh token beside the access token",
    "wrong_state": "Comes back with another state",
    "huge_body": "Sends far more than was asked for",
    "cut_short": "Sends half of what it announced",
    "not_json": "Answers with a page where data is expected",
    "redirect": "Leads to another host",
}
CALLS = ("any", "authorize", "token", "revoke", "user", "list", "file", "upload", "pull")
HUGE_BYTES = 512 * 1024 * 1024
LONGEST_SECONDS = 120.0


@dataclass
class Switch:
    """A fault that is on. `call`: for which calls. `times`: for how many more; None until it is switched off."""

    call: str = "any"
    times: int | None = None
    seconds: float = 5.0


class Faults:
    """The switches of one locker; all are off at first. Every call may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on: dict[str, Switch] = {}

    def switch_on(self, name: str, call: str = "any", *, times: int | None = None, seconds: float = 5.0) -> None:
        """From now on, or for the next `times` calls. Raises KeyError for a fault or call that does not exist."""
        if name not in FAULTS or call not in CALLS:
            raise KeyError(name if name not in FAULTS else call)
        with self._lock:
            self._on[name] = Switch(call, times, min(max(seconds, 0.0), LONGEST_SECONDS))

    def switch_off(self, name: str | None = None) -> None:
        """One of them, or all."""
        with self._lock:
            if name is None:
                self._on.clear()
            else:
                self._on.pop(name, None)

    def take(self, name: str, call: str) -> Switch | None:
        """The switch, if the fault is on for this call, which then counts as one of its times."""
        with self._lock:
            switch = self._on.get(name)
            if switch is None or switch.call not in ("any", call):
                return None
            if switch.times is not None:
                switch.times -= 1
                if switch.times <= 0:
                    del self._on[name]
            return switch

    def list_on(self) -> dict[str, Switch]:
        with self._lock:
            return dict(self._on)

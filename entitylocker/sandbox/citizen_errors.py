"""What the citizen locker answers when it refuses, in the words of the published API."""

from __future__ import annotations

from collections.abc import Mapping


class WireError(Exception):
    """A refusal: HTTP status, `error` and `error_description`."""

    def __init__(self, status: int, error: str, description: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.description = description
        self.headers = dict(headers or {})

    def body(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


def invalid_token(description: str = "The access token is invalid") -> WireError:
    """401: no token, an unknown one, one that has ended or was taken back."""
    return WireError(401, "invalid_token", description, {"WWW-Authenticate": 'Bearer error="invalid_token"'})


def insufficient_scope() -> WireError:
    """403: the person did not agree to this."""
    return WireError(403, "insufficient_scope", "The request requires higher privileges than provided by the token")


def unexpected_error(status: int = 500) -> WireError:
    return WireError(status, "unexpected_error", "Internal server error")

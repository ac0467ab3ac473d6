"""The guarded way out as a transport of requests: authlib's sessions reach nobody by another way."""

from __future__ import annotations

from typing import Any, cast

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from entitylocker.outgoing import Answer, Limits, Outgoing

# What a locker says no with; 530 is DigiLocker's own.
READ = frozenset({200, 400, 401, 403, 404, 429, 500, 503, 530})
_KEPT = ("hmac",)


class GuardedTransport(BaseAdapter):
    """Sends each request with `engines().outgoing`. Redirects are never followed, cookies never kept."""

    def __init__(self, outgoing: Outgoing, limits: Limits) -> None:
        super().__init__()
        self._outgoing, self._limits = outgoing, limits

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        """The answer to `request`. Raises an OutgoingError."""
        body = request.body.encode() if isinstance(request.body, str) else cast(bytes | None, request.body)
        headers = {name: _plain(value) for name, value in request.headers.items() if name.lower() != "content-length"}
        assert request.url is not None and request.method is not None
        answer = self._outgoing.call(
            request.method, request.url, body or None, self._limits, headers=headers, statuses=READ, keep=_KEPT
        )
        return _as_response(answer, request)

    def close(self) -> None:
        """Nothing is held open."""


def _plain(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _as_response(answer: Answer, request: requests.PreparedRequest) -> requests.Response:
    response = requests.Response()
    response.status_code, response.url, response.request = answer.status, answer.url, request
    response.headers = CaseInsensitiveDict({"Content-Type": answer.content_type, **answer.headers})
    response.encoding = "utf-8"
    response._content, response._content_consumed = answer.body, True
    return response

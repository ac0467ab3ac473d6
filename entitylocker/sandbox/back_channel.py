"""The portal's own HTTP requests to the locker: limited, never redirected, answers read or made faults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from entitylocker.sandbox.faults import PortalFault, Refused, Unreachable

TIMEOUT = (5, 60)
LARGEST_ANSWER = 256 * 1024 * 1024
_PIECE = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; Unreachable when it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Unreachable("EntityLocker sent something that cannot be read.", status=self.status)
        return value


def send(
    method: str,
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    token: str | None = None,
    verify: bool | str = True,
) -> Answer:
    """Send one request and read the answer. Raises Unreachable without one, Refused unless it is a 2xx."""
    headers = {"Accept-Encoding": "identity"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    try:
        # A session for each request: no cookie of one visitor may travel with the request of another.
        with requests.Session() as session:
            # A .netrc file would replace the Authorization header.
            session.trust_env = False
            response = session.request(
                method,
                url,
                data=form,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
                verify=verify,
            )
            answer = Answer(response.status_code, response.headers, _read(response))
    except requests.RequestException as error:
        raise Unreachable("EntityLocker does not answer at the moment. Please try again in a minute.") from error
    if not 200 <= answer.status < 300:
        raise _refusal(answer)
    return answer


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    for piece in response.iter_content(_PIECE):
        body += piece
        if len(body) > LARGEST_ANSWER:
            raise Unreachable("EntityLocker sent more than this portal takes.", status=response.status_code)
    return bytes(body)


def _refusal(answer: Answer) -> PortalFault:
    """RFC 9457 problems of the API and RFC 6749 errors of the authorization server become the same record."""
    try:
        said = answer.json_object()
    except Unreachable:
        said = {}
    return Refused(
        str(said.get("title") or said.get("error_description") or "EntityLocker refused this."),
        code=str(said.get("reason") or said.get("code") or said.get("error") or "refused"),
        status=answer.status,
        detail=str(said.get("detail") or ""),
    )

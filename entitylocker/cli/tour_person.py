"""A person at a browser without JavaScript: signs in, sends forms, follows no redirect unseen."""

from __future__ import annotations

import re
from typing import Any

import requests

SECONDS = 60
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class UnexpectedAnswer(Exception):
    """The locker answered otherwise than it should."""


class Person:
    """Somebody signed in over HTTP."""

    def __init__(self, base: str, email: str, password: str) -> None:
        self._base = base.rstrip("/")
        self._http = requests.Session()
        self._send("POST", "/sign-in", {303}, data={**self._token("/sign-in"), "email": email, "password": password})

    def get(self, path: str, *, expect: int = 200) -> requests.Response:
        """A page or an answer of the API."""
        return self._send("GET", path, {expect})

    def post(self, path: str, page: str, fields: dict[str, Any], *, expect: int = 303) -> requests.Response:
        """Send the form that stands on `page`."""
        return self._send("POST", path, {expect}, data={**self._token(page), **fields})

    def upload(self, path: str, page: str, fields: dict[str, str], name: str, content: bytes) -> dict[str, Any]:
        """Send a file to the API; the file comes last."""
        token = self._token(page)["csrf_token"]
        answer = self._send(
            "POST", path, {201}, data=fields, files={"file": (name, content, "application/pdf")},
            headers={"X-CSRFToken": token},
        )  # fmt: skip
        deposited: dict[str, Any] = answer.json()
        return deposited

    def _token(self, page: str) -> dict[str, str]:
        found = _TOKEN.search(self._send("GET", page, {200, 422}).text)
        if found is None:
            raise UnexpectedAnswer(f"there is no form on {page}")
        return {"csrf_token": found.group(1)}

    def _send(self, method: str, path: str, expected: set[int], **rest: Any) -> requests.Response:
        address = path if path.startswith("http") else self._base + path
        answer = self._http.request(method, address, timeout=SECONDS, allow_redirects=False, **rest)
        if answer.status_code not in expected:
            raise UnexpectedAnswer(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer

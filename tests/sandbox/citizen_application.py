"""An application that talks to the sample citizen locker, over HTTP, as one of strangers would."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from tests.sandbox.citizen import REDIRECT_URI, RunningLocker

SCOPES = "userdetails files.issueddocs files.uploadeddocs"


class Application:
    """An application of a test, with its PKCE verifier."""

    def __init__(self, locker: RunningLocker) -> None:
        self.locker = locker
        self.verifier = secrets.token_urlsafe(48)
        self.tokens: dict[str, Any] = {}

    def url(self, **changes: str | None) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.locker.client_id,
            "redirect_uri": REDIRECT_URI,
            "state": "state-1",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **changes,
        }
        told = {name: value for name, value in asked.items() if value is not None}
        return f"{self.locker.base_url}/public/oauth2/1/authorize?{urlencode(told)}"

    def ask(self, person: str = "meera", decision: str = "allow", **changes: str | None) -> dict[str, str]:
        callback = self.locker.walk(self.url(**changes), person, decision)
        assert callback.startswith(REDIRECT_URI + "?")
        return dict(parse_qsl(urlsplit(callback).query))

    def code_form(self, code: str) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": self.verifier,
            "client_id": self.locker.client_id,
            "client_secret": self.locker.client_secret,
        }

    def refresh_form(self, token: str) -> dict[str, str]:
        mine = {"client_id": self.locker.client_id, "client_secret": self.locker.client_secret}
        return {"grant_type": "refresh_token", "refresh_token": token, **mine}

    def post(self, path: str, form: dict[str, str], **more: Any) -> requests.Response:
        return requests.post(f"{self.locker.base_url}/public/{path}", data=form, timeout=30, **more)

    def sign_in(self, person: str = "meera", **changes: str | None) -> dict[str, Any]:
        answer = self.post("oauth2/1/token", self.code_form(self.ask(person, **changes)["code"]))
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        return self.tokens

    def get(self, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        url = f"{self.locker.base_url}/public/oauth2/{path}"
        return requests.get(url, headers=headers, timeout=30, allow_redirects=False, **more)

    def upload(self, data: bytes, **changes: str | None) -> requests.Response:
        stated: dict[str, str | None] = {
            "Authorization": f"Bearer {self.tokens['access_token']}",
            "Content-Type": "image/png",
            "path": "/scan.png",
            "hmac": self.locker.client.file_hmac(data),
            **changes,
        }
        headers = {name: value for name, value in stated.items() if value is not None}
        return requests.post(
            f"{self.locker.base_url}/public/oauth2/1/file/upload", data=data, headers=headers, timeout=30
        )


def refusal(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"error", "error_description"}
    assert body["error_description"]
    return answer.status_code, body["error"]

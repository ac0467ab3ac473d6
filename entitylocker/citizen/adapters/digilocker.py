"""DigiLocker's individual API (Meri Pehchaan), and whatever speaks it: the sandbox citizen locker does."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from marshmallow import Schema, ValidationError

from entitylocker.citizen.aadhaar import holds_aadhaar
from entitylocker.citizen.adapters.contract import Identity, IssuedDocument, Tokens, TokensRefused
from entitylocker.citizen.adapters.schemas import DocumentAnswer, IdentityAnswer, ListAnswer, TokenAnswer
from entitylocker.citizen.adapters.transport import GuardedTransport
from entitylocker.citizen.errors import DocumentDamaged, DocumentNotThere, LockerUnavailable
from entitylocker.extensions import utc_now
from entitylocker.outgoing import Limits, Outgoing, OutgoingError

MIB = 1024 * 1024
DOCUMENT_BYTES = 20 * MIB
_SMALL = Limits(total_seconds=10.0, max_bytes=512 * 1024)
_LARGE = Limits(total_seconds=30.0, max_bytes=DOCUMENT_BYTES)
_SERVICE = "EntityLocker"
# Oddities that mean "no longer": everything else is the locker's trouble, not the end of a link.
_ENDED = {"invalid_grant", "invalid_token", "access_denied", "unauthorized_client"}


class DigiLocker:
    """One installation of the individual API at `base_url`."""

    def __init__(
        self,
        *,
        base_url: str,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        scopes: str,
        outgoing: Outgoing,
    ) -> None:
        self._base, self._id, self._secret = base_url, client_id, client_secret
        self._redirect_uri, self._scopes, self._outgoing = redirect_uri, scopes, outgoing

    def authorization_url(self, *, state: str, verifier: str, purpose: str) -> str:
        """See CitizenLocker. `purpose`: letters, digits and spaces, at most 50."""
        with self._session() as session:
            url, _ = session.create_authorization_url(
                self._at(1, "authorize"), state=state, code_verifier=verifier, purpose=purpose, service_name=_SERVICE
            )
        return str(url)

    def exchange(self, code: str, verifier: str) -> Tokens:
        """See CitizenLocker."""
        return self._tokens(
            lambda session: session.fetch_token(
                self._at(1, "token"), grant_type="authorization_code", code=code, code_verifier=verifier,
                redirect_uri=self._redirect_uri,
            ),
            wants_identity=True,
        )  # fmt: skip

    def refresh(self, refresh_token: str) -> Tokens:
        """See CitizenLocker."""
        return self._tokens(
            lambda session: session.refresh_token(self._at(1, "token"), refresh_token=refresh_token),
            wants_identity=False,
        )

    def identity(self, access_token: str) -> Identity:
        """See CitizenLocker."""
        answer = self._get(access_token, self._at(1, "user"), _SMALL)
        return Identity(**_loaded(IdentityAnswer, _json(answer)))

    def list_issued(self, access_token: str) -> list[IssuedDocument]:
        """See CitizenLocker. Lines that are none are left out."""
        answer = self._get(access_token, self._at(2, "files/issued"), _SMALL)
        return list(_documents(_loaded(ListAnswer, _json(answer))["items"]))

    def fetch(self, access_token: str, uri: str) -> bytes:
        """See CitizenLocker. The `hmac` header is over the exact bytes with our secret."""
        answer = self._get(access_token, self._at(1, f"file/{quote(uri, safe='')}"), _LARGE)
        body = bytes(answer.content)
        made = base64.b64encode(hmac.new(self._secret.encode(), body, hashlib.sha256).digest())
        said = answer.headers.get("hmac", "").strip().encode("utf-8", "replace")
        if not hmac.compare_digest(made, said):
            raise DocumentDamaged
        return body

    def revoke(self, token: str, hint: str) -> None:
        """See CitizenLocker."""
        with _named_faults(), self._session() as session:
            answer = session.revoke_token(self._at(1, "revoke"), token=token, token_type_hint=hint)
        # 400: it is none of ours any more, which is what was wanted.
        if answer.status_code not in (200, 400):
            raise LockerUnavailable

    def _at(self, version: int, resource: str) -> str:
        return f"{self._base}/public/oauth2/{version}/{resource}"

    def _session(self, token: str | None = None, limits: Limits = _SMALL) -> OAuth2Session:
        session = OAuth2Session(
            self._id,
            self._secret,
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - the name of a method
            redirect_uri=self._redirect_uri,
            scope=self._scopes or None,
            code_challenge_method="S256",
            token={"access_token": token, "token_type": "Bearer"} if token else None,
        )
        # Neither proxies nor .netrc of whoever runs this process.
        session.trust_env = False
        session.headers.update({"User-Agent": _SERVICE, "Accept-Encoding": "identity", "Accept": "*/*"})
        for scheme in ("http://", "https://"):
            session.mount(scheme, GuardedTransport(self._outgoing, limits))
        return session

    def _get(self, token: str, url: str, limits: Limits) -> requests.Response:
        with _named_faults(), self._session(token, limits) as session:
            answer = session.get(url, allow_redirects=False)
        if answer.status_code == 401:
            raise TokensRefused
        if answer.status_code == 404:
            raise DocumentNotThere
        if answer.status_code != 200:
            raise LockerUnavailable
        return answer

    def _tokens(self, ask: Callable[[OAuth2Session], Any], *, wants_identity: bool) -> Tokens:
        with _named_faults(), self._session() as session:
            answer = dict(ask(session))
        found = _loaded(TokenAnswer, answer)
        lasts = found["expires_in"]
        named = wants_identity or "digilockerid" in answer
        return Tokens(
            access_token=found["access_token"],
            refresh_token=found["refresh_token"],
            expires_at=utc_now() + timedelta(seconds=lasts) if lasts else None,
            scopes=found["scopes"],
            consent_valid_till=found["consent_valid_till"],
            identity=Identity(**_loaded(IdentityAnswer, answer)) if named else None,
        )


@contextmanager
def _named_faults() -> Iterator[None]:
    """Turn what the libraries raise into errors of ours; the other side's words travel no further."""
    try:
        yield
    except OAuthError as fault:
        raise (TokensRefused if fault.error in _ENDED else LockerUnavailable) from None
    except (OutgoingError, requests.RequestException, ValueError, TypeError, KeyError) as fault:
        raise LockerUnavailable from fault


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise LockerUnavailable from None


def _loaded(schema: type[Schema], answer: Any) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema().load(answer)
    except ValidationError:
        raise LockerUnavailable from None
    return loaded


def _documents(items: list[Any]) -> Iterator[IssuedDocument]:
    for item in items:
        try:
            found = DocumentAnswer().load(item)
        except ValidationError:
            continue
        mime = found.pop("mime")
        described = found.pop("description")
        kinds = mime if isinstance(mime, list) else [mime]
        if not holds_aadhaar(found["uri"]):
            title = found.pop("title") or described
            yield IssuedDocument(title=title, is_pdf="application/pdf" in kinds, **found)

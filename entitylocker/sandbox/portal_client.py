"""A portal's side of the protocol: ask, be answered, fetch, give back. It knows a locker by its issuer."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from entitylocker.sandbox.back_channel import Answer, send
from entitylocker.sandbox.faults import Declined, Refused, Unreachable, Untrustworthy
from entitylocker.sandbox.proofs import (
    ASSERTION_TYPE,
    PortalKey,
    code_challenge,
    digest_matches,
    new_code_verifier,
)
from entitylocker.sandbox.records import Content, DocumentRequest, Grant, PushedRequest, SharedDocument

_WELL_KNOWN = "/.well-known/oauth-authorization-server"
_ENDPOINTS = (
    "pushed_authorization_request_endpoint",
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
)


class PortalClient:
    """One registered portal. Every method raises a PortalFault when it does not succeed.

    `issuer` is the locker's address exactly as its metadata says it; `verify` a file of certificates to trust
    instead of the usual ones.
    """

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        private_jwk: dict[str, Any],
        redirect_uri: str,
        verify: bool | str = True,
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self.redirect_uri = redirect_uri
        self.key = PortalKey(private_jwk)
        self._verify = verify

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The locker's own description (RFC 8414); Untrustworthy when it speaks for another issuer."""
        found = send("GET", _metadata_url(self.issuer), verify=self._verify).json_object()
        if found.get("issuer") != self.issuer:
            raise Untrustworthy("The address of EntityLocker answers in another name.", code="wrong_issuer")
        if missing := [name for name in _ENDPOINTS if not isinstance(found.get(name), str)]:
            raise Unreachable("EntityLocker does not say where to ask.", detail=", ".join(missing))
        return found

    def push_request(self, request: DocumentRequest) -> PushedRequest:
        """Hand the request to the locker before the browser goes there (RFC 9126, with PKCE and `state`)."""
        state, verifier = secrets.token_urlsafe(32), new_code_verifier()
        answer = self._post(
            "pushed_authorization_request_endpoint",
            response_type="code",
            redirect_uri=self.redirect_uri,
            state=state,
            code_challenge=code_challenge(verifier),
            code_challenge_method="S256",
            authorization_details=json.dumps(request.authorization_details()),
        ).json_object()
        return PushedRequest(
            request_uri=_text(answer, "request_uri"),
            expires_at=_after(answer.get("expires_in")),
            state=state,
            code_verifier=verifier,
        )

    def authorization_url(self, pushed: PushedRequest) -> str:
        """Where to send the browser: only our name and the reference, everything else was pushed."""
        query = urlencode({"client_id": self.client_id, "request_uri": pushed.request_uri})
        address = str(self.metadata["authorization_endpoint"])
        return f"{address}{'&' if '?' in address else '?'}{query}"

    def redeem(self, callback: Mapping[str, str], pushed: PushedRequest) -> Grant:
        """Exchange what came back with the browser for a grant.

        Raises Untrustworthy for a wrong `state` or `iss` (RFC 9207), Declined when the organisation said no,
        Refused when the locker did.
        """
        if not hmac.compare_digest(callback.get("state", "").encode(), pushed.state.encode()):
            raise Untrustworthy("This answer belongs to another question.", code="wrong_state")
        if callback.get("iss") != self.issuer:
            raise Untrustworthy("This answer did not come from EntityLocker.", code="wrong_issuer")
        if "error" in callback:
            raise _denial(callback)
        answer = self._post(
            "token_endpoint",
            grant_type="authorization_code",
            code=callback.get("code", ""),
            redirect_uri=self.redirect_uri,
            code_verifier=pushed.code_verifier,
        ).json_object()
        return _grant(answer, consent_id=_text(answer, "consent_id"), refresh_token=None)

    def refresh(self, grant: Grant) -> Grant:
        """A new access token for the same consent. Raises Refused when that ended, or cannot be renewed."""
        if grant.refresh_token is None:
            raise Refused("The access has run out.", code="invalid_token", status=401)
        answer = self._post(
            "token_endpoint", grant_type="refresh_token", refresh_token=grant.refresh_token
        ).json_object()
        return _grant(answer, consent_id=grant.consent_id, refresh_token=grant.refresh_token)

    def get_consent(self, grant: Grant) -> dict[str, Any]:
        """The consent as the locker describes it to the portal."""
        return self._get(grant).json_object()

    def list_documents(self, grant: Grant) -> list[SharedDocument]:
        """All documents of the consent, with those whose bytes are not handed out now."""
        found = self._get(grant, "documents").json_object().get("documents")
        if not isinstance(found, list):
            raise Unreachable("EntityLocker left something out of its answer.", detail="documents")
        return [_document(facts) for facts in found]

    def get_document(self, grant: Grant, document_id: str) -> SharedDocument:
        """What the locker says about one document now."""
        return _document(self._get(grant, "documents", document_id).json_object())

    def fetch_content(self, grant: Grant, document_id: str) -> Content:
        """The bytes of one document; Untrustworthy unless they carry their own digest (RFC 9530)."""
        answer = self._get(grant, "documents", document_id, "content")
        if not digest_matches(answer.headers.get("Repr-Digest"), answer.body):
            raise Untrustworthy("The document did not arrive as it was sent. It was thrown away.", code="wrong_digest")
        return Content(
            data=answer.body,
            media_type=answer.headers.get("Content-Type", "application/octet-stream"),
            sha256=hashlib.sha256(answer.body).hexdigest(),
            verdict=answer.headers.get("Entitylocker-Verdict"),
            checked_at=answer.headers.get("Entitylocker-Checked-At"),
        )

    def revoke(self, grant: Grant) -> None:
        """Give the access back: the locker forgets our tokens (RFC 7009)."""
        for hint, token in (("refresh_token", grant.refresh_token), ("access_token", grant.access_token)):
            if token is not None:
                self._post("revocation_endpoint", token=token, token_type_hint=hint)

    def _post(self, endpoint: str, **form: str) -> Answer:
        form |= {
            "client_id": self.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.key.assertion(self.client_id, self.issuer),
        }
        return send("POST", str(self.metadata[endpoint]), form=form, verify=self._verify)

    def _get(self, grant: Grant, *path: str) -> Answer:
        steps = "".join(f"/{quote(step, safe='')}" for step in (grant.consent_id, *path))
        address = f"{self.issuer}/api/v1/consents{steps}"
        return send("GET", address, token=grant.access_token, verify=self._verify)


def callback_parameters(url: str) -> dict[str, str]:
    """The parameters of a callback address, for programs that stand in for the browser."""
    return dict(parse_qsl(urlsplit(url).query))


def _metadata_url(issuer: str) -> str:
    """RFC 8414 section 3.1: the well-known part stands between the host and the path of the issuer."""
    parts = urlsplit(issuer)
    return urlunsplit((parts.scheme, parts.netloc, _WELL_KNOWN + parts.path.rstrip("/"), "", ""))


def _denial(callback: Mapping[str, str]) -> Declined | Refused:
    if callback["error"] == "access_denied":
        return Declined("The organisation decided not to share its documents.")
    words = callback.get("error_description") or "EntityLocker could not finish the request."
    return Refused(words, code=callback["error"])


def _grant(answer: dict[str, Any], *, consent_id: str, refresh_token: str | None) -> Grant:
    return Grant(
        consent_id=consent_id,
        expires_at=_after(answer.get("expires_in")),
        authorization_details=answer.get("authorization_details") or [],
        access_token=_text(answer, "access_token"),
        refresh_token=answer.get("refresh_token") or refresh_token,
    )


def _document(facts: dict[str, Any]) -> SharedDocument:
    return SharedDocument(
        id=_text(facts, "id"),
        title=str(facts.get("title") or ""),
        type=str(facts.get("type") or ""),
        verdict=_text(facts, "verdict"),
        checked_at=facts.get("checked_at"),
        offered=facts.get("offered", True) is True,
        why_not=facts.get("why_not"),
        size=facts.get("size"),
        sha256=facts.get("sha256"),
    )


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise Unreachable("EntityLocker left something out of its answer.", detail=name)
    return value


def _after(seconds: Any) -> datetime:
    """An end of life by our clock; what does not say its life is at its end."""
    life = seconds if isinstance(seconds, int) and seconds > 0 else 0
    return datetime.now(UTC) + timedelta(seconds=life)

"""A small authorization server: it holds the portal to the protocol and can be told to misbehave itself."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.serving import make_server

DOCUMENTS = {
    "d1": ("CINCR", "Certificate.pdf", "valid", b"%PDF-1.7 one"),
    "d2": ("GSTRC", "जीएसटी.pdf", "valid_at_claimed_time", b"%PDF-1.7 two"),
    "d3": ("BORES", "Resolution.pdf", "altered", b"%PDF-1.7 three"),
}


@dataclass
class Behaviour:
    """What the locker does. The defaults are those of a good one."""

    decision: str = "allow"
    consent: str = "active"
    iss: str | None = "issuer"
    metadata_issuer: str | None = None
    digest: str | None = "right"
    token_life: int = 300
    with_refresh: bool = True
    seen: list[dict[str, Any]] = field(default_factory=list)
    protests: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)


class FakeLocker:
    """Runs in a thread of the test on a free port until `stop`."""

    def __init__(self, client_id: str, jwks: dict[str, Any], redirect_uri: str) -> None:
        self.client_id, self.redirect_uri = client_id, redirect_uri
        self.keys = KeySet.import_key_set(jwks)
        self.does = Behaviour()
        self.pushed: dict[str, dict[str, str]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self.jtis: set[str] = set()
        self._server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _app(self) -> Flask:
        app = Flask("fake_locker")
        app.add_url_rule("/.well-known/oauth-authorization-server", view_func=self.metadata)
        app.add_url_rule("/oauth/par", view_func=self.par, methods=["POST"])
        app.add_url_rule("/oauth/authorize", view_func=self.authorize)
        app.add_url_rule("/oauth/token", view_func=self.token, methods=["POST"])
        app.add_url_rule("/oauth/revoke", view_func=self.revoke, methods=["POST"])
        app.add_url_rule("/api/v1/consents/c1", view_func=self.consent)
        app.add_url_rule("/api/v1/consents/c1/documents", view_func=self.documents)
        app.add_url_rule("/api/v1/consents/c1/documents/<name>", view_func=self.document)
        app.add_url_rule("/api/v1/consents/c1/documents/<name>/content", view_func=self.content)
        return app

    def metadata(self) -> Response:
        address = self.issuer + "/oauth/"
        return jsonify(
            issuer=self.does.metadata_issuer or self.issuer,
            pushed_authorization_request_endpoint=address + "par",
            authorization_endpoint=address + "authorize",
            token_endpoint=address + "token",
            revocation_endpoint=address + "revoke",
            jwks_uri=address + "jwks",
        )

    def par(self) -> Any:
        self._authenticate()
        form = request.form.to_dict()
        self._hold(form["response_type"] == "code", "response_type")
        self._hold(form["redirect_uri"] == self.redirect_uri, "redirect_uri")
        self._hold(form["code_challenge_method"] == "S256", "code_challenge_method")
        self._hold(len(form["state"]) >= 32, "state")
        details = json.loads(form["authorization_details"])
        self._hold(details[0]["type"] == "organisation_documents", "authorization_details")
        self.does.seen += details
        if details[0]["purpose"]["text"] == "refuse me":
            return jsonify(error="invalid_request", error_description="This purpose is not known."), 400
        name = "urn:ietf:params:oauth:request_uri:" + secrets.token_hex(8)
        self.pushed[name] = form
        return jsonify(request_uri=name, expires_in=90), 201

    def authorize(self) -> Any:
        self._hold(set(request.args) == {"client_id", "request_uri"}, "only client_id and request_uri")
        asked = self.pushed.pop(request.args["request_uri"])
        answer = {"state": asked["state"]}
        if self.does.iss is not None:
            answer["iss"] = self.issuer if self.does.iss == "issuer" else self.does.iss
        if self.does.decision == "allow":
            answer["code"] = secrets.token_urlsafe(16)
            self.codes[answer["code"]] = asked
        else:
            answer["error"] = self.does.decision
        return redirect(f"{asked['redirect_uri']}?{urlencode(answer)}", 303)

    def token(self) -> Any:
        self._authenticate()
        form = request.form
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens or self.does.consent != "active":
                return jsonify(error="invalid_grant", error_description="This consent does not hold."), 400
            return self._new_token({})
        asked = self.codes.pop(form["code"], None)
        if asked is None:
            return jsonify(error="invalid_grant", error_description="This code was used."), 400
        self._hold(form["redirect_uri"] == self.redirect_uri, "redirect_uri")
        hashed = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        self._hold(challenge == asked["code_challenge"], "code_verifier")
        more: dict[str, Any] = {"authorization_details": json.loads(asked["authorization_details"])}
        if self.does.with_refresh:
            more["refresh_token"] = secrets.token_urlsafe(16)
            self.refresh_tokens.add(more["refresh_token"])
        return self._new_token({**more, "consent_id": "c1"})

    def _new_token(self, more: dict[str, Any]) -> Response:
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return jsonify(access_token=token, token_type="Bearer", expires_in=self.does.token_life, **more)

    def revoke(self) -> Any:
        self._authenticate()
        self.does.revoked.append(request.form["token_type_hint"])
        self.tokens.discard(request.form["token"])
        self.refresh_tokens.discard(request.form["token"])
        return "", 200

    def consent(self) -> Any:
        return self._refused() or jsonify(id="c1", state="active", organisation="Asha Constructions Pvt Ltd")

    def documents(self) -> Any:
        return self._refused() or jsonify(documents=[self._facts(name) for name in DOCUMENTS])

    def document(self, name: str) -> Any:
        return self._refused() or jsonify(self._facts(name))

    def content(self, name: str) -> Any:
        refused = self._refused()
        if refused is not None:
            return refused
        data = DOCUMENTS[name][3]
        response = Response(data, mimetype="application/pdf")
        stated = data if self.does.digest == "right" else b"something else"
        response.headers["Entitylocker-Verdict"] = DOCUMENTS[name][2]
        response.headers["Entitylocker-Checked-At"] = "2026-11-20T06:30:00+00:00"
        if self.does.digest is not None:
            digest = base64.b64encode(hashlib.sha256(stated).digest()).decode()
            response.headers["Repr-Digest"] = f"sha-512=:AAAA:, sha-256=:{digest}:"
        return response

    @staticmethod
    def _facts(name: str) -> dict[str, Any]:
        kind, title, verdict, data = DOCUMENTS[name]
        offered = verdict != "altered"
        return {
            "id": name,
            "type": kind,
            "title": title,
            "verdict": verdict,
            "checked_at": "2026-11-20T06:30:00+00:00",
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "offered": offered,
            "why_not": None if offered else verdict,
        }

    def _refused(self) -> Any:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return self._problem(401, "invalid_token", "This token does not open anything.")
        if self.does.consent == "withdrawn":
            return self._problem(401, "consent_withdrawn", "The organisation has withdrawn this consent.")
        if self.does.consent == "suspended":
            return self._problem(403, "portal_suspended", "This portal may not ask for documents at present.")
        return None

    @staticmethod
    def _problem(status: int, code: str, title: str) -> Any:
        body = json.dumps({"title": title, "code": code, "status": status})
        return Response(body, status, content_type="application/problem+json")

    def _authenticate(self) -> None:
        self._hold(request.form["client_id"] == self.client_id, "client_id")
        self._hold(
            request.form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion_type",
        )
        assertion = jwt.decode(request.form["client_assertion"], self.keys, algorithms=["ES256"])
        claims = assertion.claims
        self._hold("kid" in assertion.header, "kid")
        self._hold(claims["iss"] == claims["sub"] == self.client_id, "iss and sub")
        self._hold(claims["aud"] == self.issuer, "aud is the issuer as a plain string")
        self._hold(claims["iat"] <= time.time() + 1 and 0 < claims["exp"] - claims["iat"] <= 60, "exp within 60 s")
        self._hold(claims["jti"] not in self.jtis, "a fresh jti")
        self.jtis.add(claims["jti"])

    def _hold(self, condition: bool, rule: str) -> None:
        if not condition:
            self.does.protests.append(rule)

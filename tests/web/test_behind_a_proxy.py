"""What a request says of itself is not believed: its host not in mails, its forwarded address not by default."""

from __future__ import annotations

import dataclasses
import re

from flask import Flask, request
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.app import create_app
from entitylocker.config import Settings
from entitylocker.extensions import db
from entitylocker.notifications.models import OutboxMessage
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.factories import Organisations, csrf_token

FORGED = {"X-Forwarded-For": "203.0.113.9, 198.51.100.3", "X-Forwarded-Host": "evil.example"}


def _last_mail(app: Flask, recipient: str) -> str:
    newest = select(OutboxMessage.text).where(OutboxMessage.recipient == recipient).order_by(OutboxMessage.id.desc())
    with app.app_context(), tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        return str(db.session.scalars(newest.limit(1)).one())


def test_links_in_mails_go_to_the_installation_whatever_host_the_request_names(
    app: Flask, organisations: Organisations, settings: Settings
) -> None:
    administrator = organisations.make()
    elsewhere = "http://evil.example/"
    client = app.test_client()
    with client.session_transaction(base_url=elsewhere) as cookie:
        cookie["_user_id"], cookie["_fresh"] = administrator.token, True
        cookie["csrf_token"] = "raw"
    token = URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token").dumps("raw")
    data = {"csrf_token": token, "email": "guest-of-host@example.in", "role": "reader"}
    path = f"/organisations/{administrator.organisation_id}/invitations"
    answer = client.post(path, data=data, base_url=elsewhere, headers=FORGED)
    assert answer.status_code == 201, answer.text
    for text in (answer.text, _last_mail(app, "guest-of-host@example.in")):
        links = [link for link in re.findall(r"https?://[^\s\"<]+", text) if "/invitations/" in link]
        assert links
        assert all(link.startswith(settings.base_url) for link in links), links


def _seen_address(app: Flask, headers: dict[str, str]) -> str:
    seen: list[str | None] = []
    app.before_request_funcs.setdefault(None, []).append(lambda: seen.append(request.remote_addr))
    app.test_client().get("/static/icon.svg", headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    app.before_request_funcs[None].pop()
    return str(seen[0])


def test_a_forwarded_address_is_believed_of_as_many_proxies_as_were_set(settings: Settings) -> None:
    assert _seen_address(create_app(settings), FORGED) == "192.0.2.1"
    assert _seen_address(create_app(dataclasses.replace(settings, trusted_proxies=1)), FORGED) == "198.51.100.3"


def test_a_body_that_brings_no_document_is_cut_off_early(app: Flask) -> None:
    client = app.test_client()
    data = {"csrf_token": csrf_token(client), "email": "a@example.in", "password": "x" * 12 * 1024 * 1024}
    assert client.post("/sign-in", data=data).status_code == 413

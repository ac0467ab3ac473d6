"""Words that databases and calendars choke on, in every place that takes words: an answer, never a fault."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from entitylocker.vault.service import get_top
from tests.factories import Member, Organisations, csrf_token

NUL = "a\x00b"
HUGE = "9" * 30
LAST_DAY = "9999-12-31"
FIRST_DAY = "0001-01-01"


@dataclass(frozen=True)
class Place:
    """Where somebody may put words. `{o}`: their organisation, `{d}`: a folder, `{m}`: their membership."""

    method: str
    path: str
    data: dict[str, Any] = field(default_factory=dict)


PLACES = [
    Place("GET", "/organisations/{o}/documents?q=a%00b"),
    Place("GET", "/organisations/{o}/documents?type=a%00b"),
    Place("GET", "/organisations/{o}/documents?q=%F0%9F&verdict=%00"),
    Place("GET", "/api/v1/organisations/{o}/documents?q=a%00b&type=%00"),
    Place("GET", "/organisations/{o}/activity?text=a%00b"),
    Place("GET", f"/organisations/{{o}}/activity?before={HUGE}"),
    Place("GET", f"/organisations/{{o}}/activity?after={HUGE}"),
    Place("GET", f"/organisations/{{o}}/activity?to={LAST_DAY}"),
    Place("GET", f"/organisations/{{o}}/activity?from={FIRST_DAY}"),
    Place("GET", f"/organisations/{{o}}/activity.csv?to={LAST_DAY}&text=%00"),
    Place("GET", "/organisations/{o}/people?after=%00"),
    Place("GET", "/oauth/authorize?client_id=%00&request_uri=%00"),
    Place("GET", "/invitations/%00"),
    Place("GET", "/join?code=%00"),
    Place("POST", "/join", {"code": NUL}),
    Place("POST", "/invitations/%00"),
    Place("POST", "/organisations/{o}/invitations/slips", {"guest_name": NUL, "role": NUL, "in_person": NUL}),
    Place("POST", "/organisations/{o}/invitations/messages", {"guest_name": NUL, "phone": NUL, "role": "reader"}),
    Place("POST", "/organisations/{o}/invitations/slips/print", {"invitation_id": NUL}),
    Place("POST", "/organisations/{o}/adoption/target", {"officers": HUGE}),
    Place("POST", "/organisations/{o}/onboarding", {"file": NUL, "in_person": NUL}),
    Place("GET", "/sign-up/confirm/%00"),
    Place("GET", "/sign-in?next=%00"),
    Place("POST", "/sign-in", {"email": f"{NUL}@example.in", "password": NUL, "next": NUL}),
    Place("POST", "/sign-up", {"name": NUL, "email": f"{NUL}@example.in", "password": "a long enough " + NUL}),
    Place("POST", "/sign-up", {"name": NUL, "email": "hostile-words@example.in", "password": "a long enough " + NUL}),
    Place("POST", "/organisations/{o}/folders/{d}/new", {"name": NUL}),
    Place("POST", "/organisations/{o}/folders/{d}/rename", {"name": NUL}),
    Place("POST", "/organisations/{o}/invitations", {"email": f"{NUL}@example.in", "role": NUL}),
    Place("POST", "/organisations/{o}/identifiers", {"identifier_kind": "gstin", "identifier": NUL}),
    Place("POST", "/organisations/new", {"name": NUL, "kind": "company", "identifier_kind": "pan", "identifier": NUL}),
    Place(
        "POST",
        "/organisations/{o}/delegations/new",
        {"membership_id": "{m}", "role": "reader", "starts_on": LAST_DAY, "ends_on": LAST_DAY, "reason": NUL},
    ),
    Place(
        "POST",
        "/organisations/{o}/delegations/new",
        {"membership_id": "{m}", "role": "reader", "starts_on": FIRST_DAY, "reason": NUL},
    ),
    Place(
        "POST",
        "/organisations/{o}/portals/new",
        {
            "name": "abc" + NUL, "homepage": "https://a.example/" + NUL, "redirect_uris": "https://a.example/cb",
            "jwks": NUL, "document_types": ["PANCR", NUL], "contact": "a@example.in",
        },
    ),
    Place("POST", "/oauth/authorize", {"client_id": NUL, "request_uri": NUL, "decision": "allow"}),
    Place("POST", "/oauth/token", {"code": NUL, "client_id": NUL, "grant_type": "authorization_code"}),
    Place("POST", "/oauth/revoke", {"token": NUL, "client_id": NUL}),
    Place("POST", "/display/language", {"lang": NUL, "next": NUL}),
    Place("POST", "/account/language", {"language": NUL}),
]  # fmt: skip


@pytest.fixture(scope="module")
def member(app: Flask) -> Member:
    return Organisations(app).make()


def _folder(member: Member) -> str:
    with member.app.app_context():
        place = get_top(member.actor)
    assert place.folder is not None
    return str(place.folder.id)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.method} {place.path}")
def test_no_words_make_a_fault(app: Flask, member: Member, place: Place) -> None:
    client = member.client()
    known = {"o": member.organisation_id, "d": _folder(member), "m": member.actor.membership_id}
    path = place.path.format(**known)
    if place.method == "GET":
        answer = client.get(path)
    else:
        data = {name: value.format(**known) if isinstance(value, str) else value for name, value in place.data.items()}
        answer = client.post(path, data={**data, "csrf_token": csrf_token(client)})
    assert answer.status_code < 500, answer.text[:600]


def test_a_file_of_any_name_makes_no_fault(app: Flask, member: Member) -> None:
    for name in ("a\x00b.pdf", "../../x.pdf", "\u202egpj.pdf", "", "\r\nX: y.pdf", "a" * 5000):
        client = member.client()
        data = {
            "csrf_token": csrf_token(client),
            "name": "Department of Tests",
            "kind": "government_department",
            "identifier_kind": "department",
            "identifier": f"TEST-{uuid4().hex[:8].upper()}",
            "letter": (io.BytesIO(b"%PDF-1.7\n%%EOF"), name),
        }
        answer = client.post("/organisations/new", data=data)
        assert answer.status_code < 500, (name, answer.text[:600])
        data = {"csrf_token": csrf_token(client), "file": (io.BytesIO(b"%PDF-1.7\n%%EOF"), name)}
        answer = client.post(f"/organisations/{member.organisation_id}/documents/upload", data=data)
        assert answer.status_code < 500, (name, answer.text[:600])

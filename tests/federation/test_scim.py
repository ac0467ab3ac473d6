"""SCIM 2.0 as directories speak it, and what becomes of it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.errors import SameMoment
from entitylocker.extensions import db
from entitylocker.federation import storage
from entitylocker.notifications.models import OutboxMessage
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.factories import Organisations
from tests.federation.conftest import GROUP, USER, Directory, make_directory


def test_a_person_is_brought_read_changed_and_forgotten(directory: Directory) -> None:
    made = directory.bring("Asha.Verma@example.in", externalId="42", name={"givenName": "Asha"}, displayName="Asha V")
    assert made["userName"] == "Asha.Verma@example.in" and made["active"] is True
    read = directory.ask("GET", f"/Users/{made['id']}")
    assert json.loads(read.data)["name"] == {"givenName": "Asha"}
    assert read.headers["ETag"] == made["meta"]["version"]
    answer = directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    assert answer.status_code == 204
    assert json.loads(directory.ask("GET", f"/Users/{made['id']}").data)["active"] is False
    assert directory.ask("DELETE", f"/Users/{made['id']}").status_code == 204
    assert directory.ask("GET", f"/Users/{made['id']}").status_code == 404


def test_only_what_membership_needs_is_kept(directory: Directory) -> None:
    made = directory.bring(
        "p@example.in",
        password="correct horse battery staple",
        phoneNumbers=[{"value": "+91 98765 43210"}],
        addresses=[{"formatted": "7, Marine Drive"}],
    )
    text = directory.ask("GET", f"/Users/{made['id']}").get_data(as_text=True)
    assert "horse" not in text and "98765" not in text and "Marine" not in text


def test_people_are_found_by_name_and_external_id_whatever_the_case(directory: Directory) -> None:
    first = directory.bring("one@example.in", externalId="A1")
    directory.bring("two@example.in", externalId="A2")
    for wanted in ('userName eq "ONE@example.in"', 'externalId eq "A1"', 'userName sw "one"'):
        found = json.loads(directory.ask("GET", f"/Users?filter={wanted}").data)
        assert [each["id"] for each in found["Resources"]] == [first["id"]], wanted
    nobody = json.loads(directory.ask("GET", '/Users?filter=userName eq "none@example.in"').data)
    assert nobody["totalResults"] == 0


def test_a_page_holds_as_many_as_asked_and_knows_the_total(directory: Directory) -> None:
    for number in range(5):
        directory.bring(f"n{number}@example.in")
    page = json.loads(directory.ask("GET", "/Users?startIndex=2&count=2&sortBy=userName").data)
    assert [each["userName"] for each in page["Resources"]] == ["n1@example.in", "n2@example.in"]
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 2, 2)


def test_two_at_the_same_moment_are_told_to_come_again_not_that_their_version_is_old(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = directory.bring("moment@example.in")

    def meet(*_facts: object, **_rest: object) -> None:
        raise SameMoment

    for name in ("put_user", "remove_user"):
        monkeypatch.setattr(storage.directory, name, meet)
    asked = (
        directory.ask("DELETE", f"/Users/{made['id']}"),
        directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False}),
    )
    assert [answer.status_code for answer in asked] == [409, 409]


def test_a_name_is_taken_once_in_one_organisation_and_free_in_another(
    directory: Directory, organisations: Organisations
) -> None:
    directory.bring("same@example.in")
    again = directory.ask("POST", "/Users", {"schemas": [USER], "userName": "SAME@example.in"})
    assert again.status_code == 409 and json.loads(again.data)["scimType"] == "uniqueness"
    other = make_directory(directory.app, organisations.make(name="Malabar Traders"))
    other.bring("same@example.in")


def test_another_organisations_people_are_not_there(directory: Directory, organisations: Organisations) -> None:
    theirs = make_directory(directory.app, organisations.make(name="Malabar Traders"))
    person, group = theirs.bring("x@example.in"), theirs.group("Theirs")
    for path in (f"/Users/{person['id']}", f"/Groups/{group['id']}"):
        missing = directory.ask("GET", path)
        assert missing.status_code == 404
        assert directory.ask("DELETE", path).data == missing.data
        assert theirs.ask("GET", path).status_code == 200
    stolen = directory.ask(
        "POST", "/Groups", {"schemas": [GROUP], "displayName": "Mine", "members": [{"value": person["id"]}]}
    )
    assert stolen.status_code == 400


def test_a_change_of_what_was_changed_meanwhile_is_refused(directory: Directory) -> None:
    made = directory.bring("etag@example.in")
    directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "displayName", "value": "New"})
    body = {"schemas": [USER], "userName": "etag@example.in", "displayName": "Old"}
    late = directory.ask("PUT", f"/Users/{made['id']}", body, **{"If-Match": made["meta"]["version"]})
    assert late.status_code == 412
    assert json.loads(directory.ask("GET", f"/Users/{made['id']}").data)["displayName"] == "New"


def test_groups_take_and_lose_people_as_entra_says_it(directory: Directory) -> None:
    one, two = directory.bring("g1@example.in"), directory.bring("g2@example.in")
    group = directory.group("Records", one["id"])
    path = f"/Groups/{group['id']}"
    directory.patch(path, {"op": "Add", "path": "members", "value": [{"value": two["id"]}]})
    assert _members(directory, path) == {one["id"], two["id"]}
    directory.patch(path, {"op": "Remove", "path": f'members[value eq "{one["id"]}"]'})
    assert _members(directory, path) == {two["id"]}
    directory.patch(path, {"op": "Remove", "path": "members", "value": [{"value": two["id"]}]})
    assert _members(directory, path) == set()


def _members(directory: Directory, path: str) -> set[str]:
    return {each["value"] for each in json.loads(directory.ask("GET", path).data).get("members", [])}


@pytest.mark.parametrize("token", ["", "garbage", "x" * 300, "नमस्ते"])
def test_without_a_token_nothing_is_answered(directory: Directory, token: str) -> None:
    stranger = Directory(directory.app, directory.administrator, token)
    for path in ("/Users", "/Groups", "/ServiceProviderConfig", "/nothing"):
        answer = stranger.ask("GET", path) if token.isascii() else None
        if answer is not None:
            assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.content_type == "application/scim+json"


def test_a_token_opens_nothing_else(directory: Directory) -> None:
    client = directory.app.test_client()
    bearer = {"Authorization": f"Bearer {directory.token}"}
    organisation_id = directory.administrator.organisation_id
    assert client.get(f"/organisations/{organisation_id}/people", headers=bearer).status_code in (303, 401)
    assert client.get(f"/api/v1/organisations/{organisation_id}/documents", headers=bearer).status_code in (401, 404)


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b"null", b"\x00", b'{"schemas": "x"}',
        json.dumps({"schemas": [USER], "userName": "a" * 2000 + "@example.in"}).encode(),
        json.dumps({"schemas": [USER], "userName": "nul\x00@example.in"}).encode(),
        json.dumps({"schemas": [USER], "userName": {"$ne": 1}}).encode(),
        json.dumps({"schemas": [GROUP], "userName": "wrong@example.in"}).encode(),
        json.dumps({"schemas": [USER], "userName": "ok@example.in", "emails": [{"value": ["x"]}]}).encode(),
        b'{"schemas": ["' + USER.encode() + b'"], "userName": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_scims_words(directory: Directory, body: bytes) -> None:
    answer = directory.app.test_client().post(
        "/scim/v2/Users",
        data=body,
        headers={"Authorization": f"Bearer {directory.token}", "Content-Type": "application/scim+json"},
    )
    assert answer.status_code == 400, answer.data
    assert "urn:ietf:params:scim:api:messages:2.0:Error" in answer.get_data(as_text=True)
    assert "Traceback" not in answer.get_data(as_text=True) and "psycopg" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "wanted", ["userName eq", 'userName xx "1"', "(" * 3000, 'a.b.c.d eq "1"', 'userName eq "\x00"', "))))"]
)
def test_filters_that_make_no_sense_are_refused(directory: Directory, wanted: str) -> None:
    answer = directory.app.test_client().get(
        "/scim/v2/Users", query_string={"filter": wanted}, headers={"Authorization": f"Bearer {directory.token}"}
    )
    assert answer.status_code in (200, 400)
    assert "Traceback" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("Users", "userName"), ("Users", "externalId"), ("Users", "displayName"), ("Groups", "displayName")],
)
@pytest.mark.parametrize("odd", ["\x00", "\ud800"])
def test_what_no_text_of_the_database_holds_is_found_nowhere(
    directory: Directory, kind: str, name: str, odd: str
) -> None:
    schemas = ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]
    body = {"schemas": schemas, "filter": f"{name} eq {json.dumps(odd)}"}
    answer = directory.ask("POST", f"/{kind}/.search", body)
    assert answer.status_code == 200 and json.loads(answer.data)["totalResults"] == 0


def test_too_much_at_once_is_refused(directory: Directory) -> None:
    long = " or ".join(f'userName eq "{number}"' for number in range(500))
    assert directory.ask("GET", f"/Users?filter={long}").status_code == 400
    assert directory.ask("POST", "/Users", {"schemas": [USER], "userName": "x" * 2_000_000}).status_code == 413
    assert directory.ask("POST", "/.search", {"filter": long}).status_code == 400


def test_what_is_no_address_is_invited_nowhere_and_names_lead_nowhere(directory: Directory) -> None:
    directory.bring("a@b.example, c@d.example")
    directory.bring("named@example.in", displayName="http://evil.example/ click")
    with directory.app.app_context(), tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        newest = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(3)).all()
    assert all("c@d.example" not in mail.recipient and "evil" not in mail.text for mail in newest)


def test_one_address_is_not_flooded(directory: Directory) -> None:
    made = directory.bring("flooded@example.in")
    seen = []
    for number in range(14):
        value = bool(number % 2)
        seen.append(directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": value}))
    assert [answer.status_code for answer in seen].count(429) > 0

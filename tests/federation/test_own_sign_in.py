"""Signing in through an organisation's own OpenID provider: one made by others, on the loopback."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from entitylocker.access import Role
from entitylocker.accounts.service import load_session
from entitylocker.delegations.giving import give_delegation
from entitylocker.delegations.service import load_member
from entitylocker.errors import PermissionDenied
from entitylocker.federation import providers, tokens
from entitylocker.federation.errors import ProviderDoesNotAnswer, ProviderUntrustworthy
from entitylocker.federation.oidc import Metadata, _is_safe, discover
from entitylocker.organisations import service
from entitylocker.organisations.rules import today
from entitylocker.outgoing import Hosts
from entitylocker.web.engine_room import engines
from tests.factories import Member, Organisations, Person, csrf_token
from tests.federation.ways import Way, make_way

_METADATA = Metadata("https://l", "https://l/a", "https://l/t", "https://l/k", [], False)


def themselves(member: Member) -> Person:
    """A member for no organisation."""
    return Person(member.app, member.person_id, member.name, member.email, member.token, member.session_id)


def test_who_connected_it_signs_in_through_it(way: Way) -> None:
    way.connect(way.administrator, "asha@corp")
    client, back = way.sign_in("asha@corp")
    overview = f"/organisations/{way.administrator.organisation_id}"
    assert back.headers["Location"].endswith(overview)
    assert client.get(overview).status_code == 200


def test_nobody_is_made_or_found_by_a_mail_address(way: Way, organisations: Organisations) -> None:
    """The provider says that it knows the member's very address: that proves nothing here."""
    client, back = way.sign_in(way.administrator.email)
    assert back.status_code == 403 and "is not connected" in back.get_data(as_text=True)
    assert client.get("/account").status_code == 303


def test_what_a_provider_vouches_for_opens_its_organisation_only(way: Way, organisations: Organisations) -> None:
    """The provider of one organisation could say of anybody that they came."""
    person = organisations.add_member(Role.READER, way.administrator.organisation_id)
    other = organisations.make(name="Malabar Traders")
    with way.app.test_request_context():
        issued = service.invite_member(other.actor, person.email, Role.SIGNATORY)
        service.redeem_invitation(themselves(person).actor, urlsplit(issued.link).path.rsplit("/", 1)[-1])
    way.connect(person, "reader@corp")
    client, _ = way.sign_in("reader@corp")
    assert client.get(f"/organisations/{person.organisation_id}").status_code == 200
    for path in (
        f"/organisations/{other.organisation_id}",
        f"/organisations/{other.organisation_id}/documents",
        "/account/sign-ins",
    ):
        assert client.get(path).status_code in (403, 404), path
    made = client.post(
        "/organisations/new",
        data={"csrf_token": csrf_token(client), "name": "X", "kind": "company", "identifier_kind": "pan",
              "identifier": "AAACA1234K"},
    )  # fmt: skip
    assert made.status_code in (403, 404)
    assert client.post("/sign-out", data={"csrf_token": csrf_token(client)}).status_code == 303


def test_a_limited_session_neither_consents_for_others_nor_ends_the_persons_own(
    way: Way, organisations: Organisations
) -> None:
    """A provider that lies about who came gets nothing beyond its own organisation, by no way round."""
    person = organisations.add_member(Role.SIGNATORY, way.administrator.organisation_id)
    other = organisations.make(name="Malabar Traders")
    with way.app.test_request_context():
        issued = service.invite_member(other.actor, person.email, Role.SIGNATORY)
        service.redeem_invitation(themselves(person).actor, urlsplit(issued.link).path.rsplit("/", 1)[-1])
    own = way.connect(person, "signatory@corp")
    client, _ = way.sign_in("signatory@corp")
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    with way.app.app_context():
        limited = load_session(token)
        assert limited is not None and limited.limited_to == person.organisation_id
        assert load_member(person.person_id, limited.session_id, other.organisation_id) is None
        acting = load_member(person.person_id, limited.session_id, person.organisation_id)
        assert acting is not None and acting.limited_to == person.organisation_id
    assert "Malabar" not in client.get(f"/organisations/{person.organisation_id}").get_data(as_text=True)
    assert client.get("/organisations").status_code == 303
    form = {"csrf_token": csrf_token(client)}
    for path in (f"/account/sessions/{person.session_id}/end", "/account/sessions/end-others"):
        assert client.post(path, data=form).status_code in (403, 404)
    assert own.get("/account").status_code == 200


def test_only_who_holds_it_for_good_connects_other_systems(way: Way, organisations: Organisations) -> None:
    """What a delegation gave can be taken back; a token or a provider would outlive it."""
    member = organisations.add_member(Role.READER, way.administrator.organisation_id)
    with way.app.test_request_context():
        membership_id = member.actor.membership_id
        assert membership_id is not None
        give_delegation(
            way.administrator.actor, membership_id=membership_id, role=Role.ADMINISTRATOR, folder_id=None,
            starts_on=today(), ends_on=None, reason="stands in",
        )  # fmt: skip
        with pytest.raises(PermissionDenied):
            tokens.issue_token(member.actor, "Left behind")
    stated = organisations.make(verified=False, name="Stated Only Traders")
    with way.app.test_request_context(), pytest.raises(PermissionDenied):
        tokens.issue_token(stated.actor, "Mill of mails")


def test_a_provider_without_https_is_refused(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    with way.app.test_request_context():
        monkeypatch.setattr(engines().outgoing, "hosts", Hosts())
        with pytest.raises((ProviderUntrustworthy, ProviderDoesNotAnswer)):
            discover(engines().outgoing, way.provider)
        unsafe = replace(_METADATA, token_endpoint="http://login.example.in/token")
        assert not _is_safe(engines().outgoing, unsafe.token_endpoint)
        for unkept in ("https://l/\ud800", "https://l/\0"):
            assert not _is_safe(engines().outgoing, unkept), "the database keeps neither"
        assert _is_safe(engines().outgoing, _METADATA.token_endpoint)


def test_attack_12_the_same_subject_of_another_provider_is_somebody_else(
    way: Way, organisations: Organisations
) -> None:
    """PyPI audit 2026, finding 12: the issuer is part of the key, and here the provider of the organisation too."""
    other = make_way(way.app, organisations.make(name="Malabar Traders"), way.provider)
    way.connect(way.administrator, "same@corp")
    _, back = other.sign_in("same@corp")
    assert back.status_code == 403


def test_attack_19_an_identity_is_connected_only_by_whoever_began_it_and_saw_it(
    way: Way, organisations: Organisations
) -> None:
    """CVE-2026-9087: the proof of a link is bound to the account that began it."""
    victim, attacker = organisations.add_member(Role.READER), organisations.add_member(Role.READER)
    back = way.sign_in_there(way.leave(attacker.client(), f"/account/sign-ins/{way.slug}/try"), "attacker@corp")
    forced = victim.client().get(back)
    assert forced.status_code == 410 and "was not begun in this browser" in forced.get_data(as_text=True)
    # Even with the cookie of the trip, another account gets nothing.
    client = attacker.client()
    back = way.sign_in_there(way.leave(client, f"/account/sign-ins/{way.slug}/try"), "attacker@corp")
    victim.sign_in(client)
    assert client.get(back).headers["Location"].endswith("/account/sign-ins/confirm")
    assert client.post("/account/sign-ins/confirm", data={"csrf_token": csrf_token(client)}).status_code == 410
    _, refused = way.sign_in("attacker@corp")
    assert refused.status_code == 403


def test_one_identity_belongs_to_one_account(way: Way, organisations: Organisations) -> None:
    second = organisations.add_member(Role.READER)
    way.connect(way.administrator, "one@corp")
    client = second.client()
    way.visit(client, f"/account/sign-ins/{way.slug}/try", "one@corp")
    said = client.post("/account/sign-ins/confirm", data={"csrf_token": csrf_token(client)})
    assert said.status_code == 409 and way.administrator.name not in said.get_data(as_text=True)


def test_a_stranger_to_the_organisation_cannot_connect(way: Way, organisations: Organisations) -> None:
    stranger = organisations.person()
    client = stranger.client()
    way.visit(client, f"/account/sign-ins/{way.slug}/try", "stranger@corp")
    said = client.post("/account/sign-ins/confirm", data={"csrf_token": csrf_token(client)})
    assert said.status_code == 404


@pytest.mark.parametrize("change", ["state", "no_state", "twice", "code"])
def test_a_return_that_was_tampered_with_signs_nobody_in(way: Way, change: str) -> None:
    way.connect(way.administrator, "asha@corp")
    client = way.app.test_client()
    back = way.sign_in_there(way.leave(client), "asha@corp")
    if change == "state":
        back = re.sub(r"state=[^&]+", "state=somebodyelses", back)
    elif change == "no_state":
        back = re.sub(r"&?state=[^&]+", "", back)
    elif change == "code":
        back = re.sub(r"code=[^&]+", "code=guessed", back)
    else:
        assert client.get(back).status_code == 303
        client.post("/sign-out", data={"csrf_token": csrf_token(client)})
    assert client.get(back).status_code in (410, 502)
    assert client.get("/account").status_code == 303


def test_a_return_to_another_way_is_refused(way: Way, organisations: Organisations) -> None:
    """Mix-up: each provider has a return address of its own, and the trip belongs to one provider."""
    other = make_way(way.app, organisations.make(name="Malabar Traders"), way.provider)
    way.connect(way.administrator, "asha@corp")
    client = way.app.test_client()
    back = way.sign_in_there(way.leave(client), "asha@corp").replace(way.slug, other.slug)
    assert client.get(back).status_code == 410


def test_an_ended_provider_ends_its_sessions_at_once(way: Way) -> None:
    way.connect(way.administrator, "asha@corp")
    client, _ = way.sign_in("asha@corp")
    overview = f"/organisations/{way.administrator.organisation_id}"
    assert client.get(overview).status_code == 200
    with way.app.test_request_context():
        row = providers.list_providers(way.administrator.actor)[0]
        providers.end_provider(way.administrator.actor, row.id)
    assert client.get(overview).status_code == 303
    assert way.app.test_client().get(way.path).status_code == 404


def test_a_disconnected_identity_loses_its_sessions_and_signs_nobody_in(way: Way) -> None:
    own = way.connect(way.administrator, "asha@corp")
    assert "Sign-in of" in own.get("/account/security").get_data(as_text=True)
    client, _ = way.sign_in("asha@corp")
    with way.app.test_request_context():
        row = providers.list_providers(way.administrator.actor)[0]
    done = own.post(f"/account/sign-ins/{row.id}/disconnect", data={"csrf_token": csrf_token(own)})
    assert done.status_code == 303
    assert client.get(f"/organisations/{way.administrator.organisation_id}").status_code == 303
    assert way.sign_in("asha@corp")[1].status_code == 403
    assert "Sign-in of" not in own.get("/account/security").get_data(as_text=True)


def test_a_removed_member_is_out_at_once_and_cannot_come_back_that_way(way: Way, organisations: Organisations) -> None:
    person = organisations.add_member(Role.READER)
    way.connect(person, "leaver@corp")
    client, _ = way.sign_in("leaver@corp")
    with way.app.test_request_context():
        membership = person.actor.membership_id
        assert membership is not None
        service.end_membership(way.administrator.actor, membership)
    assert client.get(f"/organisations/{person.organisation_id}").status_code == 404
    assert way.sign_in("leaver@corp")[1].status_code == 403


def test_the_settings_show_neither_secret_nor_token_again(way: Way) -> None:
    page = way.administrator.client().get(f"/organisations/{way.administrator.organisation_id}/directory")
    text = page.get_data(as_text=True)
    assert way.slug in text and "a secret of theirs" not in text


def test_the_authorization_request_carries_what_guards_it(way: Way) -> None:
    asked: dict[str, Any] = parse_qs(urlsplit(way.leave(way.app.test_client())).query)
    assert asked["code_challenge_method"] == ["S256"] and len(asked["code_challenge"][0]) == 43
    assert len(asked["state"][0]) == 43 and len(asked["nonce"][0]) == 43
    assert asked["redirect_uri"][0].endswith(f"/sign-in/through/{way.slug}/back")

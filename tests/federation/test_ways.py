"""The way to an organisation's own sign-in: begun by a button, asked when it would end a session, told by mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import update

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.accounts.guesses import _is_known
from entitylocker.accounts.known_browser import browser_digest, knows_account
from entitylocker.extensions import db, utc_now
from entitylocker.federation import answers, arrivals, providers
from entitylocker.federation.errors import ProviderDoesNotAnswer
from entitylocker.federation.models import IdentityProvider
from entitylocker.jobs.queue import housekeeper
from entitylocker.tenancy import Tenant
from entitylocker.web.engine_room import engines
from tests.accounts.browsing import sign_in
from tests.factories import Organisations, csrf_token
from tests.federation.test_standing import mails_to
from tests.federation.ways import Way, make_way

CONNECTED = "A sign-in of an organisation was connected to your account"
DISCONNECTED = "A sign-in of an organisation was disconnected from your account"


def set_kept(way: Way, **values: Any) -> None:
    """What is kept of the provider, as if something had happened."""
    place = way.administrator.organisation_id
    with way.app.app_context(), tenancy.transaction(Tenant(organisation_id=place)):
        this = update(IdentityProvider).where(IdentityProvider.organisation_id == place)
        db.session.execute(this.values(**values))


def kept_of(way: Way) -> Any:
    with way.app.test_request_context():
        return providers.get_provider(way.slug).answers


def silence(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can be reached any more."""
    with way.app.app_context():
        monkeypatch.setattr(engines().outgoing, "_resolver", lambda host, port: [])


def test_following_a_link_begins_nothing(way: Way) -> None:
    """Login CSRF: another site can have a browser look at an address, or post to it, but it has no token of ours."""
    client = way.app.test_client()
    page = client.get(way.path)
    assert page.status_code == 200 and "Refresh" not in page.headers
    with client.session_transaction() as cookie:
        assert "provider_trip" not in cookie
    assert client.post(way.path).status_code in (400, 403)
    assert client.get(f"/account/sign-ins/{way.slug}/try").status_code == 405
    with client.session_transaction() as cookie:
        assert "provider_trip" not in cookie


def test_a_provider_begins_nothing_by_itself(way: Way) -> None:
    """No sign-in that was begun elsewhere is taken up (OpenID Connect Core 1.0, section 4 is not offered)."""
    way.connect(way.administrator, "asha@corp")
    begun_elsewhere = way.sign_in_there(way.leave(way.app.test_client()), "asha@corp")
    client = way.app.test_client()
    assert client.get(begun_elsewhere).status_code == 410
    for asked in (f"?iss={way.provider}", f"?iss={way.provider}&login_hint=asha", "?code=x", ""):
        assert client.get(f"{way.path}/back{asked}").status_code == 410
    assert client.get("/account").status_code == 303


def test_who_is_signed_in_is_asked_first(way: Way, organisations: Organisations) -> None:
    way.connect(way.administrator, "asha@corp")
    other = organisations.person("Somebody Else")
    client = other.client()
    page = client.get(way.path).get_data(as_text=True)
    assert "You are signed in as Somebody Else" in page and "Stay signed in" in page
    assert "You are signed in" not in way.app.test_client().get(way.path).get_data(as_text=True)
    assert client.get("/account").status_code == 200
    assert way.visit(client, way.path, "asha@corp").status_code == 303
    assert client.get("/account/sign-ins").status_code in (403, 404), "now it is the limited session"


def test_the_way_leads_on_with_a_link_where_nothing_moves_by_itself(way: Way) -> None:
    client = way.app.test_client()
    chosen = client.post("/sign-in/through", data={"csrf_token": csrf_token(client), "way": way.slug})
    assert chosen.status_code == 303 and chosen.headers["Location"].endswith(way.path)
    page = client.post(way.path, data={"csrf_token": csrf_token(client), "next": "/account"})
    there = page.headers["Refresh"].removeprefix("0; url=")
    assert there.startswith(way.provider) and there.replace("&", "&amp;") in page.get_data(as_text=True)
    with client.session_transaction() as cookie:
        assert cookie["provider_trip"]["next"] == "/account"
        assert cookie["provider_trip"]["state"] == parse_qs(urlsplit(there).query)["state"][0]
    client.post(way.path, data={"csrf_token": csrf_token(client), "next": "https://evil.example/"})
    with client.session_transaction() as cookie:
        assert cookie["provider_trip"]["next"] == ""


def test_ending_one_of_two_providers_ends_what_it_vouched_for(way: Way, provider: str) -> None:
    second = make_way(way.app, way.administrator, provider)
    way.connect(way.administrator, "asha@corp")
    second.connect(way.administrator, "asha@branch")
    one, two = way.sign_in("asha@corp")[0], second.sign_in("asha@branch")[0]
    overview = f"/organisations/{way.administrator.organisation_id}"
    assert one.get(overview).status_code == two.get(overview).status_code == 200
    with way.app.test_request_context():
        actor = way.administrator.actor
        ended = next(row.id for row in providers.list_providers(actor) if row.slug == way.slug)
        providers.end_provider(actor, ended)
    assert one.get(overview).status_code == 303
    assert two.get(overview).status_code == 200


def test_disconnecting_one_of_two_providers_ends_what_it_vouched_for(way: Way, provider: str) -> None:
    second = make_way(way.app, way.administrator, provider)
    own = way.connect(way.administrator, "asha@corp")
    second.connect(way.administrator, "asha@branch")
    one, two = way.sign_in("asha@corp")[0], second.sign_in("asha@branch")[0]
    with way.app.test_request_context():
        provider_id = providers.get_provider(second.slug).id
    form = {"csrf_token": csrf_token(own)}
    assert own.post(f"/account/sign-ins/{provider_id}/disconnect", data=form).status_code == 303
    overview = f"/organisations/{way.administrator.organisation_id}"
    assert (one.get(overview).status_code, two.get(overview).status_code) == (200, 303)
    second.connect(way.administrator, "somebody@branch")
    assert two.get(overview).status_code == 303, "and connected again, it does not come back"


def test_an_own_sign_in_makes_no_browser_known(way: Way) -> None:
    """Else whoever runs the provider could try as many passwords and codes of a member as they like."""
    way.connect(way.administrator, "asha@corp")
    own, _answer = sign_in(way.app, way.administrator)
    theirs, _answer = way.sign_in("asha@corp")
    known = {name: client.get_cookie("browser") for name, client in (("own", own), ("theirs", theirs))}
    found = {}
    for name, cookie in known.items():
        assert cookie is not None
        with way.app.test_request_context(headers={"Cookie": f"browser={cookie.value}"}):
            digest = knows_account(way.administrator.email)
            found[name] = (digest is not None, _is_known(way.administrator.person_id, browser_digest()))
    assert found == {"own": (True, True), "theirs": (False, False)}


def test_the_person_hears_of_a_connection_and_of_its_end(way: Way, organisations: Organisations) -> None:
    person = organisations.add_member(Role.READER, way.administrator.organisation_id)
    own = way.connect(person, "reader@corp")
    (mail,) = (" ".join(mail.split()) for mail in mails_to(person, CONNECTED))
    assert "reader@corp" in mail and "Sahyadri Agro" in mail and "change your password" in mail
    with way.app.test_request_context():
        provider_id = providers.get_provider(way.slug).id
    own.post(f"/account/sign-ins/{provider_id}/disconnect", data={"csrf_token": csrf_token(own)})
    assert len(mails_to(person, DISCONNECTED)) == 1


def test_who_sets_out_asks_nobody(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """An anonymous visitor holds no thread: what the provider said of itself is kept."""
    silence(way, monkeypatch)
    asked = parse_qs(urlsplit(way.leave(way.app.test_client())).query)
    assert asked["client_id"] == ["locker"]


def test_answers_that_are_a_day_old_are_asked_for_again_once_a_minute(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = utc_now() - answers.GOOD_FOR - timedelta(minutes=1)
    set_kept(way, asked_at=old, tried_at=old)
    way.leave(way.app.test_client())
    assert kept_of(way).asked_at > old
    set_kept(way, asked_at=old)
    client = way.app.test_client()
    said = client.post(way.path, data={"csrf_token": csrf_token(client)})
    assert said.status_code == 502, "it was asked within the minute"
    set_kept(way, tried_at=old)
    silence(way, monkeypatch)
    assert client.post(way.path, data={"csrf_token": csrf_token(client)}).status_code == 502
    assert kept_of(way).asked_at == old


def test_a_new_key_of_the_provider_is_fetched_when_it_is_met(way: Way) -> None:
    way.connect(way.administrator, "asha@corp")
    former = RSAKey.generate_key(2048, {"kid": "former"}).as_dict(private=False)
    set_kept(way, keys={"keys": [former]}, tried_at=utc_now() - timedelta(minutes=2))
    assert way.sign_in("asha@corp")[1].status_code == 303
    assert all(key["kid"] != "former" for key in kept_of(way).keys["keys"] if "kid" in key)
    set_kept(way, keys={"keys": [former]})
    assert way.sign_in("asha@corp")[1].status_code == 502, "not again within the minute"


def test_only_public_parts_of_keys_are_kept(way: Way) -> None:
    for key in kept_of(way).keys["keys"]:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)


def test_what_does_not_hold_any_more_is_not_used(way: Way) -> None:
    """A host that was allowed is not, or somebody wrote into the row: it is read as carefully as when it came."""
    kept = kept_of(way).metadata.to_json()
    for wrong in ({"issuer": "https://other.example"}, {"token_endpoint": "http://elsewhere.example/token"}):
        set_kept(way, discovery={**kept, **wrong}, tried_at=utc_now())
        assert kept_of(way) is None
        with way.app.test_request_context(), pytest.raises(ProviderDoesNotAnswer):
            arrivals.set_out(providers.get_provider(way.slug))
    set_kept(way, discovery=kept)
    assert kept_of(way) is not None


def test_the_hourly_job_asks_those_not_asked_for_an_hour(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    old = utc_now() - timedelta(hours=2)
    set_kept(way, asked_at=old, tried_at=old)
    with way.app.test_request_context():
        answers.queue_due(housekeeper())
        provider = providers.get_provider(way.slug)
        answers.ask_provider(str(provider.organisation_id), str(provider.id))
    assert kept_of(way).asked_at > old
    set_kept(way, asked_at=old, tried_at=old)
    silence(way, monkeypatch)
    with way.app.test_request_context():
        answers.ask_provider(str(provider.organisation_id), str(provider.id))


def test_a_slow_provider_holds_few_threads(way: Way) -> None:
    with way.app.test_request_context():
        provider = providers.get_provider(way.slug)
    with answers.place_at(provider.id), answers.place_at(provider.id), answers.place_at(provider.id):
        with pytest.raises(ProviderDoesNotAnswer), answers.place_at(provider.id):
            pass
        with answers.place_at(way.administrator.organisation_id):
            pass
    with answers.place_at(provider.id):
        pass

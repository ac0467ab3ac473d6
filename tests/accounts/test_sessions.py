"""One's own sessions: listed, ended, never those of others."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import ANONYMOUS
from entitylocker.accounts.service import (
    end_other_sessions,
    end_session,
    list_sessions,
    load_session,
    set_language,
    sign_in,
)
from entitylocker.accounts.sessions import Visit
from entitylocker.errors import LockerError, NotFound
from entitylocker.extensions import db
from entitylocker.tenancy import Tenant
from tests.factories import PASSWORD, Organisations, Person, csrf_token

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def another_session(app: Flask, person: Person) -> Person:
    with app.app_context():
        token = sign_in(person.email, PASSWORD, Visit("203.0.113.9", FIREFOX))
        found = load_session(token)
    assert found is not None
    return Person(app, person.person_id, person.name, person.email, token, found.session_id)


def test_a_person_sees_and_ends_their_own_sessions(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    other = another_session(app, person)
    with app.app_context():
        found = {session.id: session for session in list_sessions(person.actor)}
        assert set(found) == {person.session_id, other.session_id}
        assert found[person.session_id].is_this
        assert (found[other.session_id].browser, found[other.session_id].address) == ("Firefox, Linux", "203.0.113.9")
        end_session(person.actor, other.session_id)
        assert load_session(other.token) is None
        assert load_session(person.token) is not None


def test_the_security_page_ends_all_others(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    others = [another_session(app, person) for _ in range(2)]
    client = person.client()
    page = client.get("/account/security").get_data(as_text=True)
    assert "Firefox, Linux" in page
    answer = client.post("/account/sessions/end-others", data={"csrf_token": csrf_token(client)})
    assert answer.status_code == 303
    assert client.get("/account").status_code == 200
    for other in others:
        assert other.client().get("/account").status_code == 303


@pytest.mark.parametrize(
    "limit",
    [
        "ended_at = now()",
        "created_at = now() - interval '13 hours'",
        "last_seen_at = now() - interval '61 minutes'",
        "limited_to = gen_random_uuid()",
    ],
)
def test_attack_20_each_limit_of_a_session_ends_it_alone(app: Flask, organisations: Organisations, limit: str) -> None:
    """CVE-2026-8922 in Keycloak: of two limits only one was looked at. Ended, too old, left alone, not vouched."""
    person = organisations.person()
    assert person.client().get("/account").status_code == 200
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        db.session.execute(text(f"UPDATE sessions SET {limit}"))
    with app.app_context():
        assert load_session(person.token) is None
    assert person.client().get("/account").location == "/sign-in?next=/account"


def test_sessions_of_others_are_not_there(app: Flask, organisations: Organisations) -> None:
    person, victim = organisations.person(), organisations.person()
    client = person.client()
    token = csrf_token(client)
    foreign = client.post(f"/account/sessions/{victim.session_id}/end", data={"csrf_token": token})
    absent = client.post(f"/account/sessions/{uuid4()}/end", data={"csrf_token": token})
    assert (foreign.status_code, absent.status_code) == (404, 404)
    with app.app_context():
        assert load_session(victim.token) is not None


def test_nobody_without_a_session_has_sessions(app: Flask) -> None:
    with app.app_context(), pytest.raises(NotFound):
        list_sessions(ANONYMOUS)


def test_an_ended_session_can_do_nothing_more(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    other = another_session(app, person)
    with app.app_context():
        end_session(person.actor, other.session_id)
        with pytest.raises(LockerError):
            set_language(other.actor, "hi")


def test_two_browsers_ending_each_other_leave_one(app: Flask, organisations: Organisations) -> None:
    first = organisations.person()
    second = another_session(app, first)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def end_others(person: Person) -> None:
        with app.app_context():
            start.wait()
            try:
                end_other_sessions(person.actor)
                outcomes.append("done")
            except LockerError as refusal:
                outcomes.append(refusal.code)

    threads = [threading.Thread(target=end_others, args=(person,)) for person in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["done", "rights_changed"]
    with app.app_context():
        assert [load_session(p.token) is None for p in (first, second)].count(True) == 1


def test_the_language_of_the_account_is_kept(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    client = person.client()
    answer = client.post("/account/language", data={"csrf_token": csrf_token(client), "language": "hi"})
    assert answer.status_code == 303
    with app.app_context():
        found = load_session(person.token)
    assert found is not None
    assert found.language == "hi"

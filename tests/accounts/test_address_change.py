"""Changing one's address: both mailboxes have a say, nobody else learns anything, and every organisation follows."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.accounts import address_change
from entitylocker.accounts.address_change import follow_as_operator
from entitylocker.accounts.errors import AddressTaken, LinkEnded
from entitylocker.accounts.models import AddressChange, Operator
from entitylocker.accounts.people import find_person, put_person, tenant_of_person
from entitylocker.accounts.service import add_operator, load_session
from entitylocker.accounts.tokens import digest_of, new_token
from entitylocker.audit.models import Event
from entitylocker.config import Settings
from entitylocker.errors import StepUpRequired
from entitylocker.extensions import db, limiter, utc_now
from entitylocker.jobs.worker import connection_facts
from entitylocker.organisations.models import Membership
from entitylocker.organisations.person_notices import follow_address
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.accounts.mailbox import link_in, log_of, mails_to, post
from tests.accounts.test_resets import NEW, body, reset_path
from tests.accounts.test_sessions import another_session
from tests.factories import PASSWORD, Organisations, Person


@pytest.fixture(autouse=True)
def _no_counts(app: Flask) -> None:
    with app.app_context():
        limiter.storage.reset()


def fresh_address() -> str:
    return f"{uuid4().hex}@example.org"


def address_of(app: Flask, person: Person) -> str:
    with app.app_context():
        row = find_person(person.person_id)
    assert row is not None
    return row.email


def ask(app: Flask, person: Person, email: str) -> str:
    """Ask for another address; the path of the link that was mailed there."""
    with app.app_context():
        limiter.storage.reset()
    answer = post(person.client(), "/account/email", email=email)
    assert (answer.status_code, answer.location) == (303, "/account")
    return link_in(mails_to(app, email)[-1])


def change(app: Flask, person: Person, email: str) -> str:
    """Change the address; the path of the link that undoes it."""
    before = address_of(app, person)
    assert post(person.client(), ask(app, person, email)).status_code == 303
    return link_in(mails_to(app, before, "was changed")[-1])


def test_a_new_address_is_confirmed_by_its_link(app: Flask, organisations: Organisations) -> None:
    person, email = organisations.person(), fresh_address()
    path = ask(app, person, email)
    assert address_of(app, person) == person.email, "nothing has changed yet"
    client = person.client()
    for _ in range(2):
        page = client.get(path)
        assert page.status_code == 200, "looking uses nothing up"
        assert email in page.get_data(as_text=True)
    assert address_of(app, person) == person.email
    assert post(client, path).status_code == 303
    assert address_of(app, person) == email
    assert client.get("/account").status_code == 200, "the session goes on"
    assert post(app.test_client(), "/sign-in", email=email, password=PASSWORD).status_code == 303
    assert post(app.test_client(), "/sign-in", email=person.email, password=PASSWORD).status_code == 422
    assert post(client, path).status_code == 404, "a link works once"
    assert person.person_id in {event.subject_id for event in log_of(app, "person:address_change")}
    (told,) = mails_to(app, person.email, "was changed")
    assert email in told.text
    assert len(mails_to(app, email, "was changed")) == 1, "the new one hears of it, too"


def test_an_old_session_must_confirm_first(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    stale = replace(person.actor, confirmed_at=utc_now() - timedelta(hours=1))
    with app.test_request_context(), pytest.raises(StepUpRequired):
        address_change.ask_address(stale, fresh_address())


def test_the_address_one_has_is_not_a_new_one(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    assert post(person.client(), "/account/email", email=person.email).status_code == 422


def test_asking_again_ends_the_earlier_link(app: Flask, organisations: Organisations) -> None:
    person, email = organisations.person(), fresh_address()
    first = ask(app, person, email)
    second = ask(app, person, email)
    client = person.client()
    assert post(client, first).status_code == 404
    assert post(client, second).status_code == 303


def test_attack_who_follows_a_strange_link_gives_nothing_away(app: Flask, organisations: Organisations) -> None:
    """Somebody asks for the victim's address for an account of their own, and the victim follows the link."""
    thief, victim, theirs = organisations.person(), organisations.person(), fresh_address()
    path = ask(app, thief, theirs)
    assert app.test_client().get(path).location.startswith("/sign-in"), "the link alone does nothing"
    assert victim.client().get(path).status_code == 404
    assert post(victim.client(), path).status_code == 404
    assert (address_of(app, thief), address_of(app, victim)) == (thief.email, victim.email)


def test_attack_enumeration_by_change_of_address(app: Flask, organisations: Organisations) -> None:
    person, other, unknown = organisations.person(), organisations.person(), fresh_address()
    client = person.client()
    answers, pages = [], []
    for email in (other.email, unknown):
        answers.append(post(client, "/account/email", email=email))
        pages.append(body(client.get("/account"), email))
    assert len({(a.status_code, a.location) for a in answers}) == 1
    assert pages[0] == pages[1]
    (mail,) = mails_to(app, other.email)
    assert "/confirm/" not in mail.text
    assert len(mails_to(app, unknown)) == 1
    assert post(client, link_in(mails_to(app, unknown)[0])).status_code == 303


def test_an_address_taken_meanwhile_stays_with_who_has_it(app: Flask, organisations: Organisations) -> None:
    person, email, other_id = organisations.person(), fresh_address(), uuid4()
    path = ask(app, person, email)
    with app.app_context(), tenancy.transaction(tenant_of_person(other_id)):
        put_person(other_id, name="Other", email=email, password_hash=None, language=None)
    assert post(person.client(), path).status_code == 404
    assert address_of(app, person) == person.email


def test_this_was_not_me_gives_the_account_back(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    other = another_session(app, person)
    undo = change(app, person, fresh_address())
    stranger = app.test_client()
    for _ in range(2):
        assert stranger.get(undo).status_code == 200
    answer = post(stranger, undo)
    assert (answer.status_code, answer.location) == (303, "/forgotten")
    assert address_of(app, person) == person.email
    with app.app_context():
        assert load_session(person.token) is None and load_session(other.token) is None
    refused = post(app.test_client(), "/sign-in", email=person.email, password=PASSWORD)
    assert refused.status_code == 422, "who changed the address may know the password"
    assert post(stranger, undo).status_code == 404, "a link works once"
    assert len(mails_to(app, person.email, "yours again")) == 1
    assert post(app.test_client(), reset_path(app, person.email), password=NEW).status_code == 303
    assert post(app.test_client(), "/sign-in", email=person.email, password=NEW).status_code == 303


def test_undoing_takes_later_changes_with_it(app: Flask, organisations: Organisations) -> None:
    person, second, third = organisations.person(), fresh_address(), fresh_address()
    undo_first = change(app, person, second)
    undo_second = change(app, person, third)
    assert post(app.test_client(), undo_first).status_code == 303
    assert address_of(app, person) == person.email
    assert post(app.test_client(), undo_second).status_code == 404


def test_an_undo_works_for_seven_days_and_a_link_for_one(app: Flask, organisations: Organisations) -> None:
    assert address_change.UNDO_LIFETIME.days == 7
    person = organisations.person()
    confirm_token, undo_token = new_token(), new_token()
    over = utc_now() - timedelta(seconds=1)
    with app.app_context(), tenancy.transaction(tenant_of_person(person.person_id)):
        facts = {"person_id": person.person_id, "old_email": person.email, "old_normalised": person.email}
        db.session.add(
            AddressChange(
                **facts, new_email=fresh_address(), token_digest=new_token()[1], expires_at=over, confirmed_at=over,
                undo_digest=undo_token[1], undo_until=over,
            )
        )  # fmt: skip
        db.session.add(
            AddressChange(**facts, new_email=fresh_address(), token_digest=confirm_token[1], expires_at=over)
        )
    assert app.test_client().get(f"/account/email/undo/{undo_token[0]}").status_code == 404
    assert person.client().get(f"/account/email/confirm/{confirm_token[0]}").status_code == 404


def test_attack_the_old_address_is_kept_from_others_while_it_may_come_back(
    app: Flask, organisations: Organisations
) -> None:
    """Who took over an account must not be able to block the way back by an account with the old address."""
    person, thief = organisations.person(), organisations.person()
    undo = change(app, person, fresh_address())
    post(app.test_client(), "/sign-up", name="Thief", email=person.email, password=NEW)
    assert "confirm" not in mails_to(app, person.email)[-1].text.split("http")[-1]
    post(thief.client(), "/account/email", email=person.email)
    assert "/email/confirm/" not in mails_to(app, person.email)[-1].text
    other_id = uuid4()
    with app.app_context(), pytest.raises(AddressTaken), tenancy.transaction(tenant_of_person(other_id)):
        put_person(other_id, name="Thief", email=person.email.upper(), password_hash=None, language=None)
    assert post(app.test_client(), undo).status_code == 303
    assert address_of(app, person) == person.email


def test_one_may_go_back_to_ones_own_old_address(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    change(app, person, fresh_address())
    path = ask(app, person, person.email)
    assert post(person.client(), path).status_code == 303
    assert address_of(app, person) == person.email


def test_attack_undo_used_twice_at_once_has_one_winner(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    token = change(app, person, fresh_address()).rsplit("/", 1)[1]
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def use() -> None:
        with app.test_request_context():
            start.wait()
            try:
                address_change.undo_address(token)
                outcomes.append("done")
            except LinkEnded:
                outcomes.append("ended")

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["done", "ended"]


def test_attack_04_every_end_of_a_change_leaves_an_event(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    before = [(e.data["what"], e.data["why"]) for e in log_of(app, "person:address_end")]
    asked = len(log_of(app, "person:address_ask"))
    ask(app, person, fresh_address())
    undo = change(app, person, fresh_address())
    change(app, person, fresh_address())
    post(app.test_client(), undo)
    after = [(e.data["what"], e.data["why"]) for e in log_of(app, "person:address_end")]
    assert sorted(after[len(before) :]) == [("change", "replaced"), ("change", "undone")]
    assert len(log_of(app, "person:address_ask")) == asked + 3
    assert person.person_id in {event.subject_id for event in log_of(app, "person:address_undo")}


def test_a_link_for_a_new_password_ends_with_the_address(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    path = reset_path(app, person.email)
    change(app, person, fresh_address())
    assert app.test_client().get(path).status_code == 404


def jobs_for(settings: Settings, task: str, person_id: UUID) -> list[dict[str, str]]:
    with psycopg.connect(**connection_facts(settings.database_worker_url)) as connection:
        rows = connection.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = %s AND args->>'person_id' = %s ORDER BY id",
            [task, str(person_id)],
        ).fetchall()
    return [row[0] for row in rows]


def test_every_organisation_follows(app: Flask, organisations: Organisations, settings: Settings) -> None:
    first = organisations.make()
    organisations.make()
    guest = organisations.add_member(Role.READER, first.organisation_id)
    email = fresh_address()
    change(app, guest, email)
    (job,) = jobs_for(settings, "organisations.follow_address", guest.person_id)
    assert job["organisation_id"] == str(first.organisation_id)
    with app.app_context():
        follow_address(**job)
        follow_address(**job)
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=first.organisation_id)):
        rows = {
            row.person_id: row.person_email
            for row in db.session.scalars(select(Membership).where(Membership.organisation_id == first.organisation_id))
        }
        tags = list(
            db.session.scalars(
                select(Event.tag).where(
                    Event.organisation_id == first.organisation_id, Event.tag == "membership:address"
                )
            )
        )
    assert rows[guest.person_id] == email
    assert rows[first.person_id] == first.email
    assert tags == ["membership:address"], "once, however often the job runs"


def test_the_list_of_operators_follows(app: Flask, organisations: Organisations, settings: Settings) -> None:
    person, email = organisations.person(), fresh_address()
    with app.app_context():
        add_operator(name=person.name, email=person.email, password=PASSWORD)
    change(app, person, email)
    (job,) = jobs_for(settings, "accounts.follow_as_operator", person.person_id)
    with app.app_context():
        follow_as_operator(**job)
        with tenancy.transaction(Tenant(DatabaseRole.OPERATOR)):
            kept = db.session.scalars(select(Operator.email).where(Operator.person_id == person.person_id)).one()
    assert kept == email


def test_the_digest_alone_is_kept(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    token = ask(app, person, fresh_address()).rsplit("/", 1)[1]
    assert len(token) == 43 and len(digest_of(token)) == 32


@pytest.mark.parametrize(
    "email", ["a@b@example.in", "a@example.in\nBcc: b@example.in", '"x y"@example.in', "x\u200b@example.in", "a,b@x.in"]
)
def test_hostile_addresses_are_refused_in_words(app: Flask, organisations: Organisations, email: str) -> None:
    answer = post(organisations.person().client(), "/account/email", email=email)
    assert answer.status_code == 422
    assert "f-email-error" in answer.get_data(as_text=True)

"""News between organisations: part of the act, told once, in trail and mail, also when the worker fails in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.app import HOURLY
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.units import service, telling
from tests.factories import Member, Organisations
from tests.organisations.identity import events_of, mails_to, words_of
from tests.units.world import authorise, hear, join, letter, name_agent, open_unit

WAITING = text(
    "SELECT args->>'telling_id' FROM queue.procrastinate_jobs"
    " WHERE task_name = 'units.tell' AND args->>'organisation_id' = :place"
)


def waiting_for(member: Member) -> list[str]:
    with member.app.app_context(), tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        return list(db.session.scalars(WAITING, {"place": str(member.organisation_id)}))


def asked(parent: Member, child: Member) -> None:
    with parent.app.test_request_context():
        service.ask_to_join(parent.actor, code=service.renew_code(child.actor), note="as agreed")


def asking_mails(member: Member) -> list[Any]:
    return [mail for mail in mails_to(member) if "asks that Child becomes a unit of Parent" in words_of(mail)]


def heard(member: Member) -> list[tuple[str, str, str]]:
    events = events_of(member.app, member.organisation_id)
    return [(event.tag, event.data.get("by", ""), event.actor_name) for event in events if "by" in event.data]


def test_news_that_failed_once_is_told_once(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent, child = organisations.make(name="Parent"), organisations.make(name="Child")
    asked(parent, child)
    (telling_id,) = waiting_for(child)
    assert heard(child) == [] and asking_mails(child) == []
    send, failures = telling.send_mail, iter([True])

    def send_or_fail(**mail: Any) -> None:
        send(**mail)
        if next(failures, False):
            raise ConnectionError("the worker died here")

    monkeypatch.setattr(telling, "send_mail", send_or_fail)
    with app.app_context(), pytest.raises(ConnectionError):
        telling.tell_news(organisation_id=str(child.organisation_id), telling_id=telling_id)
    assert heard(child) == [] and asking_mails(child) == [], "half of it is nothing"
    for _ in range(2):
        with app.app_context():
            telling.tell_news(organisation_id=str(child.organisation_id), telling_id=telling_id)
    assert heard(child) == [("unit:ask", "Parent", parent.actor.name)]
    assert len(asking_mails(child)) == 1


def test_news_whose_job_died_with_its_worker_is_told_within_the_hour(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent, child = organisations.make(name="Parent"), organisations.make(name="Child")
    asked(parent, child)

    def jobs_after_an_hourly_round() -> int:
        with app.app_context():
            telling.tell_lost()
        return len(waiting_for(child))

    def die(place: str) -> None:
        begun = text("UPDATE queue.procrastinate_jobs SET status = 'doing' WHERE args->>'organisation_id' = :place")
        with app.app_context(), tenancy.transaction(Tenant(DatabaseRole.WORKER)):
            db.session.execute(begun, {"place": place})

    die(str(child.organisation_id))
    assert jobs_after_an_hourly_round() == 1, "it may still be at it"
    monkeypatch.setattr(telling, "utc_now", lambda: utc_now() + timedelta(minutes=11))
    assert jobs_after_an_hourly_round() == 2
    assert jobs_after_an_hourly_round() == 2, "one that waits is enough"
    hear(app, child.organisation_id)
    assert [tag for tag, _, _ in heard(child)] == ["unit:ask"]
    assert len(asking_mails(child)) == 1
    die(str(child.organisation_id))
    assert jobs_after_an_hourly_round() == 2, "what was told is not put in any more"


def test_the_worker_looks_for_lost_news_once_an_hour() -> None:
    assert telling.tell_lost in HOURLY


def test_an_act_that_did_not_happen_is_not_told(app: Flask, organisations: Organisations) -> None:
    parent, child = organisations.make(name="Parent"), organisations.make(name="Child")

    def die(running: tenancy.Running) -> None:
        if running.actor is not None and running.actor.organisation_id == parent.organisation_id:
            raise ConnectionError("died before the commit")

    with app.test_request_context():
        code, actor = service.renew_code(child.actor), parent.actor
        tenancy._before_commit.append(die)
        try:
            with pytest.raises(ConnectionError):
                service.ask_to_join(actor, code=code)
        finally:
            tenancy._before_commit.remove(die)
    assert waiting_for(child) == []
    assert events_of(app, parent.organisation_id)[-1].tag != "unit:ask"


def test_each_act_is_in_the_trail_and_the_mail_of_the_other_side(organisations: Organisations) -> None:
    parent = organisations.department(name="Parent", code=f"P-{uuid4().hex[:6].upper()}")
    child = organisations.department(name="Child", verified=False)
    link_id = join(parent, child)
    with parent.app.test_request_context():
        service.vouch_for(parent.actor, child.organisation_id, letter())
        service.withdraw_vouching(parent.actor, child.organisation_id)
        service.leave_parent(child.actor, link_id)
    agency = organisations.make(name="Firm")
    made = authorise(parent, agency, Role.READER)
    firm_member = organisations.add_member(Role.MEMBER, agency.organisation_id, name="Asha Rao")
    agent_id = name_agent(agency, made, firm_member)
    with parent.app.test_request_context():
        service.end_agent(agency.actor, made, agent_id)
        service.end_authorisation(parent.actor, made)
    for member, tags in (
        (child, ["unit:ask", "unit:vouch", "unit:withdraw_vouching"]),
        (parent, ["unit:join", "unit:leave", "authorisation:confirm", "agent:name", "agent:end"]),
        (agency, ["authorisation:propose", "authorisation:end"]),
    ):
        hear(member.app, member.organisation_id)
        assert sorted(tag for tag, _, _ in heard(member)) == sorted(tags)
        said = " ".join(words_of(mail) for mail in mails_to(member))
        assert "%(" not in said and said.count("Hello,") == len(tags)
    assert "lets Asha Rao act for Parent" in " ".join(words_of(mail) for mail in mails_to(parent))


def test_news_of_others_are_neither_put_in_nor_taken_out(app: Flask, organisations: Organisations) -> None:
    parent, child, stranger = (organisations.make(name=name) for name in ("Parent", "Child", "Stranger"))
    asked(parent, child)
    (telling_id,) = waiting_for(child)
    claim = text("SELECT * FROM claim_telling(:id)")
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=stranger.organisation_id)):
        assert db.session.execute(claim, {"id": telling_id}).all() == []
    forged = text(
        "INSERT INTO tellings (id, created_at, told_id, by_id, by_name, actor_kind, actor_name, means, through, tag,"
        " subject_kind, subject_name, data, facts) VALUES (gen_random_uuid(), now(), :told, :by, 'Parent', 'person',"
        " 'Asha', 'session', '', 'unit:join', 'organisation', '', '{}', '{}')"
    )
    with (
        app.app_context(),
        pytest.raises(Exception, match="row-level security"),
        tenancy.transaction(Tenant(organisation_id=stranger.organisation_id)),
    ):
        db.session.execute(forged, {"told": child.organisation_id, "by": parent.organisation_id})
    hear(app, child.organisation_id)
    assert [tag for tag, _, _ in heard(child)] == ["unit:ask"]


def test_a_unit_without_administrators_reads_it_later(organisations: Organisations) -> None:
    parent = organisations.department(name="Parent")
    unit_id = open_unit(parent)
    with parent.app.test_request_context():
        service.vouch_for(parent.actor, unit_id, letter())
    hear(parent.app, unit_id)
    assert "unit:vouch" in [event.tag for event in events_of(parent.app, unit_id)]

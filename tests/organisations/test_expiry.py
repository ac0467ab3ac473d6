"""Verified identifiers with a last day: they end, are told of, are renewed; and what ends with the last of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from entitylocker import tenancy
from entitylocker.access import Permission, Role, decide
from entitylocker.config import Settings
from entitylocker.errors import PermissionDenied
from entitylocker.extensions import db
from entitylocker.identifiers import IdentifierKind
from entitylocker.jobs.queue import job_actor
from entitylocker.organisations import expiry, rules, service
from entitylocker.organisations.errors import AlreadyOver, AlreadyStated
from entitylocker.organisations.events import IdentifierExpired
from entitylocker.organisations.presenting import attention
from entitylocker.organisations.states import IdentifierState
from entitylocker.sharing import service as sharing
from entitylocker.sharing.views import Choices
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.factories import Member, Organisations, next_pan
from tests.oauth.world import make_world
from tests.organisations.identity import (
    events_of,
    in_days,
    mails_to,
    pending_of,
    put_last_day,
    rows_of,
    state,
    words_of,
)

LEI = "506700GE1G29325QX363"


def expire(member: Member) -> int:
    """What the job does for one organisation."""
    with member.app.app_context():
        return expiry.expire_due(job_actor(member.organisation_id))


def verified_until(organisations: Organisations, days: int) -> Member:
    """A verified organisation whose only identifier ends in so many days; a past day is put there afterwards."""
    member = organisations.make()
    put_last_day(organisations.app, rows_of(member)[0].id, in_days(days))
    return member


def test_the_last_day_still_counts_and_the_day_after_it_is_expired(app: Flask, organisations: Organisations) -> None:
    member = verified_until(organisations, 0)
    assert expire(member) == 0
    assert member.actor.organisation_verified
    put_last_day(app, rows_of(member)[0].id, in_days(-1))
    assert expire(member) == 1
    assert expire(member) == 0, "a second job finds nothing left"
    (row,) = rows_of(member)
    assert (row.state, row.method) == (IdentifierState.EXPIRED, "operator")
    assert row.ended_at is not None
    assert not member.actor.organisation_verified
    assert not decide(member.actor, Permission.CONSENT_GIVE, member.actor.facts)


def test_expiry_leaves_an_event_a_mail_to_administrators_and_a_domain_event(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = verified_until(organisations, -3)
    other = organisations.add_member(Role.ADMINISTRATOR, member.organisation_id)
    reader = organisations.add_member(Role.READER, member.organisation_id)
    heard: list[IdentifierExpired] = []
    monkeypatch.setitem(tenancy._reactions, IdentifierExpired, [heard.append])
    expire(member)
    (row,) = rows_of(member)
    assert [(event.organisation_id, event.identifier_id) for event in heard] == [(member.organisation_id, row.id)]
    last = events_of(app, member.organisation_id)[-1]
    assert (last.tag, last.subject_id, last.actor_kind) == ("identifier:expire", row.id, "job")
    assert last.data["valid_until"] == in_days(-3).isoformat()
    for administrator in (member, other):
        mail = mails_to(administrator)[0]
        assert row.value in words_of(mail)
        assert "has expired" in words_of(mail)
        assert f"/organisations/{member.organisation_id}/details" in words_of(mail)
    assert not any(row.value in words_of(mail) for mail in mails_to(reader))


def test_the_hourly_job_finds_every_organisation_with_something_due(app: Flask, organisations: Organisations) -> None:
    due, later = verified_until(organisations, -1), verified_until(organisations, 1)
    with app.app_context():
        expiry.expire_identifiers()
        with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
            queued = text("SELECT args->>'organisation_id' FROM procrastinate_jobs WHERE task_name = :name")
            waiting = db.session.scalars(queued, {"name": "organisations.expire_of"}).all()
        assert waiting.count(str(due.organisation_id)) == 1
        assert str(later.organisation_id) not in waiting
        expiry.expire_of(str(due.organisation_id))
    assert rows_of(due)[0].state == IdentifierState.EXPIRED
    assert later.actor.organisation_verified


def test_the_apps_own_role_expires_nothing_that_is_not_due(app: Flask, organisations: Organisations) -> None:
    """Nor anything of another organisation: the function of the database looks itself."""
    member, other = verified_until(organisations, 0), verified_until(organisations, -1)
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        assert db.session.execute(text("SELECT * FROM sweep_expired_identifiers()")).all() == []
    assert other.actor.organisation_verified
    tenant = Tenant(organisation_id=other.organisation_id)
    with app.app_context(), pytest.raises(DBAPIError), tenancy.transaction(tenant):
        db.session.execute(text("UPDATE identifiers SET state = 'expired'"))


def test_while_another_identifier_is_verified_the_organisation_stays_verified(
    app: Flask, organisations: Organisations
) -> None:
    member = organisations.make()
    state(member, IdentifierKind.TAN, f"MUMA{next_pan()[5:9]}1A")
    with app.test_request_context():
        organisations.verify(member.organisation_id)
    tan = next(row for row in rows_of(member) if row.kind == "tan")
    put_last_day(app, tan.id, in_days(-1))
    assert expire(member) == 1
    assert member.actor.organisation_verified


def test_with_the_last_identifier_consents_portals_and_check_pages_rest(
    app: Flask, organisations: Organisations, settings: Settings
) -> None:
    """At once: what asks joins the state on each read."""
    world = make_world(app, organisations, settings.base_url)
    document_id = world.deposit("PANCR")
    world.documents["PANCR"] = document_id
    tokens = world.tokens(details=world.program.details(fetch={"times": 9}))
    with app.test_request_context():
        page = sharing.issue_check_page(world.giver.actor, document_id, Choices()).page
    assert page is not None
    content = f"/api/v1/consents/{tokens['consent_id']}/documents/{document_id}/content"
    assert world.program.get(content, tokens["access_token"]).status_code == 200
    assert app.test_client().get(f"/check/{page.code}").status_code == 200
    put_last_day(app, rows_of(world.giver)[0].id, in_days(-1))
    expire(world.giver)
    refused = world.program.get(content, tokens["access_token"])
    assert (refused.status_code, refused.json["code"]) == (403, "organisation_not_verified")
    assert app.test_client().get(f"/check/{page.code}").status_code == 404
    assert "Only a verified organisation may give documents" in world.page(world.program.pushed()).text
    with app.test_request_context(), pytest.raises(PermissionDenied):
        sharing.issue_check_page(world.giver.actor, world.deposit("GSTRC"), Choices())


def test_a_portal_whose_keeper_is_no_longer_verified_asks_for_nothing(
    app: Flask, organisations: Organisations, settings: Settings
) -> None:
    world = make_world(app, organisations, settings.base_url)
    assert world.program.push().status_code == 201
    put_last_day(app, rows_of(world.keeper)[0].id, in_days(-1))
    expire(world.keeper)
    assert world.program.push().status_code in (400, 401, 403)


def test_it_is_renewed_by_stating_it_again(app: Flask, organisations: Organisations) -> None:
    member = verified_until(organisations, 30)
    pan = rows_of(member)[0].value
    state(member, IdentifierKind.PAN, pan, valid_until=in_days(400))
    (pending,) = pending_of(organisations, member.organisation_id)
    assert (pending.renews, pending.contested, pending.valid_until) == (True, False, in_days(400))
    assert member.actor.organisation_verified, "the old one counts until the new one does"
    with app.test_request_context():
        service.verify_identifier(organisations.operator(), pending.id, "seen")
    new, old = rows_of(member)
    assert (new.state, new.valid_until) == (IdentifierState.VERIFIED, in_days(400))
    assert (old.state, old.method) == (IdentifierState.EXPIRED, "renewed")
    put_last_day(app, new.id, in_days(-1))
    assert expire(member) == 1


def test_after_it_has_expired_it_is_stated_and_verified_anew(app: Flask, organisations: Organisations) -> None:
    member = verified_until(organisations, -1)
    expire(member)
    state(member, IdentifierKind.PAN, rows_of(member)[0].value)
    with app.test_request_context():
        organisations.verify(member.organisation_id)
    assert member.actor.organisation_verified


def test_one_that_does_not_end_soon_is_not_stated_twice(organisations: Organisations) -> None:
    for days in (31, None):
        member = organisations.make()
        if days:
            put_last_day(organisations.app, rows_of(member)[0].id, in_days(days))
        with pytest.raises(AlreadyStated):
            state(member, IdentifierKind.PAN, rows_of(member)[0].value)
    ending = verified_until(organisations, 3)
    state(ending, IdentifierKind.PAN, rows_of(ending)[0].value)
    with pytest.raises(AlreadyStated):
        state(ending, IdentifierKind.PAN, rows_of(ending)[0].value)


def test_the_operator_sets_the_last_day_when_verifying(app: Flask, organisations: Organisations) -> None:
    member, operator = organisations.make(), organisations.operator()
    claim = state(member, IdentifierKind.LEI, LEI, valid_until=in_days(5))
    with app.test_request_context():
        with pytest.raises(AlreadyOver):
            service.verify_identifier(operator, claim, valid_until=in_days(-1))
        service.verify_identifier(operator, claim, valid_until=in_days(365))
    assert rows_of(member)[0].valid_until == in_days(365)
    # Elsewhere it may be wanted: an LEI has one holder.
    put_last_day(app, claim, in_days(-1))
    expire(member)


def test_a_day_that_is_over_is_not_stated(organisations: Organisations) -> None:
    member = organisations.make()
    with pytest.raises(AlreadyOver) as wrong:
        state(member, IdentifierKind.FSSAI, "10020022000001", valid_until=in_days(-1))
    assert wrong.value.field == "valid_until"


def test_days_are_days_in_india(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "utc_now", lambda: datetime(2026, 11, 23, 18, 29, tzinfo=UTC))
    assert rules.today().isoformat() == "2026-11-23"
    monkeypatch.setattr(rules, "utc_now", lambda: datetime(2026, 11, 23, 18, 30, tzinfo=UTC))
    assert rules.today().isoformat() == "2026-11-24"
    assert rules.is_over(datetime(2026, 11, 23).date())
    assert not rules.is_over(datetime(2026, 11, 24).date())


def reminders(member: Member) -> list[Any]:
    with member.app.test_request_context():
        actor = member.actor
        return [found.title for found in attention(actor, service.get_overview(actor))]


def test_the_overview_reminds_thirty_days_before(app: Flask, organisations: Organisations) -> None:
    member = verified_until(organisations, 31)
    pan = rows_of(member)[0].value
    assert not any(pan in title for title in reminders(member))
    put_last_day(app, rows_of(member)[0].id, in_days(30))
    assert any(pan in title and "ends on" in title for title in reminders(member))
    page = member.client().get(f"/organisations/{member.organisation_id}").get_data(as_text=True)
    assert pan in page
    assert "State it again to renew it" in member.client().get(f"/organisations/{member.organisation_id}/details").text
    state(member, IdentifierKind.PAN, pan)
    assert not any(pan in title for title in reminders(member)), "it was stated again: the operator has it"


def test_the_overview_says_that_it_has_expired(organisations: Organisations) -> None:
    member = verified_until(organisations, -1)
    expire(member)
    assert "The organisation is not verified any more" in reminders(member)
    page = member.client().get(f"/organisations/{member.organisation_id}/details").get_data(as_text=True)
    assert "Expired" in page
    assert "You cannot yet: give consents" in page

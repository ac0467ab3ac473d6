"""How many invitations leave the house in a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from flask import Flask

from entitylocker.access import Means, Role
from entitylocker.app import create_app
from entitylocker.config import Settings
from entitylocker.identifiers import OrganisationKind
from entitylocker.onboarding import service as onboarding
from entitylocker.onboarding.models import RowState, RunState
from entitylocker.organisations import sending_limits, service
from entitylocker.organisations.errors import TooManyInvitations
from entitylocker.organisations.life_rules import ProposalKind
from entitylocker.units.service import open_child
from tests.factories import Member, Organisations
from tests.onboarding.officers import Officer, Sheet
from tests.organisations.helpers import about, propose, vote


@pytest.fixture
def app(settings: Settings) -> Flask:
    """A house with low limits."""
    return create_app(replace(settings, invitations_per_day=4, invitations_per_day_unverified=2))


def address() -> str:
    return f"{uuid4().hex[:10]}@x.example"


def invite(member: Member) -> UUID:
    return service.invite_member(member.actor, address(), Role.READER).id


def test_an_unverified_organisation_sends_few_and_a_verified_one_more(app: Flask, organisations: Organisations) -> None:
    with app.test_request_context():
        for member, limit in ((organisations.make(verified=False), 2), (organisations.make(), 4)):
            for number in range(limit):
                assert service.get_sendings(member.actor).left == limit - number
                last = invite(member)
            with pytest.raises(TooManyInvitations) as refused:
                invite(member)
            assert refused.value.facts["limit"] == limit
            with pytest.raises(TooManyInvitations):
                service.invite_by_phone(member.actor, "+919876543210", Role.READER)
            with pytest.raises(TooManyInvitations):
                service.resend_mail(member.actor, last)
            service.issue_slip(member.actor, service.ForWhom("Asha Rao"), Role.READER)
            found = service.get_sendings(member.actor)
            assert (found.sent, found.left) == (limit, 0), "what was refused was not sent"


def test_what_the_administrators_voted_waits_for_no_other_day(app: Flask, organisations: Organisations) -> None:
    first = organisations.make(verified=False)
    second, lost = (organisations.add_member(Role.ADMINISTRATOR, first.organisation_id) for _ in range(2))
    with app.test_request_context():
        while service.get_sendings(first.actor).left:
            invite(first)
    email = address()
    vote(second, propose(first, about(lost, ProposalKind.REPLACE, email=email)))
    with app.test_request_context():
        assert email in [each.email for each in service.list_invitations(first.actor)]


def test_units_of_ones_own_making_are_no_way_to_send_more(app: Flask, organisations: Organisations) -> None:
    parent = organisations.make(verified=False)
    with app.test_request_context():
        invite(parent)
        for name in ("One", "Two"):
            open_child(parent.actor, name=name, kind=OrganisationKind.OTHER)
        content = Sheet([Officer(name, f"Officer {name}", address()) for name in ("One", "Two")]).bytes()
        run_id = onboarding.keep_run(parent.actor, onboarding.SentFile("f.csv", content))
        onboarding.work(lambda: onboarding.load_runner(parent.person_id, parent.organisation_id, Means.COMMAND), run_id)
        run = onboarding.get_run(parent.actor, run_id)
    assert [row.state for row in run.rows] == [RowState.DONE, RowState.FAILED]


def test_a_file_goes_on_the_next_day_where_it_stopped(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = organisations.department()
    rows = [Officer(f"Office {n}", f"Officer {n}", address()) for n in range(6)]
    rows.append(Officer("Office 6", "Officer 6", way="slip"))
    with app.test_request_context():
        run_id = onboarding.keep_run(parent.actor, onboarding.SentFile("f.csv", Sheet(rows).bytes()))
    place = f"/organisations/{parent.organisation_id}/onboarding/{run_id}"
    assert "6 rows send a mail or a text message; today 4 of 4 are left" in parent.client().get(place).text

    def work() -> onboarding.RunView:
        def now() -> object:
            return onboarding.load_runner(parent.person_id, parent.organisation_id, Means.COMMAND)

        with app.test_request_context():
            onboarding.work(now, run_id)  # type: ignore[arg-type]
            return onboarding.get_run(parent.actor, run_id)

    run = work()
    assert run.state is RunState.STOPPED and run.counts == {RowState.DONE: 5, RowState.FAILED: 2}
    with app.test_request_context():
        (word,) = run.rows[4].problems
        assert "4 invitations a day" in word.text and "from the beginning of" in word.text
    assert "2 rows send a mail or a text message; today 0 of 4 are left" in parent.client().get(place).text
    tomorrow = sending_limits.today().replace(year=2999)
    monkeypatch.setattr(sending_limits, "today", lambda: tomorrow)
    assert work().counts == {RowState.DONE: 7}


@pytest.mark.parametrize(
    ("at", "day"), [("2026-03-31T18:29:59", date(2026, 3, 31)), ("2026-03-31T18:30:00", date(2026, 4, 1))]
)
def test_a_day_begins_at_midnight_in_india(at: str, day: date) -> None:
    assert sending_limits.today(datetime.fromisoformat(at).replace(tzinfo=UTC)) == day

"""Recovery without the operator: what administrators decide together."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.audit.models import Event
from entitylocker.delegations.service import load_member
from entitylocker.errors import LockerError, NotFound, PermissionDenied
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import list_outbox
from entitylocker.organisations import service
from entitylocker.organisations.errors import (
    AlreadyMember,
    NeedsQuorum,
    NotConcerned,
    NotYet,
    NoVoteHere,
    ProposalEnded,
    ProposedAlready,
    SmallerRole,
)
from entitylocker.organisations.life_rules import Outcome, ProposalKind
from entitylocker.organisations.models import Membership
from entitylocker.organisations.proposal_models import Proposal
from entitylocker.organisations.service import Wish
from entitylocker.tenancy import Tenant
from tests.factories import Member, Organisations
from tests.organisations.helpers import (
    REASON,
    about,
    carry_out,
    change,
    end_administrator,
    get,
    post,
    propose,
    vote,
    wait_for_objection,
)


@pytest.fixture
def three(organisations: Organisations) -> list[Member]:
    """Three administrators of one organisation."""
    return administrators(organisations, 3)


def administrators(organisations: Organisations, number: int) -> list[Member]:
    first = organisations.make()
    names = ["Rohan Kulkarni", "Asha Rao", "Imran Shaikh", "Kavya Nair"]
    others = [organisations.add_member(Role.ADMINISTRATOR, first.organisation_id, name) for name in names[: number - 1]]
    return [first, *others]


def is_member(member: Member) -> bool:
    with member.app.app_context():
        return load_member(member.person_id, member.session_id, member.organisation_id) is not None


def tags(member: Member) -> list[str]:
    with member.app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        return list(db.session.scalars(select(Event.tag).order_by(Event.sequence)))


def mails_to(member: Member) -> list[str]:
    with member.app.app_context():
        return [mail.subject for mail in list_outbox(limit=500) if mail.recipient == member.email]


def test_no_administrator_removes_another_alone(three: list[Member]) -> None:
    first, second, _ = three
    with first.app.test_request_context(), pytest.raises(NeedsQuorum):
        service.end_membership(first.actor, second.actor.membership_id)  # type: ignore[arg-type]
    assert post(first, f"/members/{second.actor.membership_id}/end").status_code == 409
    assert is_member(second)


def test_two_of_the_others_remove_an_administrator_at_once(three: list[Member]) -> None:
    first, second, third = three
    client = third.client()
    home = f"/organisations/{first.organisation_id}"
    assert client.get(home).status_code == 200
    proposal_id = propose(first, about(third))
    assert is_member(third), "one vote of two is not enough"
    assert vote(second, proposal_id) is Outcome.CARRIED_OUT
    assert client.get(home).status_code == 404
    assert {"proposal:make", "proposal:vote", "proposal:end", "membership:end"} <= set(tags(first))
    for each in three:
        assert len([subject for subject in mails_to(each) if "proposal" in subject]) == 2, "proposed and ended"


def test_whom_it_concerns_and_who_is_no_administrator_have_no_vote(
    three: list[Member], organisations: Organisations
) -> None:
    first, _, third = three
    proposal_id = propose(first, about(third))
    with pytest.raises(NoVoteHere):
        vote(third, proposal_id, yes=False)
    auditor = organisations.add_member(Role.AUDITOR, first.organisation_id)
    with pytest.raises(PermissionDenied):
        vote(auditor, proposal_id)
    with pytest.raises(PermissionDenied):
        propose(auditor, about(third))
    with pytest.raises(NotConcerned):
        propose(first, about(auditor))
    with pytest.raises(NotConcerned):
        propose(first, about(first))


def test_a_delegated_administrator_has_no_vote(three: list[Member], organisations: Organisations) -> None:
    from tests.organisations.test_members import give_until_tomorrow

    first, _, third = three
    deputy = organisations.add_member(Role.READER, first.organisation_id)
    give_until_tomorrow(first, deputy, Role.ADMINISTRATOR)
    proposal_id = propose(first, about(third))
    with pytest.raises(NoVoteHere):
        vote(deputy, proposal_id)
    with pytest.raises(NoVoteHere):
        propose(deputy, about(first))


def test_a_vote_of_somebody_who_was_removed_meanwhile_does_not_count(organisations: Organisations) -> None:
    one, two, three, four, five = administrators(organisations, 5)
    proposal_id = propose(one, about(five))
    vote(two, proposal_id)
    end_administrator(one, three, four, gone=two)
    assert not is_member(two)
    assert is_member(five)
    # Of one, three and four two are needed now: one said yes already.
    assert vote(three, proposal_id) is Outcome.CARRIED_OUT
    assert not is_member(five)


def test_what_a_removed_administrator_proposed_ends(organisations: Organisations) -> None:
    one, two, three, four = administrators(organisations, 4)
    theirs = propose(two, about(one))
    end_administrator(one, three, gone=two)
    with pytest.raises(ProposalEnded):
        vote(three, theirs)
    assert is_member(one)
    assert is_member(four)


def test_a_no_of_enough_others_declines(three: list[Member]) -> None:
    first, second, third = three
    proposal_id = propose(first, about(third))
    assert vote(second, proposal_id, yes=False) is Outcome.DECLINED
    with pytest.raises(ProposalEnded):
        vote(second, proposal_id)
    assert is_member(third)


def test_with_two_administrators_one_waits_seven_days(organisations: Organisations) -> None:
    first, second = administrators(organisations, 2)
    proposal_id = propose(first, about(second))
    assert len([subject for subject in mails_to(second) if "proposal" in subject]) == 2, "proposed, and what to do"
    with pytest.raises(NotYet):
        carry_out(first, proposal_id)
    change(first.app, first.organisation_id, Proposal, alone_since=utc_now() - timedelta(days=6, hours=23))
    with pytest.raises(NotYet):
        carry_out(first, proposal_id)
    with pytest.raises(NoVoteHere):
        carry_out(second, proposal_id)
    wait_for_objection(first)
    carry_out(first, proposal_id)
    assert not is_member(second)


def test_administrators_seated_by_one_do_not_outvote_the_other(organisations: Organisations) -> None:
    """An account that was taken over invites its own majority: the other may still object for seven days."""
    first, second = administrators(organisations, 2)
    change(first.app, first.organisation_id, Membership, created_at=utc_now() - timedelta(days=30))
    seated = [organisations.add_member(Role.ADMINISTRATOR, first.organisation_id) for _ in range(3)]
    proposal_id = propose(first, about(second))
    for one in seated:
        vote(one, proposal_id)
    assert is_member(second)
    with pytest.raises(NotYet):
        carry_out(first, proposal_id)
    assert post(second, f"/proposals/{proposal_id}/object").status_code == 303
    assert is_member(second)


def test_an_objection_of_the_only_other_stops_it(organisations: Organisations) -> None:
    first, second = administrators(organisations, 2)
    proposal_id = propose(first, about(second))
    assert post(second, f"/proposals/{proposal_id}/object").status_code == 303
    wait_for_objection(first)
    with pytest.raises(ProposalEnded):
        carry_out(first, proposal_id)
    assert is_member(second)
    assert "proposal:object" in tags(first)


def test_one_who_becomes_alone_later_waits_from_then_on(three: list[Member]) -> None:
    """A third administrator who leaves must not make an old proposal ripe at once."""
    first, second, third = three
    proposal_id = propose(first, about(third))
    with first.app.test_request_context():
        service.leave_organisation(second.actor)
    carry_out(first, proposal_id)
    assert is_member(third), "the seven days begin now"
    assert mails_to(third)
    with third.app.test_request_context():
        assert service.object_to(third.actor, proposal_id) is Outcome.OBJECTED


def test_proposals_expire_after_fourteen_days(three: list[Member]) -> None:
    first, second, third = three
    proposal_id = propose(first, about(third))
    change(first.app, first.organisation_id, Proposal, expires_at=utc_now())
    with pytest.raises(ProposalEnded):
        vote(second, proposal_id)
    assert is_member(third)
    assert "Expired" in get(first, "/proposals").text
    assert propose(first, about(third)) != proposal_id, "and can be made anew"


def test_a_proposal_is_withdrawn_by_whoever_made_it(three: list[Member]) -> None:
    first, second, third = three
    proposal_id = propose(first, about(third))
    with pytest.raises(ProposedAlready):
        propose(second, about(third))
    assert post(second, f"/proposals/{proposal_id}/withdraw").status_code == 403
    assert post(first, f"/proposals/{proposal_id}/withdraw").status_code == 303
    with pytest.raises(ProposalEnded):
        vote(second, proposal_id)


def test_a_demoted_administrator_keeps_a_smaller_role(three: list[Member]) -> None:
    first, second, third = three
    with pytest.raises(SmallerRole):
        propose(first, about(third, ProposalKind.DEMOTE, role=Role.ADMINISTRATOR))
    vote(second, propose(first, about(third, ProposalKind.DEMOTE, role=Role.READER)))
    assert third.actor.roles == (Role.READER,)


def test_a_lost_account_is_replaced_by_an_invitation(three: list[Member]) -> None:
    first, second, third = three
    email = f"{uuid4().hex}@example.in"
    vote(second, propose(first, about(third, ProposalKind.REPLACE, email=email)))
    assert not is_member(third)
    with first.app.app_context():
        (invitation,) = service.list_invitations(first.actor)
        assert (invitation.email, invitation.role) == (email, Role.ADMINISTRATOR)
        assert any(mail.recipient == email for mail in list_outbox(limit=200))


def test_the_other_account_of_a_lost_one_may_be_a_member_already(
    three: list[Member], organisations: Organisations
) -> None:
    first, second, third = three
    known = organisations.add_member(Role.READER, first.organisation_id, "Imran with another account")
    vote(second, propose(first, about(third, ProposalKind.REPLACE, email=known.email)))
    assert not is_member(third)
    assert [grant.role for grant in known.actor.grants] == [Role.ADMINISTRATOR]
    with first.app.app_context():
        assert service.list_invitations(first.actor) == []


def test_no_administrator_replaces_another_and_no_lost_account_itself(three: list[Member]) -> None:
    first, second, third = three
    for email in (second.email, third.email):
        with pytest.raises(AlreadyMember):
            propose(first, about(third, ProposalKind.REPLACE, email=email))


def test_a_proposal_of_another_organisation_is_not_there(three: list[Member], organisations: Organisations) -> None:
    first, _, third = three
    proposal_id = propose(first, about(third))
    stranger = organisations.make()
    with pytest.raises(NotFound):
        vote(stranger, proposal_id)
    wish = Wish(ProposalKind.REMOVE, REASON, concerned_id=third.actor.membership_id)
    with pytest.raises(NotConcerned):
        propose(stranger, wish)


def test_pages_and_forms(three: list[Member]) -> None:
    first, second, third = three
    target = third.actor.membership_id
    assert "Propose to remove" in get(first, "/people").text
    sent = post(first, "/proposals/new", concerned_id=target, kind="remove", reason=REASON)
    assert sent.status_code == 303, sent.text
    assert "1 proposal is open" in get(second, "").text
    page = get(second, "/proposals").text
    assert "Vote yes" in page
    assert "Object" in get(third, "/proposals").text
    proposal_id = page.split("/proposals/")[-1].split("/")[0]
    assert post(second, f"/proposals/{proposal_id}/vote", vote="yes").status_code == 303
    assert "Carried out" in get(first, "/proposals").text
    assert post(first, "/proposals/new", concerned_id=target, kind="replace", email="no", reason="").status_code == 422


def at_once(acts: list[Any]) -> list[str]:
    """Run the acts at the same moment; answers `done` or the code of the refusal for each."""
    start, outcomes = threading.Barrier(len(acts)), []

    def run(act: Any) -> None:
        start.wait()
        try:
            act()
            outcomes.append("done")
        except LockerError as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(outcomes) == len(acts), "somebody waits for ever"
    return outcomes


def count_administrators(app: Flask, organisation_id: UUID) -> int:
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=organisation_id)):
        query = select(Membership).where(Membership.role == Role.ADMINISTRATOR, Membership.ended_at.is_(None))
        return len(db.session.scalars(query).all())


@pytest.mark.parametrize("round_number", range(6))
def test_two_who_carry_out_each_others_removal_leave_one(organisations: Organisations, round_number: int) -> None:
    """Fault 16: whoever is quicker, somebody remains; with eight threads for each at the same moment."""
    first, second = administrators(organisations, 2)
    ripe = [(first, propose(first, about(second))), (second, propose(second, about(first)))]
    wait_for_objection(first)
    actors = [(who.actor, proposal_id) for who, proposal_id in ripe]

    def act(actor: Any, proposal_id: UUID) -> None:
        with first.app.test_request_context():
            service.carry_out_proposal(actor, proposal_id)

    at_once([lambda a=a, p=p: act(a, p) for a, p in itertools.chain.from_iterable([actors] * 8)])
    assert count_administrators(first.app, first.organisation_id) == 1


@pytest.mark.parametrize("round_number", range(4))
def test_four_who_vote_each_other_out_at_once_leave_somebody(organisations: Organisations, round_number: int) -> None:
    people = administrators(organisations, 4)
    app, proposals = people[0].app, [propose(a, about(b)) for a, b in zip(people, people[1:] + people[:1], strict=True)]
    actors = [member.actor for member in people]

    def act(actor: Any, proposal_id: UUID) -> None:
        with app.test_request_context():
            service.vote(actor, proposal_id, yes=True)

    at_once([lambda a=a, p=p: act(a, p) for a in actors for p in proposals])
    left = count_administrators(app, people[0].organisation_id)
    assert 1 <= left <= 3, "some proposals had their votes, and nobody was the last"

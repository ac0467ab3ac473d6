"""The organisation's pages of consents."""

from __future__ import annotations

from uuid import uuid4

import pytest

from entitylocker.access import Role
from entitylocker.consents import service
from entitylocker.consents.events import ConsentRevoked
from entitylocker.consents.rules import ConsentState, WhyNot, is_good_enough, state_of, why_not
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.extensions import utc_now
from entitylocker.signatures.verdicts import Verdict
from entitylocker.tenancy import react
from tests.factories import Member, csrf_token
from tests.oauth.world import World, text_of


def page(world: World, member: Member, consent_id: object = "") -> str:
    address = f"/organisations/{member.organisation_id}/consents"
    answer = member.client().get(f"{address}/{consent_id}" if consent_id else address)
    assert answer.status_code == 200, answer.text
    return text_of(answer)


def test_the_page_says_what_was_given_and_what_was_used(world: World) -> None:
    assert "No consent is in force" in page(world, world.giver)
    tokens = world.tokens()
    path = f"/api/v1/consents/{tokens['consent_id']}/documents/{world.documents['PANCR']}/content"
    assert "Nothing fetched yet" in page(world, world.giver)
    world.program.get(path, tokens["access_token"])
    words = page(world, world.giver)
    for part in (
        "State e-Tender Portal",
        "portal.example.in",
        "Certificate PANCR",
        "Bid in tender",
        "1 fetch",
        "Withdraw",
    ):
        assert part in words, part
    one = page(world, world.giver, tokens["consent_id"])
    for part in ("State Public Works Department", "Each document at most 2 times", "90 days", "Administrator"):
        assert part in one, part


def test_withdrawing_takes_two_clicks_says_its_effect_and_is_on_the_page(world: World) -> None:
    tokens = world.tokens()
    client = world.giver.client()
    address = f"/organisations/{world.giver.organisation_id}/consents"
    first = client.get(address).text
    assert "the portal can fetch nothing more" in first
    assert "<summary" in first.split("the portal can fetch nothing more")[0][-400:]
    data = {"csrf_token": csrf_token(client)}
    answer = client.post(f"{address}/{tokens['consent_id']}/revoke", data=data, follow_redirects=True)
    assert "is withdrawn" in text_of(answer)
    assert "Withdrawn" in page(world, world.giver)
    assert client.post(f"{address}/{tokens['consent_id']}/revoke", data=data).status_code == 303
    assert world.tags().count("consent:revoke") == 1


def test_withdrawing_needs_the_csrf_token(world: World) -> None:
    tokens = world.tokens()
    address = f"/organisations/{world.giver.organisation_id}/consents/{tokens['consent_id']}/revoke"
    assert world.giver.client().post(address).status_code == 400
    assert "consent:revoke" not in world.tags()


def test_a_withdrawal_is_told_to_the_rooms_above(world: World) -> None:
    told: list[ConsentRevoked] = []
    react(ConsentRevoked, told.append)
    tokens = world.tokens()
    with world.app.test_request_context():
        [consent] = service.list_consents(world.giver.actor)
        service.revoke_consent(world.giver.actor, consent.id)
        service.revoke_consent(world.giver.actor, consent.id)
    mine = [happening for happening in told if happening.organisation_id == world.giver.organisation_id]
    assert [str(happening.consent_id) for happening in mine] == [tokens["consent_id"]]


def test_who_may_look_and_who_may_withdraw(world: World) -> None:
    world.tokens()
    auditor = world.organisations.add_member(Role.AUDITOR, world.giver.organisation_id)
    reader = world.organisations.add_member(Role.READER, world.giver.organisation_id)
    signatory = world.organisations.add_member(Role.SIGNATORY, world.giver.organisation_id)
    with world.app.test_request_context():
        [consent] = service.list_consents(auditor.actor)
        with pytest.raises(PermissionDenied):
            service.revoke_consent(auditor.actor, consent.id)
        for act in (service.get_consent, service.revoke_consent):
            with pytest.raises(PermissionDenied):
                act(reader.actor, consent.id)
        with pytest.raises(PermissionDenied):
            service.list_consents(reader.actor)
        assert service.revoke_consent(signatory.actor, consent.id).state is ConsentState.WITHDRAWN


def test_consents_of_others_are_not_there(world: World) -> None:
    world.tokens()
    stranger = world.organisations.make()
    with world.app.test_request_context():
        [consent] = service.list_consents(world.giver.actor)
        # The keeper's row level security lets it see the row; its pages show what it gave itself.
        for member in (stranger, world.keeper):
            assert service.list_consents(member.actor) == []
            for act in (service.get_consent, service.revoke_consent):
                with pytest.raises(NotFound):
                    act(member.actor, consent.id)
        with pytest.raises(NotFound):
            service.get_consent(world.giver.actor, uuid4())


@pytest.mark.parametrize(
    ("verdict", "least", "good"),
    [
        (Verdict.VALID, None, True),
        (Verdict.NOT_SIGNED, None, True),
        (Verdict.NOT_SIGNED, Verdict.OLD_CRYPTOGRAPHY, False),
        (Verdict.NOT_SIGNED, Verdict.NOT_SIGNED, True),
        (Verdict.SIGNER_NOT_CONFIRMED, Verdict.NOT_SIGNED, True),
        (Verdict.VALID_AT_CLAIMED_TIME, Verdict.VALID, False),
        (Verdict.VALID, Verdict.VALID, True),
        (Verdict.ALTERED, None, False),
        (Verdict.REVOKED, Verdict.NOT_SIGNED, False),
        (Verdict.CHECKING, None, False),
    ],
)
def test_what_is_good_enough(verdict: Verdict, least: Verdict | None, good: bool) -> None:
    assert is_good_enough(verdict, least) is good


def test_why_a_document_cannot_be_ticked() -> None:
    assert why_not(Verdict.CHECKING, None, True) is WhyNot.CHECKING
    assert why_not(Verdict.ALTERED, None, True) is WhyNot.RED
    assert why_not(Verdict.NOT_SIGNED, Verdict.VALID, True) is WhyNot.BELOW_LEAST
    assert why_not(Verdict.VALID, None, False) is WhyNot.NO_RIGHT
    assert why_not(Verdict.VALID, None, True) is None


def test_withdrawn_stays_withdrawn() -> None:
    now = utc_now()
    assert state_of(now, None, now) is ConsentState.EXPIRED
    assert state_of(now, now, now) is ConsentState.WITHDRAWN

"""Two organisations claim one identifier: the operator sees both, decides, and neither learns of the other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from entitylocker import tenancy
from entitylocker.accounts.service import add_operator
from entitylocker.errors import NotFound
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.organisations import expiry, service
from entitylocker.organisations.errors import AlreadyDecided, IdentifierNotContested
from entitylocker.organisations.events import IdentifierExpired
from entitylocker.organisations.registration import register_organisation
from entitylocker.organisations.states import IdentifierState
from tests.factories import PASSWORD, Member, Organisations, csrf_token, next_pan
from tests.organisations.identity import LETTER, events_of, letter, mails_to, pending_of, rows_of, state, words_of
from tests.statements import statements

HOLDER, CLAIMANT = "Godavari Mills Private Limited", "Krishna Mills Private Limited"


def contested(organisations: Organisations, **more: Any) -> tuple[Member, Member, UUID]:
    """The verified holder, the claimant and the claim."""
    pan = next_pan()
    holder = organisations.make(name=HOLDER, identifier=pan)
    claimant = organisations.make(name=CLAIMANT, verified=False, identifier=pan, **more)
    return holder, claimant, pending_of(organisations, claimant.organisation_id)[0].id


def decide(organisations: Organisations, claim: UUID, *, passes: bool) -> None:
    with organisations.app.test_request_context():
        service.decide_dispute(organisations.operator(), claim, passes=passes, note="asked the register by phone")


def run_mails(app: Flask, member: Member, what: expiry.Told) -> None:
    """What the queued job does for the holder."""
    with app.app_context():
        expiry.tell_holder(str(member.organisation_id), str(rows_of(member)[0].id), what.value)


def assert_names_nobody(text: str, other: Member, other_name: str) -> None:
    for trace in (other_name, other.name, other.email, str(other.organisation_id)):
        # People of tests share a name; what must not be there is the other's address, name of the house and id.
        if trace != other.name:
            assert trace not in text


def test_the_operator_sees_the_pair_with_both_letters(app: Flask, organisations: Organisations) -> None:
    code = f"PWD-{next_pan()[:4]}"
    department: dict[str, Any] = {
        "kind": OrganisationKind.GOVERNMENT_DEPARTMENT,
        "identifier_kind": IdentifierKind.DEPARTMENT,
    }
    members = []
    for name in (HOLDER, CLAIMANT):
        founder = organisations.person()
        with app.test_request_context():
            organisation_id = register_organisation(
                founder.actor, name=name, identifier=code, letter=letter(LETTER + name.encode()), **department
            )
            members.append(Member(**vars(founder), organisation_id=organisation_id))
            if name == HOLDER:
                organisations.verify(organisation_id)
    (pending,) = pending_of(organisations, members[1].organisation_id)
    assert pending.contested
    assert pending.holder is not None
    assert pending.holder.organisation_id == members[0].organisation_id
    assert (pending.holder.organisation_name, pending.holder.letter_name) == (HOLDER, "order.pdf")
    with app.test_request_context():
        operator = organisations.operator()
        letters = [b"".join(service.open_letter(operator, each).pieces) for each in (pending.id, pending.holder.id)]
    assert letters[0].endswith(CLAIMANT.encode())
    assert letters[1].endswith(HOLDER.encode())


def test_it_stays_with_the_holder(app: Flask, organisations: Organisations) -> None:
    holder, claimant, claim = contested(organisations)
    decide(organisations, claim, passes=False)
    (row,) = rows_of(claimant)
    assert (row.state, row.method, row.note) == (IdentifierState.REFUSED, "dispute", None)
    assert holder.actor.organisation_verified
    assert not claimant.actor.organisation_verified
    mail = mails_to(claimant)[0]
    assert "did not accept" in words_of(mail)
    assert_names_nobody(mail.text + mail.html, holder, HOLDER)
    assert "asked the register" not in words_of(mail)
    run_mails(app, holder, expiry.Told.CONFIRMED)
    mail = mails_to(holder)[0]
    assert "It stays verified" in words_of(mail)
    assert_names_nobody(mail.text + mail.html, claimant, CLAIMANT)


def test_it_passes_over_in_one_act(app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch) -> None:
    holder, claimant, claim = contested(organisations)
    heard: list[IdentifierExpired] = []
    monkeypatch.setitem(tenancy._reactions, IdentifierExpired, [heard.append])
    decide(organisations, claim, passes=True)
    (old,), (new,) = rows_of(holder), rows_of(claimant)
    assert (old.state, old.method) == (IdentifierState.EXPIRED, "dispute")
    assert (new.state, new.method) == (IdentifierState.VERIFIED, "dispute")
    assert not holder.actor.organisation_verified, "stated-only again, at once"
    assert claimant.actor.organisation_verified
    assert [each.organisation_id for each in heard] == [holder.organisation_id]
    run_mails(app, holder, expiry.Told.ENDED)
    mail = mails_to(holder)[0]
    assert "not verified any more" in words_of(mail)
    assert_names_nobody(mail.text + mail.html, claimant, CLAIMANT)
    mail = mails_to(claimant)[0]
    assert "verified the PAN" in words_of(mail)
    assert_names_nobody(mail.text + mail.html, holder, HOLDER)


@pytest.mark.parametrize("passes", [True, False])
def test_pages_and_trails_of_both_name_no_other(app: Flask, organisations: Organisations, passes: bool) -> None:
    holder, claimant, claim = contested(organisations)
    decide(organisations, claim, passes=passes)
    for member, other, name in ((holder, claimant, CLAIMANT), (claimant, holder, HOLDER)):
        home = f"/organisations/{member.organisation_id}"
        client = member.client()
        for tail in ("", "/details", "/activity"):
            assert_names_nobody(client.get(home + tail).get_data(as_text=True), other, name)
        trail = " ".join(f"{each.canonical}" for each in events_of(app, member.organisation_id))
        assert str(other.organisation_id) not in trail
        assert "asked the register" not in trail
    last = [each for each in events_of(app) if each.tag == "identifier:contest"][-1]
    assert last.data["note"] == "asked the register by phone"
    assert (last.data["claimed_by"], last.data["held_by"]) == (
        str(claimant.organisation_id),
        str(holder.organisation_id),
    )


def test_a_second_claim_is_answered_like_a_first_one(app: Flask, organisations: Organisations) -> None:
    """The same page, by the same statements: neither words nor work tell that somebody holds it."""
    free, held = next_pan(), next_pan()
    organisations.make(identifier=held)
    answers, worked = [], []
    for pan in (free, held):
        member = organisations.make(verified=False, identifier_kind=IdentifierKind.TAN, identifier=f"MUMA{pan[5:9]}1B")
        client = member.client()
        client.get("/account")
        form = {"identifier_kind": "pan", "identifier": pan}
        with statements(app) as seen:
            answers.append(
                client.post(
                    f"/organisations/{member.organisation_id}/identifiers",
                    data={**form, "csrf_token": csrf_token(client)},
                )
            )
        worked.append(seen)
        page = client.get(f"/organisations/{member.organisation_id}/details").get_data(as_text=True)
        assert page.count("Waiting for verification") == 2
    assert [answer.status_code for answer in answers] == [303, 303]
    assert worked[0] == worked[1]
    assert any("INSERT INTO identifiers" in statement for statement in worked[0])


def test_only_what_is_contested_is_decided_and_only_once(app: Flask, organisations: Organisations) -> None:
    alone = organisations.make(verified=False)
    (pending,) = pending_of(organisations, alone.organisation_id)
    with pytest.raises(IdentifierNotContested):
        decide(organisations, pending.id, passes=True)
    holder, _, claim = contested(organisations)
    decide(organisations, claim, passes=False)
    with pytest.raises(AlreadyDecided):
        decide(organisations, claim, passes=True)
    assert holder.actor.organisation_verified


def test_no_member_decides(app: Flask, organisations: Organisations) -> None:
    holder, claimant, claim = contested(organisations)
    for member in (holder, claimant):
        with app.test_request_context(), pytest.raises(NotFound):
            service.decide_dispute(member.actor, claim, passes=True, note="mine")
    assert holder.actor.organisation_verified


def test_two_who_wait_for_the_same_are_seen_by_the_operator(organisations: Organisations) -> None:
    pan = next_pan()
    first = organisations.make(verified=False, identifier=pan)
    second = organisations.make(verified=False, identifier=pan)
    for member in (first, second):
        (pending,) = pending_of(organisations, member.organisation_id)
        assert (pending.rivals, pending.contested) == (1, False)


def test_the_operator_decides_on_the_page(app: Flask, organisations: Organisations) -> None:
    holder, claimant, claim = contested(organisations)
    client = app.test_client()
    operator = organisations.person("Olivia Operator")
    with app.app_context():
        add_operator(name=operator.name, email=operator.email, password=PASSWORD)
    operator.sign_in(client)
    page = client.get("/operator").get_data(as_text=True)
    assert f"It stays with {HOLDER}" in page
    assert f"It passes over to {CLAIMANT}" in page
    path = f"/operator/identifiers/{claim}/dispute"
    form = {"csrf_token": csrf_token(client), "reason": "the certificate names the other", "decision": "passes"}
    assert client.post(path, data={**form, "decision": "both"}).status_code == 422
    assert client.post(path, data={**form, "reason": ""}).status_code == 422
    assert holder.actor.organisation_verified
    assert client.post(path, data=form).status_code == 303
    assert claimant.actor.organisation_verified
    assert not holder.actor.organisation_verified


def test_what_was_lost_in_a_dispute_can_be_stated_again(organisations: Organisations) -> None:
    holder, _, claim = contested(organisations)
    decide(organisations, claim, passes=True)
    state(holder, IdentifierKind.PAN, rows_of(holder)[0].value)
    (pending,) = pending_of(organisations, holder.organisation_id)
    assert pending.contested

"""What trust does: to verdicts, to what others are told, to what is offered and fetched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.accounts.operators import COMMAND_ACTOR
from entitylocker.extensions import db
from entitylocker.signatures.verdicts import Verdict
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.trust import service
from entitylocker.trust.rules import why_not_offered
from entitylocker.vault import jobs
from entitylocker.vault.reading import describe_for_portal, get_document
from tests.factories import Member, Organisations
from tests.oauth.world import World, make_world, text_of
from tests.trust.authorities import make_authority
from tests.vault.helpers import Sender
from tests.vault.test_walls import portal_for


@pytest.fixture
def world(app: Flask, organisations: Organisations, settings: Any) -> World:
    return make_world(app, organisations, settings.base_url)


def _queued(app: Flask, job: str, tenant: Tenant) -> list[str]:
    with app.app_context(), tenancy.transaction(tenant):
        found = text("SELECT args->>'organisation_id' FROM queue.procrastinate_jobs WHERE task_name = :job")
        return list(db.session.scalars(found, {"job": job}))


def _verdicts(sender: Sender, document_id: str) -> tuple[str, str, bool | str]:
    """What the organisation reads, and what a portal is told; whether it is offered, else why not."""
    portal = portal_for(sender.member.organisation_id, document_id)
    with sender.member.app.test_request_context():
        version = get_document(sender.member.actor, UUID(document_id)).version
        told = describe_for_portal(portal, UUID(document_id))
    return version.verdict, told["verdict"], told["why_not"] or told["offered"]


def _recheck(app: Flask, organisation_id: UUID | None) -> None:
    """Do the jobs that a change of trust queues."""
    with app.test_request_context():
        jobs.recheck_all(str(organisation_id or ""))
        jobs.recheck_due()


def test_a_root_of_ones_own_makes_green_at_home_and_tells_nobody_else(
    app: Flask, sender: Sender, paper: Callable[[str], bytes], root: bytes
) -> None:
    member = sender.member
    document_id = sender.deposit(paper("valid"))["document_id"]
    assert sender.check(document_id) == "signer_not_confirmed"
    with app.app_context():
        service.add_certificates(member.actor, [root])
    assert str(member.organisation_id) in _queued(
        app, "vault.recheck_all", Tenant(organisation_id=member.organisation_id)
    )
    _recheck(app, member.organisation_id)
    assert _verdicts(sender, document_id) == ("valid", "signer_not_confirmed", True)
    page = text_of(sender.get(f"/documents/{document_id}"))
    assert "It rests on an authority that only the organisation itself trusts. Others are told" in page
    report = f"/documents/{document_id}/versions/1/report"
    for form in ("pdf", "xml"):
        refused = sender.get(f"{report}.{form}")
        assert refused.status_code == 409, "the installation's seal stands under what only the organisation believes"
        assert f"report.{form}" not in sender.get(report).text
    # Asked for again, it is being checked for everybody, and then as before.
    sender.post(f"/documents/{document_id}/check-again")
    assert _verdicts(sender, document_id) == ("checking", "checking", "checking")
    assert sender.check(document_id) == "valid"
    assert _verdicts(sender, document_id) == ("valid", "signer_not_confirmed", True)
    with app.app_context():
        (row,) = service.list_trust(member.actor).added
        service.remove_certificate(member.actor, row.id)
    _recheck(app, member.organisation_id)
    assert _verdicts(sender, document_id) == ("signer_not_confirmed", "signer_not_confirmed", True)


def test_a_root_of_the_installation_makes_green_for_everybody(
    app: Flask, sender: Sender, paper: Callable[[str], bytes], root: bytes
) -> None:
    document_id = sender.deposit(paper("valid"))["document_id"]
    assert sender.check(document_id) == "signer_not_confirmed"
    with app.app_context():
        service.add_to_installation(COMMAND_ACTOR, [root])
    try:
        assert "" in _queued(app, "vault.recheck_all", Tenant(DatabaseRole.OPERATOR))
        _recheck(app, None)
        assert _verdicts(sender, document_id) == ("valid", "valid", True)
    finally:
        with app.app_context():
            for row in service.list_installation(COMMAND_ACTOR).added:
                if "EntityLocker Demo Root" in row.name:
                    service.remove_from_installation(COMMAND_ACTOR, row.id)
    _recheck(app, None)
    assert _verdicts(sender, document_id) == ("signer_not_confirmed", "signer_not_confirmed", True)


def test_another_organisation_s_root_confirms_nothing_here(
    app: Flask, sender: Sender, paper: Callable[[str], bytes], root: bytes, make_organisation: Callable[..., Member]
) -> None:
    with app.app_context():
        service.add_certificates(make_organisation().actor, [root])
    document_id = sender.deposit(paper("valid"))["document_id"]
    assert sender.check(document_id) == "signer_not_confirmed"


@pytest.mark.parametrize("verdict", Verdict)
def test_the_policy_keeps_back_what_is_not_proven_and_never_offers_more(verdict: Verdict) -> None:
    offered = why_not_offered(verdict, True) is None
    strictly = why_not_offered(verdict, False) is None
    red = {Verdict.ALTERED, Verdict.CHANGED_AFTER_SIGNING, Verdict.REVOKED, Verdict.CHECKING}
    assert offered == (verdict not in red)
    assert strictly == (verdict in {Verdict.VALID, Verdict.VALID_WITH_ADDITIONS, Verdict.NOT_SIGNED})


def test_without_a_word_a_claimed_time_suffices(world: World) -> None:
    world.set_verdict(world.documents["PANCR"], "valid_at_claimed_time")
    page = world.page(world.program.pushed())
    assert f'value="{world.documents["PANCR"]}"' in page.text
    assert world.answer(world.program.pushed()).status_code == 303


def _set_policy(world: World, suffices: bool) -> None:
    with world.app.app_context():
        service.set_policy(world.giver.actor, claimed_time_suffices=suffices)


def test_where_it_does_not_suffice_it_is_not_offered_and_cannot_be_given(world: World) -> None:
    world.set_verdict(world.documents["PANCR"], "valid_at_claimed_time")
    _set_policy(world, False)
    page = world.page(world.program.pushed())
    assert "Your organisation offers only documents whose signatures are proven" in text_of(page)
    assert f'value="{world.documents["PANCR"]}"' not in page.text
    assert world.answer(world.program.pushed()).status_code == 422
    _set_policy(world, True)
    assert world.answer(world.program.pushed()).status_code == 303


def test_the_policy_holds_for_consents_that_were_given_before(world: World) -> None:
    tokens, document_id = world.tokens(), world.documents["PANCR"]
    world.set_verdict(document_id, "valid_at_claimed_time")
    place = f"/api/v1/consents/{tokens['consent_id']}/documents/{document_id}"
    _set_policy(world, False)
    told = world.program.get(place, tokens["access_token"]).get_json()
    assert (told["offered"], told["why_not"]) == (False, "not_proven")
    refused = world.program.get(f"{place}/content", tokens["access_token"])
    assert (refused.status_code, refused.get_json()["code"]) == (403, "document_not_offered")
    _set_policy(world, True)
    assert world.program.get(f"{place}/content", tokens["access_token"]).status_code == 200


def test_the_least_that_a_portal_takes_still_holds(world: World) -> None:
    _set_policy(world, True)
    world.set_verdict(world.documents["PANCR"], "valid_at_claimed_time")
    page = world.page(world.program.pushed(details=world.program.details(least_verdict="valid")))
    assert "The portal does not take documents with this result" in text_of(page)


def test_the_least_is_measured_by_what_the_portal_is_told(world: World) -> None:
    document_id, place = world.documents["PANCR"], Tenant(organisation_id=world.giver.organisation_id)
    with world.app.app_context(), tenancy.transaction(place):
        said = "UPDATE versions SET outward_verdict = 'signer_not_confirmed' WHERE document_id = :id"
        db.session.execute(text(said), {"id": document_id})
    page = world.page(world.program.pushed())
    assert "The portal does not take documents with this result" in text_of(page)
    assert world.answer(world.program.pushed()).status_code == 422


def test_the_policy_is_each_organisation_s_own_and_set_by_administrators(
    app: Flask, make_organisation: Callable[..., Member]
) -> None:
    strict, other = make_organisation(), make_organisation()
    with app.app_context():
        service.set_policy(strict.actor, claimed_time_suffices=False)
        assert service.list_trust(strict.actor).policy.claimed_time_suffices is False
        assert service.list_trust(other.actor).policy.claimed_time_suffices is True


def test_many_certificates_do_not_keep_a_check_waiting(
    app: Flask, sender: Sender, paper: Callable[[str], bytes]
) -> None:
    with app.app_context():
        service.add_certificates(sender.member.actor, [make_authority().der for _ in range(100)])
    document_id = sender.deposit(paper("valid"))["document_id"]
    assert sender.check(document_id) == "signer_not_confirmed"

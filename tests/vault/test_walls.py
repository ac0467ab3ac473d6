"""What portals get, what other organisations get, what the database itself refuses, what the sweeper takes away."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from entitylocker import tenancy
from entitylocker.access import Actor, ActorKind, Grant, Means
from entitylocker.access.permissions import PORTAL_PERMISSIONS
from entitylocker.audit.models import Event
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.storage.store import ObjectStore
from entitylocker.vault import service
from entitylocker.vault.errors import DocumentNotOffered
from tests.factories import Organisations
from tests.vault.helpers import Bytes, Sender


def portal_for(organisation_id: UUID, *document_ids: str) -> Actor:
    grant = Grant(PORTAL_PERMISSIONS, document_ids=frozenset(UUID(one) for one in document_ids))
    return Actor(
        ActorKind.PORTAL, Means.TOKEN, "State Portal", organisation_id=organisation_id, portal_id=uuid4(),
        consent_id=uuid4(), grants=(grant,),
    )  # fmt: skip


def test_a_portal_gets_exactly_what_was_consented(sender: Sender, app: Flask, paper: Callable[[str], bytes]) -> None:
    named, other = sender.deposit(paper("valid")), sender.deposit(paper("unsigned"))
    sender.check(named["document_id"])
    portal = portal_for(sender.member.organisation_id, named["document_id"])
    with app.app_context():
        content = service.open_for_portal(portal, UUID(named["document_id"]))
        assert b"".join(content.reader.iter()) == paper("valid")
        described = service.describe_for_portal(portal, UUID(named["document_id"]))
        for use in (service.open_for_portal, service.describe_for_portal):
            with pytest.raises(NotFound):
                use(portal, UUID(other["document_id"]))
        with pytest.raises(NotFound):
            service.get_document(portal, UUID(named["document_id"]))
        with tenancy.transaction(tenancy.tenant_of(portal)):
            event = db.session.query(Event).filter_by(tag="document:fetch").one()
    assert (event.actor_kind, event.data["consent"]) == ("portal", str(portal.consent_id))
    assert described["offered"] is True
    assert (described["sha256"], described["verdict"]) == (named["sha256"], content.verdict.value)


@pytest.mark.parametrize(("kind", "reason"), [("altered", "altered"), ("unsigned", "checking"), ("valid", "binned")])
def test_what_is_not_handed_out(
    sender: Sender, app: Flask, paper: Callable[[str], bytes], kind: str, reason: str
) -> None:
    document_id = sender.deposit(paper(kind))["document_id"]
    if reason != "checking":
        sender.check(document_id)
    if reason == "binned":
        sender.post(f"/documents/{document_id}/bin")
    portal = portal_for(sender.member.organisation_id, document_id)
    with app.app_context():
        with pytest.raises(DocumentNotOffered) as refusal:
            service.open_for_portal(portal, UUID(document_id))
        assert service.describe_for_portal(portal, UUID(document_id))["why_not"] == reason
    assert (refusal.value.status, refusal.value.facts["reason"]) == (403, reason)


def test_what_may_be_offered(organisations: Organisations, app: Flask, paper: Callable[[str], bytes]) -> None:
    sender = Sender(organisations.make())
    good = sender.deposit(paper("unsigned"), title="good", type_code="TRDLC")
    bad = sender.deposit(paper("altered"), title="bad", type_code="TRDLC")
    sender.deposit(paper("valid"), title="other", type_code="FSSAI")
    for one in (good, bad):
        sender.check(one["document_id"])
    with app.app_context():
        offers = service.list_offerable(sender.member.actor, ["TRDLC", "NOSUCH"])
    assert [(one.title, one.may_be_given, one.why_not) for one in offers] == [
        ("bad", False, "altered"),
        ("good", True, None),
    ]


def test_an_organisation_that_is_not_verified_has_nothing_to_offer(sender: Sender, app: Flask) -> None:
    sender.deposit(type_code="TRDLC")
    with app.app_context():
        assert service.list_offerable(sender.member.actor, ["TRDLC"]) == []


def test_other_organisations_find_nothing(sender: Sender, organisations: Organisations) -> None:
    document_id = sender.deposit()["document_id"]
    stranger = Sender(organisations.make(verified=False))
    for base in (sender.base, stranger.base):
        for path in ("", "/content", "/edit", "/check", "/versions/1/content"):
            assert stranger.client.get(f"{base}/documents/{document_id}{path}").status_code == 404
        for path in ("", "/content", "/report"):
            assert stranger.client.get(f"/api/v1{base}/documents/{document_id}{path}").status_code == 404
    assert stranger.listed() == []


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE versions SET sha256 = 'x'",
        "UPDATE versions SET wrapped_key = ''",
        "DELETE FROM versions",
        "DELETE FROM documents",
        "UPDATE folders SET path = '/'",
        "UPDATE document_types SET label_en = ''",
    ],
)
def test_the_database_refuses_to_change_what_is_kept(sender: Sender, app: Flask, forbidden: str) -> None:
    sender.deposit()
    with (
        app.app_context(),
        pytest.raises(ProgrammingError),
        tenancy.transaction(tenancy.tenant_of(sender.member.actor)),
    ):
        db.session.execute(text(forbidden))


def test_another_tenant_sees_no_rows_whatever_it_asks(sender: Sender, organisations: Organisations, app: Flask) -> None:
    sender.deposit()
    stranger = organisations.make(verified=False).actor
    with app.app_context(), tenancy.transaction(tenancy.tenant_of(stranger)):
        for table in ("documents", "versions", "idempotency_keys"):
            assert db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
        assert db.session.execute(text("SELECT count(*) FROM folders")).scalar_one() == 1


def test_the_sweeper_takes_only_what_no_row_names(sender: Sender, app: Flask, object_store: ObjectStore) -> None:
    stored = sender.deposit()
    organisation_id = sender.member.organisation_id
    orphan = f"{organisation_id}/{uuid4()}"
    object_store.put(orphan, _Filler(b"left behind"))
    with app.app_context():
        service.sweep(grace_seconds=3600)
        assert object_store.exists(orphan)
        service.sweep(grace_seconds=-5)
    assert not object_store.exists(orphan)
    assert object_store.exists(f"{organisation_id}/{stored['version_id']}")


class _Filler(Bytes):
    def readinto(self, target: memoryview) -> int:
        piece = self.read(len(target))
        target[: len(piece)] = piece
        return len(piece)

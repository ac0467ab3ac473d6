"""Whom the installation and an organisation trust: adding, removing, walls, events, room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entitylocker import tenancy
from entitylocker.access import Actor
from entitylocker.accounts.operators import COMMAND_ACTOR
from entitylocker.audit.models import OPERATOR_LOG, Event
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.extensions import db
from entitylocker.signatures.trust import TrustStore
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.trust import changing, lists, service
from entitylocker.trust.errors import ListsTooLarge, NothingToAdd, TooManyAtOnce, TrustIsFull
from entitylocker.trust.events import TrustChanged
from entitylocker.trust.reading import read_files
from tests.factories import Member, Organisations
from tests.trust.authorities import DAY, NOW, Authority, make_authority, make_crl

pytestmark = pytest.mark.usefixtures("in_app")


@pytest.fixture
def actor(administrator: Member) -> Actor:
    return administrator.actor


@pytest.fixture
def keeper(organisations: Organisations) -> Actor:
    """The operator."""
    return organisations.operator()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[TrustChanged]:
    """What the rooms above are told."""
    told: list[TrustChanged] = []
    monkeypatch.setitem(tenancy._reactions, TrustChanged, [told.append])
    return told


def _trusted(member: Member | Actor) -> TrustStore:
    organisation_id = member.organisation_id
    assert organisation_id is not None
    with tenancy.transaction(Tenant(organisation_id=organisation_id)):
        return service.trust_for(organisation_id)


def _outward(actor: Actor) -> TrustStore | None:
    assert actor.organisation_id is not None
    with tenancy.transaction(Tenant(organisation_id=actor.organisation_id)):
        return service.outward_trust_for(actor.organisation_id)


def _events(tenant: Tenant, name: str) -> list[tuple[str, dict[str, Any]]]:
    with tenancy.transaction(tenant):
        found = db.session.query(Event).filter_by(subject_name=name).order_by(Event.sequence)
        return [(event.tag, event.data) for event in found]


def test_without_a_word_from_anybody_it_is_what_came_along(actor: Actor) -> None:
    assert set(TrustStore.shipped().roots) <= set(_trusted(actor).roots)
    trust = service.list_trust(actor)
    assert (trust.added, trust.removed) == ([], [])
    assert TrustStore.shipped().fingerprints() <= {one.fingerprint for one in trust.of_installation}


def test_what_an_organisation_adds_counts_for_it_and_for_nobody_else(
    actor: Actor, make_organisation: Callable[..., Member], heard: list[TrustChanged]
) -> None:
    root, other = make_authority(), make_organisation()
    below = make_authority(issuer=root)
    assert service.add_certificates(actor, [root.der, below.der]) == [root.name, below.name]
    mine = _trusted(actor)
    assert root.der in mine.roots
    assert below.der in mine.intermediates
    for theirs in (_trusted(other), service.installation_trust()):
        assert not {root.fingerprint, below.fingerprint} & theirs.fingerprints()
    assert service.list_trust(other.actor).added == []
    assert [(one.actor, one.organisation_id) for one in heard] == [(actor, actor.organisation_id)]


def test_a_root_of_ones_own_confirms_nobody_to_others_but_what_lies_between_helps(actor: Actor) -> None:
    root = make_authority()
    below = make_authority(issuer=root)
    service.add_certificates(actor, [below.der])
    assert _outward(actor) is None
    service.add_certificates(actor, [root.der])
    outward = _outward(actor)
    assert outward is not None
    assert root.der not in outward.roots
    assert below.der in outward.intermediates


def test_what_the_operator_adds_counts_for_everybody(actor: Actor, keeper: Actor, heard: list[TrustChanged]) -> None:
    root = make_authority()
    assert service.add_to_installation(keeper, [root.der]) == [root.name]
    assert root.der in _trusted(actor).roots
    assert root.der in service.installation_trust().roots
    assert [one.organisation_id for one in heard] == [None]
    # Nothing is left to add for an organisation.
    assert service.add_certificates(actor, [root.der]) == []
    assert service.list_trust(actor).added == []
    row = next(one for one in service.list_installation(keeper).added if one.fingerprint == root.fingerprint)
    service.remove_from_installation(keeper, row.id)
    assert root.der not in _trusted(actor).roots


def test_what_came_along_is_not_added_again(keeper: Actor, actor: Actor) -> None:
    along = TrustStore.shipped().roots[0]
    assert service.add_to_installation(keeper, [along]) == []
    assert service.add_certificates(actor, [along]) == []


def test_removing_can_be_undone_and_each_change_is_an_event(actor: Actor, heard: list[TrustChanged]) -> None:
    root = make_authority()
    service.add_certificates(actor, [root.der])
    (row,) = service.list_trust(actor).added
    assert service.remove_certificate(actor, row.id).name == root.name
    assert root.der not in _trusted(actor).roots
    (removed,) = service.list_trust(actor).removed
    assert removed.removed_by_name == actor.name
    with pytest.raises(NotFound):
        service.remove_certificate(actor, row.id)
    service.restore_certificate(actor, row.id)
    service.restore_certificate(actor, row.id)
    assert root.der in _trusted(actor).roots
    service.remove_certificate(actor, row.id)
    assert service.add_certificates(actor, [root.der]) == [root.name]
    assert service.add_certificates(actor, [root.der]) == []
    assert [one.id for one in service.list_trust(actor).added] == [row.id]
    events = _events(Tenant(organisation_id=actor.organisation_id), root.name)
    assert [tag for tag, _ in events] == ["trust:add", "trust:remove", "trust:add", "trust:remove", "trust:add"]
    assert {data["fingerprint"] for _, data in events} == {root.fingerprint}
    assert len(heard) == 5


def test_the_operator_s_changes_are_in_the_operator_s_log(keeper: Actor) -> None:
    root = make_authority()
    service.add_to_installation(keeper, [root.der])
    events = _events(Tenant(DatabaseRole.OPERATOR, OPERATOR_LOG), root.name)
    assert [(tag, data["root"]) for tag, data in events] == [("trust:add", True)]


def test_a_certificate_of_another_organisation_is_as_absent_as_none(
    actor: Actor, make_organisation: Callable[..., Member]
) -> None:
    other = make_organisation().actor
    service.add_certificates(other, [make_authority().der])
    (row,) = service.list_trust(other).added
    for act in (service.remove_certificate, service.restore_certificate):
        with pytest.raises(NotFound):
            act(actor, row.id)


def test_an_organisation_has_no_hand_in_the_installation_s_list(actor: Actor, keeper: Actor) -> None:
    root = make_authority()
    for act in (service.add_to_installation, service.look_for_installation):
        with pytest.raises((PermissionDenied, NotFound)):
            act(actor, [root.der])  # type: ignore[arg-type]
    with pytest.raises((PermissionDenied, NotFound)):
        service.add_certificates(keeper, [root.der])


def test_what_comes_back_from_the_page_is_read_anew(actor: Actor) -> None:
    for der in (b"", b"none", make_authority(issuer=make_authority(), ca=False).der):
        with pytest.raises(NothingToAdd):
            service.add_certificates(actor, [der])


def test_there_is_room_for_so_many_and_no_more(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "MOST_OF_ORGANISATION", 2)
    authorities = [make_authority() for _ in range(3)]
    service.add_certificates(actor, [one.der for one in authorities[:2]])
    with pytest.raises(TrustIsFull):
        service.add_certificates(actor, [authorities[2].der])
    assert len(service.list_trust(actor).added) == 2
    with pytest.raises(TooManyAtOnce):
        service.add_certificates(actor, [authorities[2].der] * 201)


def test_looking_changes_nothing_and_says_what_would(actor: Actor, heard: list[TrustChanged]) -> None:
    root, stray = make_authority(), make_authority(issuer=make_authority())
    below, known, gone = make_authority(issuer=root), make_authority(), make_authority()
    service.add_certificates(actor, [known.der, gone.der])
    row = next(one for one in service.list_trust(actor).added if one.name == gone.name)
    service.remove_certificate(actor, row.id)
    heard.clear()

    def pem(*authorities: Authority) -> bytes:
        return b"".join(one.pem for one in authorities)

    look = service.look(actor, [("all.pem", pem(root, below, stray, known, gone)), ("list.crl", make_crl(root))])
    said = {one.found.name: (one.novelty.value, one.leads_on) for one in look.candidates}
    assert said == {
        root.name: ("new", True),
        below.name: ("new", True),
        stray.name: ("new", False),
        known.name: ("known", True),
        gone.name: ("removed_before", True),
    }
    assert [(one.name, one.why.value) for one in look.passed_over] == [(root.name, "revocation_list")]
    assert {one.found.name for one in look.new} == {root.name, below.name, stray.name, gone.name}
    assert root.der not in _trusted(actor).roots
    assert heard == []


def test_imported_lists_replace_older_ones_of_the_same_authority(actor: Actor) -> None:
    root = make_authority()
    old, new = make_crl(root, NOW - 3 * DAY), make_crl(root, NOW - DAY)
    for crl, taken in ((old, [root.name]), (new, [root.name]), (old, []), (new, [])):
        assert service.import_to_installation(COMMAND_ACTOR, read_files([("list.crl", crl)])) == ([], taken)
    held = _trusted(actor).crls
    assert new in held
    assert old not in held


def test_imported_lists_never_fill_up_what_a_check_can_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST_BYTES", 100)
    root = make_authority()
    with pytest.raises(ListsTooLarge):
        service.import_to_installation(COMMAND_ACTOR, read_files([("list.crl", make_crl(root))]))
    assert root.name not in {row.issuer for row in service.list_installation(COMMAND_ACTOR).lists}


def test_files_in_the_folder_count_at_once(app: Flask, actor: Actor) -> None:
    folder = app.extensions["entitylocker"].settings.trust_directory
    folder.mkdir(exist_ok=True)
    root = make_authority()
    path = folder / f"{root.fingerprint[:8]}.pem"
    path.write_bytes(root.pem)
    try:
        assert root.der in _trusted(actor).roots
    finally:
        path.unlink()
    assert root.der not in _trusted(actor).roots

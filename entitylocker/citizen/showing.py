"""Use cases of showing: a member lets one organisation see a proof of who they are, as far as they like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, select
from uuid_utils.compat import uuid7

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.citizen.linking import locker_name
from entitylocker.citizen.models import CitizenLink, CitizenProof, ShownProof
from entitylocker.citizen.people import own_membership, towards
from entitylocker.citizen.states import Source
from entitylocker.errors import InvalidInput, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.registration import find_standing
from entitylocker.tenancy import open_use_case, use_case


@dataclass(frozen=True)
class ProofView:
    """A proof as its person may show it. `source_name` is empty for offline e-KYC: pages have the words."""

    id: UUID
    source: Source
    source_name: str
    name: str
    born_on: date | None
    proved_at: datetime


@use_case(Permission.ACCOUNT_OWN)
def list_proofs(actor: Actor) -> list[ProofView]:
    """Everything the actor could show: linked citizen lockers and offline e-KYC."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    links = db.session.scalars(select(CitizenLink).where(CitizenLink.person_id == actor.person_id))
    proofs = db.session.scalars(select(CitizenProof).where(CitizenProof.person_id == actor.person_id))
    return [*map(_of_link, links), *map(_of_proof, proofs)]


def _of_link(link: CitizenLink) -> ProofView:
    name = locker_name(link.locker_key)
    return ProofView(link.id, Source.LOCKER, name, link.name, link.born_on, link.proved_at)


def _of_proof(proof: CitizenProof) -> ProofView:
    return ProofView(proof.id, Source.EKYC, "", proof.name, proof.born_on, proof.proved_at)


@use_case(Permission.ACCOUNT_OWN)
def list_shown(actor: Actor) -> list[ShownProof]:
    """Where the actor shows a proof."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    found = select(ShownProof).where(ShownProof.person_id == actor.person_id).order_by(ShownProof.organisation_name)
    return list(db.session.scalars(found))


@open_use_case("what it calls asks for the permission")
def show_proof(actor: Actor, source_id: UUID, organisation_id: UUID, *, with_birthday: bool) -> None:
    """Show a proof to an organisation one belongs to, in place of the one shown there before. Raises NotFound."""
    _show(towards(actor, organisation_id), source_id, with_birthday=with_birthday)


@use_case(Permission.ACCOUNT_OWN)
def _show(actor: Actor, source_id: UUID, *, with_birthday: bool) -> None:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    assert actor.organisation_id is not None and actor.person_id is not None
    membership = own_membership(actor)
    proof = _locked_proof(actor, source_id)
    if with_birthday and proof.born_on is None:
        raise InvalidInput(field="with_birthday")
    standing = find_standing(actor.organisation_id)
    _hide_at(actor.organisation_id, membership.id)
    db.session.add(
        ShownProof(
            id=uuid7(), created_at=utc_now(), organisation_id=actor.organisation_id, membership_id=membership.id,
            person_id=actor.person_id, organisation_name=standing.name if standing else "",
            source=proof.source.value, source_id=proof.id, source_name=proof.source_name, name=proof.name,
            born_on=proof.born_on if with_birthday else None, proved_at=proof.proved_at,
        )
    )  # fmt: skip
    subject = Subject("membership", membership.id, membership.person_name)
    record(actor, EventTag.PROOF_SHOW, subject, source=proof.source.value, with_birthday=with_birthday)


def _locked_proof(actor: Actor, source_id: UUID) -> ProofView:
    """One of the person's proofs, kept from ending until the commit. Raises NotFound."""
    link = db.session.scalars(
        select(CitizenLink)
        .where(CitizenLink.person_id == actor.person_id, CitizenLink.id == source_id)
        .with_for_update(read=True)
    ).one_or_none()
    if link is not None:
        return _of_link(link)
    proof = db.session.scalars(
        select(CitizenProof)
        .where(CitizenProof.person_id == actor.person_id, CitizenProof.id == source_id)
        .with_for_update(read=True)
    ).one_or_none()
    if proof is None:
        raise NotFound
    return _of_proof(proof)


def _hide_at(organisation_id: UUID, membership_id: UUID) -> None:
    here = (ShownProof.organisation_id == organisation_id) & (ShownProof.membership_id == membership_id)
    db.session.execute(delete(ShownProof).where(here))


@open_use_case("what it calls asks for the permission")
def hide_proof(actor: Actor, shown_id: UUID) -> None:
    """Show a proof no longer. Raises NotFound."""
    _hide(towards(actor, _place_of(actor, shown_id)), shown_id)


@use_case(Permission.ACCOUNT_OWN)
def _place_of(actor: Actor, shown_id: UUID) -> UUID:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    found = select(ShownProof.organisation_id).where(ShownProof.person_id == actor.person_id, ShownProof.id == shown_id)
    place = db.session.scalar(found)
    if place is None:
        raise NotFound
    return place


@use_case(Permission.ACCOUNT_OWN)
def _hide(actor: Actor, shown_id: UUID) -> None:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    gone = db.session.execute(
        delete(ShownProof)
        .where(
            ShownProof.organisation_id == actor.organisation_id,
            ShownProof.person_id == actor.person_id,
            ShownProof.id == shown_id,
        )
        .returning(ShownProof.name)
    ).first()
    if gone is not None:
        record(actor, EventTag.PROOF_HIDE, Subject("shown_proof", shown_id, gone.name))


@use_case(Permission.MEMBER_LIST)
def proofs_of_members(actor: Actor) -> dict[UUID, ShownProof]:
    """What the members show the actor's organisation, by membership."""
    require(actor, Permission.MEMBER_LIST, actor.facts)
    found = db.session.scalars(select(ShownProof).where(ShownProof.organisation_id == actor.organisation_id))
    return {row.membership_id: row for row in found}

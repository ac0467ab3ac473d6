"""Use cases of showing: a member lets one organisation see a proof of who they are, as far as they like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from uuid_utils.compat import uuid7

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.citizen.errors import EkycDiffers
from entitylocker.citizen.linking import locker_name
from entitylocker.citizen.models import CitizenLink, CitizenProof, ShownProof
from entitylocker.citizen.people import own_membership, towards
from entitylocker.citizen.rules import same_name
from entitylocker.citizen.states import Source
from entitylocker.errors import InvalidInput, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.models import Membership
from entitylocker.organisations.registration import find_standing
from entitylocker.tenancy import open_use_case, use_case


@dataclass(frozen=True)
class ProofView:
    """A proof as its person may show it. `source_name` is empty for offline e-KYC: pages have the words.

    Of offline e-KYC: `issued_at`, when the file was made; `differs`: what it says otherwise than a linked citizen
    locker, `name`, `born` or nothing.
    """

    id: UUID
    source: Source
    source_name: str
    name: str
    born_on: date | None
    proved_at: datetime
    same_name: bool
    issued_at: datetime | None = None
    method: str | None = None
    differs: str = ""


@dataclass(frozen=True)
class ShownToUs:
    """What a member shows, as the organisation sees it. `same_name`: whether the member goes by the proved name."""

    source: Source
    source_name: str
    name: str
    born_on: date | None
    proved_at: datetime
    issued_at: datetime | None
    same_name: bool


@use_case(Permission.ACCOUNT_OWN)
def list_proofs(actor: Actor) -> list[ProofView]:
    """Everything the actor could show: linked citizen lockers and offline e-KYC."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    links = _links(actor)
    proofs = db.session.scalars(select(CitizenProof).where(CitizenProof.person_id == actor.person_id))
    return [*(_of_link(actor, link) for link in links), *(_of_proof(actor, proof, links) for proof in proofs)]


def _links(actor: Actor) -> list[CitizenLink]:
    found = select(CitizenLink).where(CitizenLink.person_id == actor.person_id).order_by(CitizenLink.id)
    return list(db.session.scalars(found))


def _of_link(actor: Actor, link: CitizenLink) -> ProofView:
    name, same = locker_name(link.locker_key), same_name(actor.name, link.name)
    return ProofView(link.id, Source.LOCKER, name, link.name, link.born_on, link.proved_at, same)


def _of_proof(actor: Actor, proof: CitizenProof, links: list[CitizenLink]) -> ProofView:
    return ProofView(
        proof.id, Source.EKYC, "", proof.name, proof.born_on, proof.proved_at, same_name(actor.name, proof.name),
        proof.signed_at, proof.signature_method, _differs(proof, links),
    )  # fmt: skip


def _differs(proof: CitizenProof, links: list[CitizenLink]) -> str:
    """A day of birth is one thing; a name is written in many ways, so that a difference there is only shown."""
    if proof.born_on and any(link.born_on not in (None, proof.born_on) for link in links):
        return "born"
    return "" if all(same_name(link.name, proof.name) for link in links) else "name"


@use_case(Permission.ACCOUNT_OWN)
def list_shown(actor: Actor) -> list[ShownProof]:
    """Where the actor shows a proof."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    found = select(ShownProof).where(ShownProof.person_id == actor.person_id).order_by(ShownProof.organisation_name)
    return list(db.session.scalars(found))


@open_use_case("what it calls asks for the permission")
def show_proof(actor: Actor, source_id: UUID, organisation_id: UUID, *, with_birthday: bool) -> None:
    """Show a proof to an organisation one belongs to, in place of the one shown there before.

    Raises NotFound, EkycDiffers (a file with another day of birth than a linked citizen locker proves).
    """
    _show(towards(actor, organisation_id), source_id, with_birthday=with_birthday)


@use_case(Permission.ACCOUNT_OWN)
def _show(actor: Actor, source_id: UUID, *, with_birthday: bool) -> None:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    assert actor.organisation_id is not None and actor.person_id is not None
    membership = own_membership(actor)
    proof = _locked_proof(actor, source_id)
    if proof.differs == "born":
        raise EkycDiffers(field="source_id")
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
            issued_at=proof.issued_at,
        )
    )  # fmt: skip
    subject = Subject("membership", membership.id, membership.person_name)
    record(actor, EventTag.PROOF_SHOW, subject, with_birthday=with_birthday, **_what_it_proves(proof))


def _what_it_proves(proof: ProofView) -> dict[str, Any]:
    """For the trail: a locker's word is about the person who came from it, a file's about whom it was issued for."""
    said: dict[str, Any] = {"source": proof.source.value, "same_name": proof.same_name}
    if proof.issued_at is not None:
        said |= {"proves": "a file issued for a name", "issued_at": proof.issued_at.isoformat(timespec="seconds")}
    return said


def _locked_proof(actor: Actor, source_id: UUID) -> ProofView:
    """One of the person's proofs, kept from ending until the commit. Raises NotFound."""
    link = db.session.scalars(
        select(CitizenLink)
        .where(CitizenLink.person_id == actor.person_id, CitizenLink.id == source_id)
        .with_for_update(read=True)
    ).one_or_none()
    if link is not None:
        return _of_link(actor, link)
    proof = db.session.scalars(
        select(CitizenProof)
        .where(CitizenProof.person_id == actor.person_id, CitizenProof.id == source_id)
        .with_for_update(read=True)
    ).one_or_none()
    if proof is None:
        raise NotFound
    return _of_proof(actor, proof, _links(actor))


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
def proofs_of_members(actor: Actor) -> dict[UUID, ShownToUs]:
    """What the members show the actor's organisation, by membership."""
    require(actor, Permission.MEMBER_LIST, actor.facts)
    of_member = (Membership.organisation_id == ShownProof.organisation_id) & (Membership.id == ShownProof.membership_id)
    found = (
        select(ShownProof, Membership.person_name)
        .join(Membership, of_member)
        .where(ShownProof.organisation_id == actor.organisation_id)
    )
    return {row.membership_id: _to_us(row, name) for row, name in db.session.execute(found)}


def _to_us(row: ShownProof, member_name: str) -> ShownToUs:
    return ShownToUs(
        Source(row.source), row.source_name, row.name, row.born_on, row.proved_at, row.issued_at,
        same_name(member_name, row.name),
    )  # fmt: skip

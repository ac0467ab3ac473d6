"""What the operator does with portals: look, approve, refuse, suspend. Every look is an event."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.portals.errors import AlreadyDecided
from entitylocker.portals.models import Portal, PortalState
from entitylocker.tenancy import use_case
from entitylocker.vault.models import DocumentType

S = PortalState


@use_case(Permission.OPERATOR_REVIEW)
def list_for_approval(actor: Actor) -> list[Portal]:
    """Every portal of the installation: first those that wait, then the others, newest first."""
    require(actor, Permission.OPERATOR_REVIEW, actor.facts)
    record(actor, EventTag.OPERATOR_READ, Subject("portals"))
    portals = list(db.session.scalars(select(Portal).order_by(Portal.id.desc())))
    return sorted(portals, key=lambda portal: portal.state != S.PROPOSED)


@use_case(Permission.OPERATOR_REVIEW)
def list_document_types(actor: Actor) -> list[DocumentType]:
    """What the codes of document types mean."""
    require(actor, Permission.OPERATOR_REVIEW, actor.facts)
    return list(db.session.scalars(select(DocumentType)))


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def approve_portal(actor: Actor, portal_id: UUID) -> Portal:
    """Let a portal ask, or ask again after it was suspended. Raises NotFound, AlreadyDecided."""
    return _decide(actor, portal_id, S.APPROVED, {S.PROPOSED, S.SUSPENDED}, EventTag.PORTAL_APPROVE, "")


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def refuse_portal(actor: Actor, portal_id: UUID, reason: str) -> Portal:
    """Say no to a proposed portal; its keeper reads the reason. Raises NotFound, AlreadyDecided."""
    return _decide(actor, portal_id, S.REFUSED, {S.PROPOSED}, EventTag.PORTAL_REFUSE, reason)


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def suspend_portal(actor: Actor, portal_id: UUID, reason: str) -> Portal:
    """Stop an approved portal: its next request and its next read are refused. Raises NotFound, AlreadyDecided."""
    return _decide(actor, portal_id, S.SUSPENDED, {S.APPROVED}, EventTag.PORTAL_SUSPEND, reason)


def _decide(
    actor: Actor,
    portal_id: UUID,
    state: PortalState,
    from_states: set[PortalState],
    tag: EventTag,
    reason: str,
) -> Portal:
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    portal = db.session.scalar(select(Portal).where(Portal.id == portal_id).with_for_update())
    if portal is None:
        raise NotFound
    if portal.state not in from_states:
        raise AlreadyDecided
    portal.state, portal.reason = state.value, reason
    portal.decided_at, portal.decided_by_name = utc_now(), actor.name
    # The keeper reads in its own trail what was decided and by whom.
    record(
        actor,
        tag,
        Subject("portal", portal.id, portal.name),
        organisation_id=portal.organisation_id,
        reason=reason,
    )
    return portal

"""Registering portals, and showing them to whoever keeps them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import select

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import InvalidInput, NotFound
from entitylocker.extensions import db
from entitylocker.portals.addresses import check_homepage, check_redirects
from entitylocker.portals.keys import parse_public_keys
from entitylocker.portals.models import Portal
from entitylocker.tenancy import use_case
from entitylocker.vault.models import DocumentType


@use_case(Permission.PORTAL_REGISTER)
def register_portal(actor: Actor, data: dict[str, Any]) -> Portal:
    """Propose a portal; it may ask for nothing until the operator approved it. `data` as PortalSchema loads it.

    Raises BadAddress, BadKeys, InvalidInput (document types), PermissionDenied where the organisation is not verified.
    """
    require(actor, Permission.PORTAL_REGISTER, actor.facts)
    portal = Portal(
        organisation_id=actor.organisation_id,
        organisation_name=actor.organisation_name,
        client_id=secrets.token_urlsafe(24),
        name=data["name"],
        homepage=check_homepage(data["homepage"]),
        contact=data["contact"],
        jwks=parse_public_keys(data["jwks"]),
        redirect_uris=check_redirects(data["redirect_uris"]),
        document_types=_check_types(data["document_types"]),
        registered_by_name=actor.name,
    )
    db.session.add(portal)
    db.session.flush()
    record(actor, EventTag.PORTAL_REGISTER, Subject("portal", portal.id, portal.name), client_id=portal.client_id)
    return portal


def _check_types(codes: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(codes))
    known = set(db.session.scalars(select(DocumentType.code).where(DocumentType.code.in_(wanted))))
    if not wanted or known != set(wanted):
        raise InvalidInput({"document_types": [gettext("Choose the document types that the portal may ask for.")]})
    return wanted


@use_case(Permission.PORTAL_LIST)
def list_portals(actor: Actor) -> list[Portal]:
    """The portals that the organisation keeps, newest first."""
    require(actor, Permission.PORTAL_LIST, actor.facts)
    mine = select(Portal).where(Portal.organisation_id == actor.organisation_id)
    return list(db.session.scalars(mine.order_by(Portal.id.desc())))


@use_case(Permission.PORTAL_LIST)
def get_portal(actor: Actor, portal_id: UUID) -> Portal:
    """A portal of the organisation. Raises NotFound."""
    require(actor, Permission.PORTAL_LIST, actor.facts)
    mine = select(Portal).where(Portal.organisation_id == actor.organisation_id, Portal.id == portal_id)
    portal = db.session.scalar(mine)
    if portal is None:
        raise NotFound
    return portal


@use_case(Permission.PORTAL_LIST)
def list_document_types(actor: Actor) -> list[DocumentType]:
    """The types that a portal may ask for, by their English names."""
    require(actor, Permission.PORTAL_LIST, actor.facts)
    return list(db.session.scalars(select(DocumentType).order_by(DocumentType.label_en)))

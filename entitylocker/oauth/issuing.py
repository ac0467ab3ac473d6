"""Issuing tokens for a consent that holds at this instant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidGrantError

from entitylocker.access import Actor, ActorKind, Grant, Means, OrganisationState
from entitylocker.access.permissions import PORTAL_PERMISSIONS
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.consents.errors import ConsentEnded
from entitylocker.consents.reading import get_granted
from entitylocker.consents.terms import ConsentView
from entitylocker.extensions import db, utc_now
from entitylocker.oauth.client import PortalClient
from entitylocker.oauth.details import granted_details
from entitylocker.oauth.doors import digest, new_secret
from entitylocker.oauth.models import Token
from entitylocker.organisations.registration import find_standing

# An access token is a name for the consent: its state is looked up at each use, so a day is no longer than a minute.
ACCESS_TOKEN_LIFE = timedelta(hours=24)


@dataclass(frozen=True)
class Redeemed:
    """What was redeemed: a code, or a refresh token that came of one."""

    organisation_id: UUID
    consent_id: UUID
    code_id: UUID


def portal_actor(client: PortalClient, organisation_id: UUID) -> Actor:
    """The portal, acting towards one organisation, with no rights yet."""
    portal = client.portal
    return Actor(
        kind=ActorKind.PORTAL,
        means=Means.TOKEN,
        name=portal.name,
        portal_id=portal.id,
        organisation_id=organisation_id,
    )


def issue_tokens(client: PortalClient, redeemed: Redeemed, *, with_refresh: bool) -> dict[str, Any]:
    """The body of a token response. Needs the running transaction of the giver. Raises InvalidGrantError."""
    standing = find_standing(redeemed.organisation_id)
    if standing is None or not standing.verified:
        raise InvalidGrantError("The organisation that gave this consent is not verified at present")
    if standing.state is not OrganisationState.ACTIVE:
        raise InvalidGrantError("The organisation that gave this consent is suspended or closed")
    actor = replace(
        portal_actor(client, redeemed.organisation_id),
        consent_id=redeemed.consent_id,
        grants=(Grant(PORTAL_PERMISSIONS, document_ids=frozenset()),),
    )
    try:
        consent = get_granted(actor, redeemed.consent_id)
    except ConsentEnded as ended:
        raise InvalidGrantError(ended.message) from ended
    now = utc_now()
    ends_at = min(consent.ends_at, now + ACCESS_TOKEN_LIFE)
    body = {
        "access_token": _store(client, redeemed, "access", ends_at),
        "token_type": "Bearer",
        "expires_in": max(0, int((ends_at - now).total_seconds())),
        "consent_id": str(consent.id),
        "authorization_details": granted_details(consent),
    }
    if with_refresh:
        body["refresh_token"] = _store(client, redeemed, "refresh", consent.ends_at)
    _record(actor, consent, with_refresh)
    return body


def _store(client: PortalClient, redeemed: Redeemed, kind: str, ends_at: datetime) -> str:
    secret = new_secret()
    token = Token(
        token_digest=digest(secret),
        kind=kind,
        organisation_id=redeemed.organisation_id,
        consent_id=redeemed.consent_id,
        code_id=redeemed.code_id,
        client_id=client.client_id,
        expires_at=ends_at,
    )
    db.session.add(token)
    return secret


def _record(actor: Actor, consent: ConsentView, first: bool) -> None:
    subject = Subject("consent", consent.id, consent.portal_name)
    record(actor, EventTag.TOKEN_ISSUE, subject, grant="authorization_code" if first else "refresh_token")

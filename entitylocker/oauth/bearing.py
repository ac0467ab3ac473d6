"""Who comes with an access token: the portal, with exactly the rights of its consent at this instant."""

from __future__ import annotations

from entitylocker import tenancy
from entitylocker.access import Actor, ActorKind, Grant, Means, OrganisationState
from entitylocker.access.permissions import PORTAL_PERMISSIONS
from entitylocker.consents.errors import ConsentEnded, GiverNotActive, GiverNotVerified, PortalNotActive
from entitylocker.consents.reading import check_standing, record_refused_read
from entitylocker.extensions import utc_now
from entitylocker.oauth.doors import StoredToken, find_token
from entitylocker.oauth.errors import InvalidToken
from entitylocker.portals.models import PortalState
from entitylocker.tenancy import Tenant, open_use_case

LONGEST = 256


@open_use_case("the token itself says who comes, and for which organisation")
def load_token(text: str) -> Actor:
    """The portal that bears this access token.

    The state of token, consent, portal and organisations is read in one statement at each call, so what ended a
    moment ago is refused now. Raises InvalidToken; ConsentEnded, which leaves an event in the giver's trail.
    """
    if not text or len(text) > LONGEST:
        raise InvalidToken
    with tenancy.transaction(Tenant()):
        token = find_token(text)
    if token is None or token.kind != "access":
        raise InvalidToken
    actor = _actor(token)
    try:
        _check(token)
    except ConsentEnded as refusal:
        record_refused_read(actor, refusal)
        raise
    if token.revoked_at is not None or token.expires_at <= utc_now():
        raise InvalidToken
    return actor


def _check(token: StoredToken) -> None:
    check_standing(token.consent_ends_at, token.consent_revoked_at)
    if token.portal_state != PortalState.APPROVED or not token.keeper_verified:
        raise PortalNotActive
    if token.keeper_state != OrganisationState.ACTIVE:
        raise PortalNotActive
    if token.organisation_state != OrganisationState.ACTIVE:
        raise GiverNotActive
    if not token.organisation_verified:
        raise GiverNotVerified


def _actor(token: StoredToken) -> Actor:
    grant = Grant(PORTAL_PERMISSIONS, document_ids=frozenset(token.document_ids), ends_at=token.consent_ends_at)
    return Actor(
        kind=ActorKind.PORTAL,
        means=Means.TOKEN,
        name=token.portal_name,
        organisation_id=token.organisation_id,
        organisation_name=token.organisation_name,
        organisation_verified=token.organisation_verified,
        organisation_state=OrganisationState(token.organisation_state),
        portal_id=token.portal_id,
        consent_id=token.consent_id,
        token_id=token.id,
        grants=(grant,),
    )

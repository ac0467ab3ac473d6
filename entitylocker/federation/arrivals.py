"""Coming through an organisation's own sign-in: the way there, the way back, and what is connected to an account."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import ANONYMOUS, Actor, Permission, require
from entitylocker.accounts.events import AccountRecovered
from entitylocker.accounts.people import on_own_account
from entitylocker.accounts.sessions import Visit
from entitylocker.accounts.signing import open_proved
from entitylocker.audit.recording import Subject, record, record_counted
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.federation import oidc
from entitylocker.federation.errors import (
    ConnectedElsewhere,
    NotConnected,
    ProviderUntrustworthy,
    SignInBroken,
    SignInRefusedThere,
)
from entitylocker.federation.models import FederatedIdentity
from entitylocker.federation.providers import Provider
from entitylocker.tenancy import Tenant, open_use_case, use_case
from entitylocker.web.engine_room import engines

TRIP_SECONDS = 600
# Somebody else's provider vouched (RFC 8176 has no word for that).
AMR = ("fed",)


@dataclass(frozen=True)
class Trip:
    """A way to a provider that one browser began; it lies in that browser's signed cookie until it comes back.

    `person_id`: who wants to connect the identity to their account; None: somebody who wants to sign in.
    """

    provider_id: str
    state: str
    nonce: str
    verifier: str
    began_at: int
    next: str
    person_id: str | None

    def to_json(self) -> dict[str, Any]:
        """For the cookie."""
        return asdict(self)


@dataclass(frozen=True)
class Proved:
    """An identity that proved itself a moment ago, until its person says yes to the connection."""

    slug: str
    organisation_name: str
    issuer: str
    subject: str
    called: str
    person_id: str
    proved_at: int

    def to_json(self) -> dict[str, Any]:
        """For the cookie."""
        return asdict(self)


@dataclass(frozen=True)
class Connection:
    """A provider of an organisation one belongs to; `called`: as whom one is known there, None: not connected."""

    provider_id: UUID
    organisation_name: str
    name: str
    slug: str
    called: str | None
    since: datetime | None


def set_out(provider: Provider, *, next_page: str = "", person_id: UUID | None = None) -> tuple[str, Trip]:
    """Begin a way to a provider: where the browser goes, and what it must bring back.

    Raises ProviderDoesNotAnswer, ProviderUntrustworthy.
    """
    metadata = oidc.discover(engines().outgoing, provider.issuer)
    trip = Trip(
        str(provider.id),
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(48),
        int(time.time()),
        next_page,
        None if person_id is None else str(person_id),
    )
    url = oidc.authorization_url(metadata, provider.client, state=trip.state, nonce=trip.nonce, verifier=trip.verifier)
    return url, trip


def arrive(provider: Provider, kept: Any, answer: dict[str, str]) -> tuple[Trip, oidc.Claims]:
    """Who came back from a provider, and on which trip.

    `kept`: the trip as the browser's cookie had it; `answer`: the query of the return (RFC 6749 section 4.1.2, `iss`
    as RFC 9207). Raises SignInBroken, SignInRefusedThere, ProviderDoesNotAnswer, ProviderUntrustworthy.
    """
    trip = _read_trip(kept, provider)
    if not hmac.compare_digest(trip.state.encode(), answer.get("state", "").encode()):
        raise SignInBroken
    if "error" in answer:
        raise SignInRefusedThere
    metadata = oidc.discover(engines().outgoing, provider.issuer)
    names_itself = "iss" in answer or metadata.authorization_response_iss_parameter_supported
    if names_itself and answer.get("iss") != metadata.issuer:
        raise ProviderUntrustworthy(why="iss")
    if not answer.get("code"):
        raise SignInBroken
    claims = oidc.exchange(
        engines().outgoing,
        metadata,
        provider.client,
        code=answer["code"],
        verifier=trip.verifier,
        nonce=trip.nonce,
    )
    return trip, claims


def _read_trip(kept: Any, provider: Provider) -> Trip:
    try:
        trip = Trip(**kept)
    except TypeError:
        raise SignInBroken from None
    if trip.provider_id != str(provider.id) or not 0 <= time.time() - trip.began_at < TRIP_SECONDS:
        raise SignInBroken
    return trip


@open_use_case("the provider has said who it is")
def sign_in_through(provider: Provider, claims: oidc.Claims, visit: Visit) -> str:
    """Open a session that counts for the provider's organisation only; returns its token. Raises NotConnected.

    Second factors are the provider's business here: what it vouches for reaches nothing but its own organisation.
    """
    with tenancy.transaction(Tenant()):
        person_id = db.session.execute(
            text("SELECT lookup_federated_identity(:provider, :issuer, :subject)"),
            {"provider": provider.id, "issuer": claims.issuer, "subject": claims.subject},
        ).scalar()
    if person_id is None:
        subject = Subject("identity_provider", provider.id, provider.name)
        record_counted(ANONYMOUS, EventTag.PERSON_SIGN_IN_REFUSED, subject)
        raise NotConnected
    return open_proved(person_id, visit, AMR, limited_to=provider.organisation_id)


@use_case(Permission.ACCOUNT_OWN)
def may_connect(actor: Actor) -> None:
    """Raises what stands against connecting anything to the actor's account."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)


def prove(provider: Provider, trip: Trip, claims: oidc.Claims) -> Proved:
    """What came back from a trip that somebody began to connect it."""
    assert trip.person_id is not None
    names = (provider.slug, provider.organisation_name, claims.issuer, claims.subject, claims.called)
    return Proved(*names, trip.person_id, int(time.time()))


def read_proved(actor: Actor, kept: Any) -> Proved:
    """The identity that this browser brought back a moment ago for `actor`. Raises SignInBroken."""
    try:
        proved = Proved(**kept)
    except TypeError:
        raise SignInBroken from None
    if proved.person_id != str(actor.person_id) or not 0 <= time.time() - proved.proved_at < TRIP_SECONDS:
        raise SignInBroken
    return proved


@open_use_case("what it calls asks for the permission")
def connect(actor: Actor, provider: Provider, proved: Proved) -> None:
    """Connect an identity that just proved itself to the actor's account, after they saw which one.

    Raises NotFound, ConnectedElsewhere.
    """
    _connect(on_own_account(actor), provider, proved)


@open_use_case("what it calls asks for the permission")
def disconnect(actor: Actor, provider_id: UUID) -> None:
    """Disconnect a provider from the actor's account; what it opened ends. Raises NotFound."""
    _disconnect(on_own_account(actor), provider_id)


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def _connect(actor: Actor, provider: Provider, proved: Proved) -> None:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    if provider.issuer != proved.issuer or provider.id not in {each.id for each in _my_providers()}:
        raise NotFound
    row = FederatedIdentity(
        id=uuid7(),
        person_id=actor.person_id,
        provider_id=provider.id,
        organisation_id=provider.organisation_id,
        organisation_name=provider.organisation_name,
        issuer=proved.issuer,
        subject=proved.subject,
        called=proved.called,
    )
    db.session.add(row)
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise ConnectedElsewhere from fault
    record(actor, EventTag.IDENTITY_LINK, Subject("identity_provider", provider.id, provider.name))


@use_case(Permission.ACCOUNT_OWN)
def _disconnect(actor: Actor, provider_id: UUID) -> None:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    gone = db.session.execute(
        delete(FederatedIdentity)
        .where(FederatedIdentity.person_id == actor.person_id, FederatedIdentity.provider_id == provider_id)
        .returning(FederatedIdentity.organisation_name)
    ).scalar()
    if gone is None:
        raise NotFound
    record(actor, EventTag.IDENTITY_UNLINK, Subject("identity_provider", provider_id, gone))


def on_account_recovered(event: AccountRecovered) -> None:
    """What somebody else may have connected to an account is connected no longer."""
    db.session.execute(
        delete(FederatedIdentity).where(
            FederatedIdentity.person_id == event.person_id, FederatedIdentity.created_at >= event.since
        )
    )


@use_case(Permission.ACCOUNT_OWN)
def list_connections(actor: Actor) -> list[Connection]:
    """The sign-ins of the organisations one belongs to, connected or not."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    rows = db.session.scalars(select(FederatedIdentity).where(FederatedIdentity.person_id == actor.person_id))
    known = {row.provider_id: row for row in rows}
    return [
        Connection(
            each.id,
            each.organisation_name,
            each.name,
            each.slug,
            known[each.id].called if each.id in known else None,
            known[each.id].created_at if each.id in known else None,
        )
        for each in _my_providers()
    ]


def _my_providers() -> list[Any]:
    return list(db.session.execute(text("SELECT * FROM lookup_my_providers()")))

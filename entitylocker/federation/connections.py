"""What is connected to an account: an identity at an organisation's provider, seen and said yes to by its person."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.events import AccountRecovered
from entitylocker.accounts.notices import tell_person
from entitylocker.accounts.people import on_own_account
from entitylocker.accounts.sessions import end_sessions_of_provider
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.federation import oidc
from entitylocker.federation.arrivals import TRIP_SECONDS, Trip
from entitylocker.federation.errors import ConnectedElsewhere, SignInBroken
from entitylocker.federation.models import FederatedIdentity
from entitylocker.federation.providers import Provider
from entitylocker.tenancy import open_use_case, use_case


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
    _tell(actor, "provider_connected", provider.organisation_name, proved.called or proved.subject)


@use_case(Permission.ACCOUNT_OWN)
def _disconnect(actor: Actor, provider_id: UUID) -> None:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    gone = db.session.execute(
        delete(FederatedIdentity)
        .where(FederatedIdentity.person_id == actor.person_id, FederatedIdentity.provider_id == provider_id)
        .returning(FederatedIdentity.organisation_name, FederatedIdentity.called)
    ).first()
    if gone is None:
        raise NotFound
    # Ended, not only out of reach: connected again, they would open the organisation once more.
    end_sessions_of_provider(actor, provider_id)
    record(actor, EventTag.IDENTITY_UNLINK, Subject("identity_provider", provider_id, gone.organisation_name))
    _tell(actor, "provider_disconnected", gone.organisation_name, gone.called)


def _tell(actor: Actor, kind: str, organisation_name: str, called: str) -> None:
    """Another way into the organisation, or one less: the person hears of it, whoever did it in their session."""
    assert actor.person_id is not None
    tell_person(actor.person_id, kind, organisation=organisation_name, who=called)


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

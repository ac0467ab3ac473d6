"""The organisation's own sign-in: an OpenID provider that its administrators set up, and end."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.sessions import note_way_ended
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.federation.answers import Answers, ask, read_kept
from entitylocker.federation.errors import SlugTaken, UnknownWay
from entitylocker.federation.models import IdentityProvider
from entitylocker.federation.oidc import Client
from entitylocker.federation.rules import require_own
from entitylocker.federation.standing import tell_of_directory
from entitylocker.organisations.rights import lock_organisations
from entitylocker.storage.secrets import SealedSecret, open_secret, seal_secret
from entitylocker.tenancy import Tenant, open_use_case, use_case
from entitylocker.web.engine_room import engines
from entitylocker.web.links import link_to

_LABEL = b"entitylocker/identity-provider/1\x00"


@dataclass(frozen=True)
class Provider:
    """A provider as its way in needs it. `answers`: what it said last of itself."""

    id: UUID
    organisation_id: UUID
    organisation_name: str
    name: str
    slug: str
    issuer: str
    client: Client
    answers: Answers | None = None


@open_use_case("the provider is asked with no transaction open; what it calls asks for the permission")
def set_up_provider(actor: Actor, *, name: str, slug: str, issuer: str, client_id: str, client_secret: str) -> UUID:
    """Let members sign in through an OpenID provider of the organisation's own. It must answer now.

    Raises ProviderDoesNotAnswer, ProviderUntrustworthy, SlugTaken, with their field.
    """
    _admit(actor)
    return _set_up(actor, name, slug, ask(issuer), client_id, client_secret)


@use_case(Permission.DIRECTORY_MANAGE, fresh=True)
def _admit(actor: Actor) -> None:
    require(actor, Permission.DIRECTORY_MANAGE, actor.facts)
    require_own(actor)


@use_case(Permission.DIRECTORY_MANAGE, fresh=True)
def _set_up(actor: Actor, name: str, slug: str, answers: Answers, client_id: str, client_secret: str) -> UUID:
    require(actor, Permission.DIRECTORY_MANAGE, actor.facts)
    row_id = uuid7()
    sealed = seal_secret(engines().operator_key, client_secret.encode(), context=_LABEL + row_id.bytes)
    row = IdentityProvider(
        id=row_id,
        organisation_id=actor.organisation_id,
        name=name,
        slug=slug,
        issuer=answers.metadata.issuer,
        client_id=client_id,
        wrapped_key=sealed.wrapped_key,
        encrypted_secret=sealed.body,
        set_up_by_name=actor.name,
        discovery=answers.metadata.to_json(),
        keys=answers.keys,
        asked_at=answers.asked_at,
        tried_at=answers.asked_at,
    )
    db.session.add(row)
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise SlugTaken(field="slug") from fault
    # Bookmarks lead there, and people would sign in with somebody else without a thought. Asked with the name in hand.
    if db.session.scalar(text("SELECT lookup_way_of_another(:slug)"), {"slug": slug}):
        raise SlugTaken(field="slug")
    record(actor, EventTag.IDENTITY_PROVIDER_SET_UP, Subject("identity_provider", row.id, name), issuer=row.issuer)
    tell_of_directory(row.organisation_id, "provider_set_up", name=name, by=actor.name)
    return row.id


@use_case(Permission.DIRECTORY_MANAGE)
def list_providers(actor: Actor) -> list[IdentityProvider]:
    """The providers through which members can sign in now."""
    require(actor, Permission.DIRECTORY_MANAGE, actor.facts)
    query = select(IdentityProvider).where(
        IdentityProvider.organisation_id == actor.organisation_id, IdentityProvider.ended_at.is_(None)
    )
    return list(db.session.scalars(query.order_by(IdentityProvider.id)))


@use_case(Permission.DIRECTORY_MANAGE)
def end_provider(actor: Actor, provider_id: UUID) -> None:
    """End a provider: nobody signs in through it any more, and sessions it opened end. Raises NotFound."""
    require(actor, Permission.DIRECTORY_MANAGE, actor.facts)
    lock_organisations(actor.organisation_id)
    ended = db.session.execute(
        update(IdentityProvider)
        .where(
            IdentityProvider.organisation_id == actor.organisation_id,
            IdentityProvider.id == provider_id,
            IdentityProvider.ended_at.is_(None),
        )
        .values(ended_at=utc_now())
        .returning(IdentityProvider.name)
    ).scalar()
    if ended is None:
        raise NotFound
    note_way_ended(actor, [provider_id])
    record(actor, EventTag.IDENTITY_PROVIDER_END, Subject("identity_provider", provider_id, ended))


@open_use_case("who signs in is nobody yet; the name of a way in is no secret")
def get_provider(slug: str) -> Provider:
    """The live provider of this name. Raises NotFound."""
    with tenancy.transaction(Tenant()):
        found = db.session.execute(text("SELECT * FROM lookup_identity_provider(:slug)"), {"slug": slug}).first()
    if found is None:
        raise NotFound
    sealed = SealedSecret(bytes(found.wrapped_key), bytes(found.encrypted_secret))
    secret = open_secret(engines().operator_key, sealed, context=_LABEL + found.id.bytes)
    client = Client(found.client_id, secret.decode(), return_address(found.slug))
    return Provider(
        found.id,
        found.organisation_id,
        found.organisation_name,
        found.name,
        found.slug,
        found.issuer,
        client,
        read_kept(found),
    )


@open_use_case("who signs in is nobody yet; the name of a way in is no secret")
def find_way(slug: str) -> Provider:
    """Like `get_provider`, for somebody who typed the name. Raises UnknownWay."""
    try:
        return get_provider(slug)
    except NotFound:
        raise UnknownWay(field="way") from None


def return_address(slug: str) -> str:
    """Where a provider sends people back to: an address of its own, so that no other provider can answer for it."""
    return link_to("federation.come_back", slug=slug)

"""Coming through an organisation's own sign-in: the way there, and the way back."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import ANONYMOUS
from entitylocker.accounts.epochs import read_epoch
from entitylocker.accounts.sessions import Visit
from entitylocker.accounts.signing import open_proved
from entitylocker.audit.recording import Subject, record_counted
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db
from entitylocker.federation import oidc
from entitylocker.federation.answers import MOST_ARRIVING, Answers, ask_again, place_at
from entitylocker.federation.errors import (
    NotConnected,
    ProviderDoesNotAnswer,
    ProviderUntrustworthy,
    SignInBroken,
    SignInRefusedThere,
)
from entitylocker.federation.providers import Provider
from entitylocker.tenancy import Tenant, open_use_case
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


def set_out(provider: Provider, *, next_page: str = "", person_id: UUID | None = None) -> tuple[str, Trip]:
    """Begin a way to a provider: where the browser goes, and what it must bring back.

    Raises ProviderDoesNotAnswer, ProviderUntrustworthy.
    """
    metadata = _answers_of(provider).metadata
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
    answers = _answers_of(provider)
    metadata = answers.metadata
    names_itself = "iss" in answer or metadata.authorization_response_iss_parameter_supported
    if names_itself and answer.get("iss") != metadata.issuer:
        raise ProviderUntrustworthy(why="iss")
    if not answer.get("code"):
        raise SignInBroken
    with place_at(provider.id, MOST_ARRIVING):
        token = oidc.exchange(
            engines().outgoing, metadata, provider.client, code=answer["code"], verifier=trip.verifier
        )
        return trip, _read_token(provider, answers, token, trip.nonce)


def _answers_of(provider: Provider) -> Answers:
    """What the provider says of itself: as a rule what it said within the hour."""
    kept = provider.answers
    if kept is not None and kept.are_good:
        return kept
    with place_at(provider.id):
        found = ask_again(provider.organisation_id, provider.id)
    if found is None:
        raise ProviderDoesNotAnswer
    return found


def _read_token(provider: Provider, answers: Answers, token: str, nonce: str) -> oidc.Claims:
    """Who an ID token is about. Where it was made with a new key, the provider is asked for its keys once more."""
    asked = {"issuer": provider.issuer, "client_id": provider.client.client_id, "nonce": nonce}
    try:
        return oidc.read_id_token(token, answers.keys, **asked)
    except ProviderUntrustworthy as fault:
        newer = ask_again(provider.organisation_id, provider.id) if fault.facts.get("why") == "signature" else None
        if newer is None:
            raise
    return oidc.read_id_token(token, newer.keys, **asked)


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
    person_id = _find_connected(provider, claims)
    epoch = None if person_id is None else read_epoch(person_id)
    # Looked up again after that: whoever takes an account back disconnects it and makes earlier proofs void.
    if person_id is None or _find_connected(provider, claims) != person_id:
        subject = Subject("identity_provider", provider.id, provider.name)
        record_counted(ANONYMOUS, EventTag.PERSON_SIGN_IN_REFUSED, subject)
        raise NotConnected
    return open_proved(person_id, visit, AMR, limited_to=provider.organisation_id, provider_id=provider.id, epoch=epoch)


def _find_connected(provider: Provider, claims: oidc.Claims) -> UUID | None:
    with tenancy.transaction(Tenant()):
        return db.session.execute(
            text("SELECT lookup_federated_identity(:provider, :issuer, :subject)"),
            {"provider": provider.id, "issuer": claims.issuer, "subject": claims.subject},
        ).scalar()

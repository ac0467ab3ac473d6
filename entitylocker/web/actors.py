"""Who is asking: the actor of this request, found through what `app.py` registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import g, request
from flask_login import current_user

from entitylocker.access import Actor, ActorKind, Means
from entitylocker.errors import NotFound, OperatorFactorRequired, SecondFactorRequired, SignInRequired
from entitylocker.web.engine_room import engines


@dataclass
class Loaders:
    """How actors are found. Each is set once by `app.py`.

    `member(person_id, session_id, organisation_id)` answers the actor of a membership or None;
    `operator(person_id, session_id)` the operator or None; `token(text)` the portal, or raises;
    `directory(text)` the directory, or raises.
    """

    member: Callable[[UUID, UUID | None, UUID], Actor | None] | None = None
    operator: Callable[[UUID, UUID], Actor | None] | None = None
    token: Callable[[str], Actor] | None = None
    directory: Callable[[str], Actor] | None = None


loaders = Loaders()


def current_person() -> Any:
    """The signed-in person. Raises SignInRequired."""
    if not current_user.is_authenticated:
        raise SignInRequired
    return current_user


def person_actor() -> Actor:
    """The signed-in person as themselves, for no organisation."""
    person = current_person()
    return Actor(
        kind=ActorKind.PERSON,
        means=Means.SESSION,
        name=person.name,
        person_id=person.person_id,
        session_id=person.session_id,
        confirmed_at=person.confirmed_at,
        limited_to=person.limited_to,
    )


def current_actor() -> Actor:
    """The actor of this request, for the organisation that its address names.

    Raises SignInRequired, or NotFound where the person is no member of that organisation.
    """
    if "actor" not in g:
        g.actor = _find_actor()
    actor: Actor = g.actor
    return actor


def acting_actor() -> Actor | None:
    """The actor if one was found already; never looks for one (for error pages and the page shell)."""
    actor: Actor | None = g.get("actor")
    return actor


def _find_actor() -> Actor:
    organisation_id = (request.view_args or {}).get("organisation_id")
    if organisation_id is None:
        return person_actor()
    person = current_person()
    assert loaders.member is not None, "app.py registers the loaders"
    actor = loaders.member(person.person_id, person.session_id, organisation_id)
    if actor is None:
        raise NotFound
    if actor.second_factor_missing:
        raise SecondFactorRequired(organisation=actor.organisation_name)
    return replace(actor, confirmed_at=person.confirmed_at, limited_to=person.limited_to)


def operator_actor() -> Actor:
    """The signed-in operator. Anybody else finds nothing here."""
    person = current_person()
    assert loaders.operator is not None, "app.py registers the loaders"
    actor = loaders.operator(person.person_id, person.session_id)
    if actor is None:
        raise NotFound
    if engines().settings.operator_second_factor and "mfa" not in person.amr:
        raise OperatorFactorRequired
    confirmed = replace(actor, confirmed_at=person.confirmed_at, limited_to=person.limited_to)
    g.actor = confirmed
    return confirmed


def token_actor() -> Actor:
    """The portal whose access token came in the Authorization header (RFC 6750 section 2.1, no other place)."""
    return _bearer(loaders.token)


def directory_actor() -> Actor:
    """The directory whose token came in the Authorization header."""
    return _bearer(loaders.directory)


def _bearer(load: Callable[[str], Actor] | None) -> Actor:
    assert load is not None, "app.py registers the loaders"
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    actor = load(token.strip() if scheme.lower() == "bearer" else "")
    g.actor = actor
    return actor

"""Asking a citizen locker in a person's name: the token is refreshed when its time is over, by one at a time.

A refresh token is good for one refresh, and two at a time would end the link (RFC 9700 section 4.14.2). Who refreshes
takes the turn in a short transaction, asks the citizen locker while none is open, and writes down what came in
another. Everybody else waits for that, and takes over if it never came.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from entitylocker.access import Actor, Permission, require
from entitylocker.citizen.adapters import CitizenLocker, Tokens, TokensRefused
from entitylocker.citizen.errors import LinkBroken, LockerUnavailable
from entitylocker.citizen.linking import keep_tokens, locked_link
from entitylocker.citizen.lockers import LockerEntry, adapter_of, get_locker
from entitylocker.citizen.models import CitizenLink
from entitylocker.citizen.revoking import give_back
from entitylocker.citizen.sealing import KeptTokens, Sealed, unseal
from entitylocker.errors import LockerError
from entitylocker.extensions import utc_now
from entitylocker.tenancy import open_use_case, use_case

Result = TypeVar("Result")

_LEEWAY = timedelta(seconds=60)
# The call itself ends after ten seconds at most; whoever has not written anything down by then never will.
TURN_LASTS = timedelta(seconds=20)
_LOOKS_EVERY = 0.2
_LOOKS = 110


@dataclass(frozen=True)
class _Held:
    """What a look at the link found: a token that is good, or a turn to refresh, or neither: somebody else does."""

    entry: LockerEntry
    access_token: str | None = field(repr=False, default=None)
    turn: UUID | None = None
    kept: KeptTokens | None = field(repr=False, default=None)


@open_use_case("what it calls asks for the permission; the citizen locker is spoken to while no transaction is open")
def ask_locker(actor: Actor, link_id: UUID, ask: Callable[[CitizenLocker, str], Result]) -> Result:
    """What `ask(locker, access_token)` answers. A token that is refused is refreshed once.

    Raises NotFound, LinkBroken, LockerUnavailable, and what `ask` raises.
    """
    refused: str | None = None
    for _ in range(2):
        entry, access_token = hold_token(actor, link_id, refused)
        try:
            return ask(adapter_of(entry), access_token)
        except TokensRefused:
            refused = access_token
    mark_broken(actor, link_id, str(refused))
    raise LinkBroken


@open_use_case("what it calls asks for the permission; the citizen locker is spoken to while no transaction is open")
def hold_token(actor: Actor, link_id: UUID, refused: str | None = None) -> tuple[LockerEntry, str]:
    """A token that is still good, refreshed if need be. `refused`: one that turned out not to be.

    Raises NotFound, LinkBroken, LockerUnavailable.
    """
    for _ in range(_LOOKS):
        held = _look(actor, link_id, refused)
        access_token = held.access_token
        if held.turn is not None:
            access_token = _refresh(actor, link_id, held)
        if access_token is not None:
            return held.entry, access_token
        if held.turn is None:
            time.sleep(_LOOKS_EVERY)
    raise LockerUnavailable


@use_case(Permission.ACCOUNT_OWN)
def _look(actor: Actor, link_id: UUID, refused: str | None) -> _Held:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    link = locked_link(actor, link_id)
    if link.broken_at is not None:
        raise LinkBroken
    entry = get_locker(link.locker_key)
    kept = unseal(link.id, Sealed(link.wrapped_key, link.sealed_tokens))
    if kept.access_token != refused and not _is_old(link):
        return _Held(entry, kept.access_token)
    if link.refreshing_until is not None and link.refreshing_until > utc_now():
        return _Held(entry)
    link.refresh_id, link.refreshing_until = uuid7(), utc_now() + TURN_LASTS
    return _Held(entry, turn=link.refresh_id, kept=kept)


def _refresh(actor: Actor, link_id: UUID, held: _Held) -> str | None:
    """Use the refresh token up and write down what came of it. None: look again."""
    assert held.turn is not None and held.kept is not None
    try:
        tokens = adapter_of(held.entry).refresh(held.kept.refresh_token) if held.kept.refresh_token else None
    except TokensRefused:
        tokens = None
    except LockerError:
        _give_up_turn(actor, link_id, held.turn)
        raise
    access_token = None
    try:
        access_token = _keep(actor, link_id, held.turn, held.kept, tokens)
    finally:
        if tokens is not None and access_token is None:
            # The link ended or was made anew meanwhile: what was got for it is given back.
            give_back(held.entry, tokens)
    return access_token


@use_case(Permission.ACCOUNT_OWN)
def _keep(actor: Actor, link_id: UUID, turn: UUID, before: KeptTokens, tokens: Tokens | None) -> str | None:
    """Write down what a refresh brought; answers the fresh token. None: there is none, or the turn is over."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    link = locked_link(actor, link_id)
    if link.refresh_id != turn:
        return None
    # Tokens of somebody else under this link would lend somebody else's papers.
    if tokens is None or (tokens.identity is not None and tokens.identity.subject != link.subject):
        link.broken_at, link.refresh_id, link.refreshing_until = utc_now(), None, None
        return None
    keep_tokens(link, tokens, before)
    link.consent_valid_till = tokens.consent_valid_till or link.consent_valid_till
    return tokens.access_token


@use_case(Permission.ACCOUNT_OWN)
def _give_up_turn(actor: Actor, link_id: UUID, turn: UUID) -> None:
    """Let the next one try: the citizen locker did not answer."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    link = locked_link(actor, link_id)
    if link.refresh_id == turn:
        link.refresh_id, link.refreshing_until = None, None


def _is_old(link: CitizenLink) -> bool:
    return link.tokens_expire_at is not None and link.tokens_expire_at - _LEEWAY <= utc_now()


@use_case(Permission.ACCOUNT_OWN)
def mark_broken(actor: Actor, link_id: UUID, refused: str) -> None:
    """Write down that the citizen locker takes our tokens no longer, unless there are others meanwhile."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    link = locked_link(actor, link_id)
    if unseal(link.id, Sealed(link.wrapped_key, link.sealed_tokens)).access_token == refused:
        link.broken_at = utc_now()

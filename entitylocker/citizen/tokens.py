"""Asking a citizen locker in a person's name: the token is refreshed when its time is over, once at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from entitylocker.access import Actor, Permission, require
from entitylocker.citizen.adapters import CitizenLocker, TokensRefused
from entitylocker.citizen.errors import LinkBroken
from entitylocker.citizen.linking import keep_tokens, locked_link
from entitylocker.citizen.lockers import LockerEntry, adapter_of, get_locker
from entitylocker.citizen.models import CitizenLink
from entitylocker.citizen.sealing import Sealed, unseal
from entitylocker.extensions import utc_now
from entitylocker.tenancy import open_use_case, use_case

Result = TypeVar("Result")

_LEEWAY = timedelta(seconds=60)


@dataclass(frozen=True)
class _Held:
    """A token to ask with. None: the citizen locker gives us none any more."""

    entry: LockerEntry
    access_token: str | None


@open_use_case("the token is fetched by a use case; the citizen locker is spoken to while no transaction is open")
def ask_locker(actor: Actor, link_id: UUID, ask: Callable[[CitizenLocker, str], Result]) -> Result:
    """What `ask(locker, access_token)` answers. A token that is refused is refreshed once.

    Raises NotFound, LinkBroken, LockerUnavailable, and what `ask` raises.
    """
    refused: str | None = None
    for _ in range(2):
        held = hold_token(actor, link_id, refused)
        if held.access_token is None:
            raise LinkBroken
        try:
            return ask(adapter_of(held.entry), held.access_token)
        except TokensRefused:
            refused = held.access_token
    mark_broken(actor, link_id, str(refused))
    raise LinkBroken


@use_case(Permission.ACCOUNT_OWN)
def hold_token(actor: Actor, link_id: UUID, refused: str | None = None) -> _Held:
    """A token that is still good, refreshed if need be. `refused`: one that turned out not to be.

    The row stays locked while the citizen locker is asked (ten seconds at most): a refresh token is good for one
    refresh, and two at a time would end the link (RFC 9700 section 4.14.2). Raises NotFound, LinkBroken,
    LockerUnavailable.
    """
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    link = locked_link(actor, link_id)
    if link.broken_at is not None:
        raise LinkBroken
    entry = get_locker(link.locker_key)
    kept = unseal(link.id, Sealed(link.wrapped_key, link.sealed_tokens))
    if kept.access_token != refused and not _is_old(link):
        return _Held(entry, kept.access_token)
    return _Held(entry, _refresh(entry, link))


def _refresh(entry: LockerEntry, link: CitizenLink) -> str | None:
    kept = unseal(link.id, Sealed(link.wrapped_key, link.sealed_tokens))
    try:
        tokens = adapter_of(entry).refresh(kept.refresh_token) if kept.refresh_token else None
    except TokensRefused:
        tokens = None
    # Tokens of somebody else under this link would lend somebody else's papers.
    if tokens is None or (tokens.identity is not None and tokens.identity.subject != link.subject):
        link.broken_at = utc_now()
        return None
    keep_tokens(link, tokens, kept)
    link.consent_valid_till = tokens.consent_valid_till or link.consent_valid_till
    return tokens.access_token


def _is_old(link: CitizenLink) -> bool:
    return link.tokens_expire_at is not None and link.tokens_expire_at - _LEEWAY <= utc_now()


@use_case(Permission.ACCOUNT_OWN)
def mark_broken(actor: Actor, link_id: UUID, refused: str) -> None:
    """Write down that the citizen locker takes our tokens no longer, unless there are others meanwhile."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    link = locked_link(actor, link_id)
    if unseal(link.id, Sealed(link.wrapped_key, link.sealed_tokens)).access_token == refused:
        link.broken_at = utc_now()

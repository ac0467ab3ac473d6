"""For which domain and origin passkeys of this installation are made (WebAuthn Level 3, section 5.1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from entitylocker.accounts.errors import PasskeysUnavailable
from entitylocker.web.engine_room import engines

NAME = "EntityLocker"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class RelyingParty:
    """`id`: the domain that passkeys are bound to; `origin`: where the browser must have been."""

    id: str
    origin: str


def relying_party_at(base_url: str) -> RelyingParty | None:
    """The relying party of an installation at `base_url`; None where browsers make no passkeys.

    An address of numbers is no domain, and without https only localhost counts as safe (Secure Contexts, 3.1).
    """
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".").encode("idna").decode()
    if not host or _is_number(host) or (parts.scheme != "https" and not _is_local(host)):
        return None
    usual = parts.port in (None, _PORTS.get(parts.scheme))
    return RelyingParty(host, f"{parts.scheme}://{host}" + ("" if usual else f":{parts.port}"))


def find_relying_party() -> RelyingParty | None:
    """That of the running app, made of its setting and never of what a request says its host is."""
    return relying_party_at(engines().settings.base_url)


def get_relying_party() -> RelyingParty:
    """The same. Raises PasskeysUnavailable."""
    found = find_relying_party()
    if found is None:
        raise PasskeysUnavailable
    return found


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_local(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")

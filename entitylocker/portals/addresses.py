"""Which addresses a portal may name: https with a host, http only on the same machine."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from flask_babel import gettext

from entitylocker.errors import N_
from entitylocker.portals.errors import BadAddress

LONGEST = 2000
MOST_REDIRECTS = 10
# RFC 3986: what may stand in an address. No quotes, no backslash, no blanks, no wildcard host.
_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()+,;=%")

_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?")


def check_redirects(text: str) -> list[str]:
    """The redirect addresses in `text`, one a line, to be matched exactly. Raises BadAddress."""
    addresses = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not addresses:
        raise _bad("redirect_uris", "", N_("name at least one address that people come back to."))
    if len(addresses) > MOST_REDIRECTS:
        raise _bad("redirect_uris", addresses[-1], N_("at most 10 addresses are taken."))
    for address in addresses:
        _check(address, "redirect_uris")
    return addresses


def check_homepage(address: str) -> str:
    """The address of the portal's own page. Raises BadAddress."""
    _check(address.strip(), "homepage")
    return address.strip()


def host_of(address: str) -> str:
    """The host that a person knows the portal by, with its port if it is not the usual one."""
    return urlsplit(address).netloc


def is_loopback(host: str) -> bool:
    """Whether `host` is this very machine (RFC 8252 section 7.3)."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check(address: str, field: str) -> None:
    if len(address) > LONGEST or not set(address) <= _ALLOWED:
        raise _bad(field, address[:80], N_("it has characters that do not belong in an address, or is too long."))
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises for a port that is no number
    except ValueError:
        raise _bad(field, address, N_("it is not a complete address.")) from None
    _check_parts(address, parts, field)


def _check_parts(address: str, parts: SplitResult, field: str) -> None:
    # The host goes into a header of the consent page (form-action): nothing there may end the directive.
    whole = _HOST.fullmatch(parts.netloc.rpartition("@")[2]) is not None
    if parts.hostname is None or not whole or parts.scheme not in ("https", "http"):
        raise _bad(field, address, N_("write the whole address, beginning with https://."))
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise _bad(field, address, N_("it must begin with https://. Only on the same machine http:// is taken."))
    if parts.username is not None or parts.password is not None:
        raise _bad(field, address, N_("it must not hold a user name or password."))
    if "#" in address:
        raise _bad(field, address, N_("it must not have a part after “#”."))


def _bad(field: str, address: str, why: str) -> BadAddress:
    return BadAddress(field=field, address=address, why=gettext(why))

"""Which addresses may be called: how they are written, which hosts, which networks.

Nothing is guessed: an address that two programs could read differently is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from entitylocker.config import BadSetting
from entitylocker.outgoing.errors import AddressRefused

Ip = IPv4Address | IPv6Address

LONGEST = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}
SETTING = "ENTITYLOCKER_OUTGOING_ALLOW"

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_BRACKETS = re.compile(r"\[[0-9A-Fa-f:.]+\](:[0-9]*)?")
# How the C library writes numbers of an IPv4 address: decimal, octal, hexadecimal.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Not public, whatever the running version of Python thinks of them: NAT64 of a network's own, relays, benchmarks,
# documentation, segment routing, sites, dummies; 168.63.129.16 is where Azure's machines find their own host.
_CLOSED = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "100.64.0.0/10", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
            "::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "3fff::/20",
            "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10",
        ),
    )
)  # fmt: skip
_NAT64 = ip_network("64:ff9b::/96")
# Never, not even for an allowed name: nobody's (unspecified), everybody's (multicast), the machine's own cloud.
_NEVER = tuple(
    map(ip_network, ("0.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "224.0.0.0/3", "::/128", "ff00::/8"))
) + tuple(map(ip_network, ("fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "192.0.0.192/32")))


def is_public(ip: Ip) -> bool:
    """Whether `ip` is reached over the public internet. What carries an IPv4 address inside is judged by that."""
    inner = _inside(ip)
    if inner is not None:
        return is_public(inner)
    if ip.is_multicast or ip.is_reserved or ip.is_unspecified or not ip.is_global:
        return False
    return not _in_any(ip, _CLOSED)


def _inside(ip: Ip) -> IPv4Address | None:
    """The IPv4 address that a mapped (RFC 4291), 6to4 (RFC 3056) or NAT64 (RFC 6052) address stands for."""
    if isinstance(ip, IPv4Address):
        return None
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _in_any(ip: Ip, networks: Iterable[object]) -> bool:
    return any(ip in network for network in networks)  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be called, taken apart. `host`: lower case, no dot at its end; `path` with its query."""

    scheme: str
    host: str
    port: int
    path: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class Hosts:
    """The private hosts that the operator allows, as (host, port); port None: the default ports."""

    allowed: frozenset[tuple[str, int | None]] = field(default_factory=frozenset)

    @classmethod
    def parse(cls, text: str) -> Hosts:
        """From the setting: `host` or `host:port`, with commas between; IPv6 in brackets. Raises BadSetting."""
        return cls(frozenset(_entry(one.strip()) for one in text.split(",") if one.strip()))

    def target(self, url: str) -> Target:
        """What `url` names, if it is an http or https address on a port that may be called. Raises AddressRefused."""
        parts = _split(url)
        host = _host(parts)
        if parts.scheme not in DEFAULT_PORTS:
            raise AddressRefused(why="scheme")
        default = DEFAULT_PORTS[parts.scheme]
        try:
            port = default if parts.port is None else parts.port
        except ValueError:
            raise AddressRefused(why="port") from None
        allowed = (host, port) in self.allowed or (port == default and (host, None) in self.allowed)
        if port != default and not allowed:
            raise AddressRefused(why="port")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Target(parts.scheme, host, port, path, allowed)

    def may_reach(self, target: Target, ip: Ip) -> bool:
        """Whether `target` may be called at `ip`: public, or allowed by the operator."""
        if not target.allowed:
            return is_public(ip)
        return target.host == str(ip) or not _in_any(_inside(ip) or ip, _NEVER)


def _entry(text: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"//{text}")
        if parts.path or parts.query or parts.fragment:
            raise AddressRefused(why="path")
        return _host(parts), parts.port
    except (ValueError, AddressRefused):
        raise BadSetting(name=SETTING, why=f"{text!r} is not a host or host:port") from None


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST:
        raise AddressRefused(why="length")
    # Blanks, control characters and what is not ASCII are read differently by different programs; so is "\".
    if not url.isascii() or not url.isprintable() or any(letter in url for letter in ' \\"<>^`{|}'):
        raise AddressRefused(why="characters")
    try:
        return urlsplit(url)
    except ValueError:
        raise AddressRefused(why="form") from None


def _host(parts: SplitResult) -> str:
    if "@" in parts.netloc:
        raise AddressRefused(why="user")
    host = (parts.hostname or "").removesuffix(".")
    if "[" in parts.netloc or ":" in host:
        if not _BRACKETS.fullmatch(parts.netloc):
            raise AddressRefused(why="host")
        return _literal(host)
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _literal(host)
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressRefused(why="host")
    return host


def _literal(host: str) -> str:
    """An address in numbers, only as everybody writes it: four decimal parts, or IPv6."""
    try:
        return str(ip_address(host))
    except ValueError:
        raise AddressRefused(why="host") from None

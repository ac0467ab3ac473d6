"""asn1crypto's comparison of names (RFC 5280, 7.1; RFC 4518) and its object identifiers: the same is not done twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from asn1crypto import core, x509

T = TypeVar("T")
Encodings = tuple[bytes, ...]

_stock_string_prep = x509.NameTypeAndValue._ldap_string_prep
_stock_equal = x509.Name.__eq__
_stock_hashable = x509.Name.hashable.fget
_stock_dotted = core.ObjectIdentifier.dotted.fget

_PLAIN = re.compile(r"[ -~]*")
_SPACES = re.compile(r" +")
_LONGEST = 4096  # bytes of names that are worth remembering
_REMEMBERED = 1024
_equal: dict[Encodings, bool] = {}
_hashable: dict[Encodings, str] = {}
_dotted: dict[Encodings, str] = {}


def string_prep(self: x509.NameTypeAndValue, string: str) -> str:
    """For `NameTypeAndValue._ldap_string_prep`: of its six steps, two change printable ASCII: case and spaces."""
    if not _PLAIN.fullmatch(string):
        prepared: str = _stock_string_prep(self, string)
        return prepared
    return " " + _SPACES.sub("  ", string.lower()).strip() + " "


def equal(self: x509.Name, other: object) -> bool:
    """For `Name.__eq__`: what two encodings say of each other does not change."""
    if not isinstance(other, x509.Name):
        return False
    pair = (self.chosen.contents, other.chosen.contents)
    return _remembered(_equal, pair, lambda: _stock_equal(self, other))


def hashable(self: x509.Name) -> str:
    """For `Name.hashable`, likewise."""
    return _remembered(_hashable, (self.chosen.contents,), lambda: _stock_hashable(self))


def dotted(self: core.ObjectIdentifier) -> str:
    """For `ObjectIdentifier.dotted`, likewise."""
    if self._dotted is None:
        self._dotted = _remembered(_dotted, (self.contents,), lambda: _stock_dotted(self))
    known: str = self._dotted
    return known


def _remembered(known: dict[Encodings, T], encodings: Encodings, find: Callable[[], T]) -> T:
    """The answer for these encodings. Only short ones are kept, and not many: certificates come from anywhere."""
    if encodings in known:
        return known[encodings]
    answer = find()
    if sum(map(len, encodings)) <= _LONGEST:
        if len(known) >= _REMEMBERED:
            known.clear()
        known[encodings] = answer
    return answer

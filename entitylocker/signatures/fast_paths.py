"""Where the check's libraries spend most of their time, and what stands there instead."""

from __future__ import annotations

from typing import Any, NamedTuple

from asn1crypto import core, x509
from pyhanko.pdf_utils import generic, misc, reader
from pyhanko.sign.validation import generic_cms

from entitylocker.signatures import fast_asn1, fast_cms, fast_tokens


class Replacement(NamedTuple):
    """`fast` in place of what `owner` calls `name`; `stock` is what stood there."""

    owner: Any
    name: str
    fast: Any
    stock: Any


def _replacement(owner: Any, name: str, fast: Any) -> Replacement:
    return Replacement(owner, name, fast, getattr(owner, name))


REPLACEMENTS = (
    _replacement(generic, "read_hex_string_from_stream", fast_tokens.read_hex_string),
    _replacement(generic, "_decode_name", fast_tokens.decode_name),
    _replacement(misc, "_read_until_class", fast_tokens.read_until_class),
    _replacement(reader, "read_next_end_line", fast_tokens.read_next_end_line),
    _replacement(x509.NameTypeAndValue, "_ldap_string_prep", fast_asn1.string_prep),
    _replacement(x509.Name, "__eq__", fast_asn1.equal),
    _replacement(x509.Name, "hashable", property(fast_asn1.hashable)),
    _replacement(core.ObjectIdentifier, "dotted", property(fast_asn1.dotted)),
    _replacement(generic_cms, "extract_certs_for_validation", fast_cms.extract_certs_for_validation),
)


def apply() -> None:
    """Put the fast ones in place; any number of times. Tests hold them against the stock ones over every file."""
    for one in REPLACEMENTS:
        setattr(one.owner, one.name, one.fast)

"""E-mail addresses: the form in which they are compared, and whether mail can be sent there."""

from __future__ import annotations

import re
import unicodedata

# What no address has and what would begin another header, another recipient or another order of writing.
_UNSAFE = re.compile(r"[\s,;:<>()\[\]\\\"]")
_CONTROL = ("Cc", "Cf", "Cs", "Zl", "Zp")


def normalise_email(email: str) -> str:
    """The form in which addresses are compared: composed, without surrounding space, in small letters."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def is_one_mailbox(email: str) -> bool:
    """Whether `email` is compared as it is written, but for case: never as equal to what a mail server keeps apart.

    For new addresses. `²` is compared as 2 and `ß` as ss, so whoever has one mailbox would be taken for the other's
    owner. Accounts that have such an address already are found by it and written to as before.
    """
    return normalise_email(email) == _as_written(email)


def same_mailbox(one: str, other: str) -> bool:
    """Whether two addresses are the same but for case: who is let in by an address must have that very one."""
    return _as_written(one) == _as_written(other)


def _as_written(email: str) -> str:
    return unicodedata.normalize("NFC", email).strip().lower()


def is_plain_address(email: str) -> bool:
    """Whether `email` is one address and nothing else: no quotes, no comment, no second one, nothing invisible."""
    local, at, domain = email.partition("@")
    if not (local and at and domain) or "@" in domain or _UNSAFE.search(email):
        return False
    return not any(unicodedata.category(letter) in _CONTROL for letter in email)

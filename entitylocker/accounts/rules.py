"""Pure decisions about accounts: addresses, passwords, when a session is over."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from entitylocker.accounts.common_passwords import COMMON_WORDS
from entitylocker.accounts.errors import UnfitPassword
from entitylocker.accounts.guessable import find_weakness
from entitylocker.errors import N_
from entitylocker.notifications.addresses import normalise_email

PASSWORD_MIN = 10
PASSWORD_MAX = 128
TOO_SHORT = N_("The password needs at least %(least)s characters.")
TOO_LONG = N_("The password may have at most %(most)s characters.")
TOO_COMMON = N_(
    "This password is one of those that are tried first. Please choose another, such as four unrelated words."
)
TOO_PERSONAL = N_("The password must not be made of your name or e-mail address.")
BREACHED = N_(
    "This password is known from a theft of passwords elsewhere and is tried by thieves. Please choose another, and do "
    "not use this one anywhere any more."
)

# What people add to a word to make it look like a password.
_TRIMMINGS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_DISTINCT_MIN = 4

_ADDRESS = re.compile(r"://|@|\bwww\.|\.[a-z]{2,}/", re.IGNORECASE)

# Words in the Unicode names of such signs: HEAVY CHECK MARK, BALLOT BOX WITH CHECK, SHIELD, LOCK, ROSETTE, …
_BADGES = frozenset({"CHECK", "SHIELD", "LOCK", "ROSETTE"})

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def holds_address(name: str) -> bool:
    """Whether a name would lead somewhere when it stands in a mail. `Example.com Private Limited` is a name."""
    return _ADDRESS.search(unicodedata.normalize("NFKC", name)) is not None


def holds_badge(name: str) -> bool:
    """Whether a name holds a sign that looks like the one by which the locker says that something is verified."""
    signs = {word for letter in name if not letter.isalnum() for word in unicodedata.name(letter, "").split()}
    return not signs.isdisjoint(_BADGES)


def mask_email(email: str) -> str:
    """An address for a log: `a…@example.org`."""
    name, _, domain = email.strip().partition("@")
    return f"{name[:1]}…@{domain[:100]}" if domain else "…"


def normalise_password(password: str) -> str:
    """The form that is hashed, so that a password works on every keyboard (NIST SP 800-63B 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, *, name: str, email: str) -> None:
    """Raises UnfitPassword unless the password has 10 to 128 characters and is not easily guessed.

    Ask `passwords.check_new_password`: that one looks at known breaches, too.
    """
    text = normalise_password(password)
    if len(text) < PASSWORD_MIN:
        raise UnfitPassword(TOO_SHORT, least=PASSWORD_MIN)
    if len(text) > PASSWORD_MAX:
        raise UnfitPassword(TOO_LONG, most=PASSWORD_MAX)
    plain = text.casefold()
    if _is_personal(plain, name, email):
        raise UnfitPassword(TOO_PERSONAL)
    if _is_common(plain):
        raise UnfitPassword(TOO_COMMON)
    weakness = find_weakness(text, sorted(_own_words(name, email)))
    if weakness is not None:
        raise UnfitPassword(weakness)


def _is_personal(plain: str, name: str, email: str) -> bool:
    own = _own_words(name, email)
    core = _core(plain)
    words = re.findall(r"[^\W\d_]+", plain)
    return plain in own or (len(core) > 1 and core in own) or (words != [] and own.issuperset(words))


def _own_words(name: str, email: str) -> set[str]:
    address, called = normalise_email(email), name.casefold()
    local, _, domain = address.partition("@")
    parts = {*re.split(r"\W+", local), *re.split(r"\W+", domain)}
    words = {address, local, domain, *parts, called, *called.split(), "".join(called.split())}
    return words - {""}


def _is_common(plain: str) -> bool:
    core = _core(plain)
    half = len(plain) // 2
    doubled = plain[:half] if plain == plain[:half] * 2 else plain
    return bool({plain, core, doubled} & COMMON_WORDS) or len(set(plain)) < _DISTINCT_MIN


def _core(plain: str) -> str:
    """The password without the digits and signs at its ends."""
    return _TRIMMINGS.sub("", plain)


def session_is_over(now: datetime, *, created_at: datetime, last_seen_at: datetime, lifetime: int, idle: int) -> bool:
    """Whether a session has lived, or was left alone, for longer than the settings allow (in seconds)."""
    return now - created_at >= timedelta(seconds=lifetime) or now - last_seen_at >= timedelta(seconds=idle)


def describe_browser(user_agent: str) -> str:
    """What a person recognises of their browser: `Firefox, Linux`. Empty where nothing is known."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return ", ".join(part for part in (browser, system) if part)

"""By what a person was known, in the words of RFC 8176, and whether that amounts to two factors."""

from __future__ import annotations

from collections.abc import Iterable

from entitylocker.errors import N_

PASSWORD = ("pwd",)
CODE = ("otp", "mfa")

# Word → what the person reads in the list of sessions. `mfa` and `user` only qualify the others.
_LABELS = {
    "pwd": N_("password"),
    "hwk": N_("passkey"),
    "swk": N_("passkey"),
    "otp": N_("one-time code"),
    "fed": N_("another organisation’s sign-in"),
}


def of_passkey(synced: bool) -> tuple[str, ...]:
    """A passkey with its own check of the person: two factors in one. `synced`: its key can be on several devices."""
    return ("swk" if synced else "hwk", "user", "mfa")


def is_strong(amr: Iterable[str]) -> bool:
    """Whether two factors were proved (`mfa`)."""
    return "mfa" in amr


def joined(*proofs: Iterable[str]) -> tuple[str, ...]:
    """Several proofs of one person together, each word once."""
    return tuple(dict.fromkeys(word for proof in proofs for word in proof))


def labels_of(amr: Iterable[str]) -> list[str]:
    """English words for the proofs, to be translated where they are shown."""
    return list(dict.fromkeys(_LABELS[word] for word in amr if word in _LABELS))

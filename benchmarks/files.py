"""The files that are checked: those of others where they are at hand, else some of our own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from entitylocker.sandbox.papers import KINDS, TestAuthority, make_paper
from entitylocker.signatures.trust import TrustStore
from tests.corpus import AT, CORPUS, read_made_trust
from tests.pki import chain_of_objects, crowd_of_objects

_OF_EACH = 6


@dataclass(frozen=True)
class SignedFiles:
    """`name` → bytes; whom to trust for them, and as of when they are checked."""

    source: str
    files: dict[str, bytes]
    trust: TrustStore
    at: datetime | None


def signed_files(place: Path) -> SignedFiles:
    """Files with signatures. `place`: where an authority of our own may be made."""
    folder = CORPUS / "signed"
    if folder.is_dir():
        files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.pdf"))}
        return SignedFiles("files of others", files, read_made_trust().merged(TrustStore.shipped()), AT)
    authority = TestAuthority(place / "authority")
    files = {
        f"{kind} {number}": make_paper(kind, f"Paper {number}", ["Of no meaning"], authority=authority)
        for kind in KINDS
        for number in range(_OF_EACH)
    }
    return SignedFiles("files of our own", files, TrustStore.load([authority.trust_dir]), None)


def hostile_files(count: int) -> tuple[str, list[bytes]]:
    """Where they are from, and `count` files that are broken, odd or malicious."""
    paths = sorted(path for path in (CORPUS / "hostile").rglob("*") if path.is_file())
    if paths:
        made = [path for path in paths if path.parent.name == "made"]
        others = [path for path in paths if path not in made]
        chosen = made + others[:: max(1, len(others) // (count - len(made)))]
        return "files of others", [path.read_bytes() for path in chosen[:count]]
    return "files of our own", [_KINDS[number % len(_KINDS)](number) for number in range(count)]


_KINDS: tuple[Callable[[int], bytes], ...] = (
    lambda number: chain_of_objects(500 + number, commented=True),
    lambda number: crowd_of_objects(20_000 + number),
    lambda number: chain_of_objects(100)[: 400 * (number + 1)],
    lambda number: b"%PDF-1.7\n" + bytes(range(256)) * (100 + number),
)

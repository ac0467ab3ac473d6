"""Names in an archive: safe to unpack on every system, and no two alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

from pathvalidate import sanitize_filename

# A name may hold 255 bytes; a Hindi letter takes three, and " (version 12)" and " (12)" must still fit.
_BYTES = 150
_SUFFIX_MAX = 10


def clean_part(name: str, fallback: str = "_") -> str:
    """One part of a path: no separators, no names that Windows keeps for itself, nothing that hides or turns text."""
    text = unicodedata.normalize("NFC", name)
    text = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    # A leading dot hides a file; trailing dots and spaces vanish on Windows.
    text = _cut(" ".join(text.split())).strip(". ")
    text = str(sanitize_filename(text, replacement_text="_", platform="universal")).strip(". ")
    return text or fallback


def _cut(text: str) -> str:
    while len(text.encode()) > _BYTES:
        text = text[:-1]
    return text.rstrip()


def suffix_of(filename: str) -> str:
    """The ending of an uploaded file's name with its dot, if it is a plain one."""
    suffix = PurePosixPath(filename.replace("\\", "/")).suffix
    return suffix.lower() if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= _SUFFIX_MAX else ""


class Names:
    """Gives out paths, each once, also for systems that do not tell small letters from capitals."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def path(self, folders: Sequence[str], title: str, suffix: str) -> str:
        """A path that was not given out before, of cleaned parts."""
        stem = clean_part(title)
        if suffix and stem.lower().endswith(suffix):
            stem = clean_part(stem[: -len(suffix)])
        where = "/".join(clean_part(folder) for folder in folders)
        number = 1
        while True:
            path = f"{where}/{stem}{f' ({number})' if number > 1 else ''}{suffix}"
            if path.casefold() not in self._taken:
                self._taken.add(path.casefold())
                return path
            number += 1

"""Pure decisions of the vault: names, what is a PDF, folder paths, what is due."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from uuid import UUID
from zoneinfo import ZoneInfo

import puremagic

from entitylocker.vault.errors import EmptyFile, FolderTooDeep, NotAPdf

PDF = "application/pdf"
HEAD_SIZE = 1024
BIN_DAYS = 30
MAX_DEPTH = 12
MAX_FILENAME_BYTES = 255
MAX_TITLE = 200
DEFAULT_FILENAME = "document.pdf"
ZONE = ZoneInfo("Asia/Kolkata")
_SIGN = b"%PDF-"

# Cc control, Cf format (bidirectional marks, zero-width), Cs lone surrogates, Zl and Zp line ends.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Devanagari needs these two to say which form a letter takes.
_JOINERS = "\u200c\u200d"


class Due(StrEnum):
    """How soon a document expires."""

    OVERDUE = "overdue"
    IN_30_DAYS = "in_30_days"
    IN_90_DAYS = "in_90_days"


def clean_filename(said: str) -> str:
    """A file name as it may be stored, shown and sent: one line, the last part of any path, ≤ 255 bytes.

    NFC; control, bidirectional and zero-width characters removed. Without anything left: document.pdf.
    """
    name = unicodedata.normalize("NFC", said).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter) not in _UNSEEN)
    name = " ".join(name.split()).strip(". ")
    return _shorten(name) or DEFAULT_FILENAME


def _shorten(name: str) -> str:
    if len(name.encode()) <= MAX_FILENAME_BYTES:
        return name
    suffix = PurePosixPath(name).suffix
    suffix = suffix if len(suffix.encode()) <= 16 else ""
    room = MAX_FILENAME_BYTES - len(suffix.encode())
    stem = name.removesuffix(suffix).encode()[:room].decode("utf-8", "ignore")
    return stem.rstrip(". ") + suffix


def clean_line(typed: str) -> str:
    """A line that a person typed: NFC, without control and bidirectional characters, spaces joined."""
    text = "".join(
        letter if letter in _JOINERS or unicodedata.category(letter) not in _UNSEEN else " "
        for letter in unicodedata.normalize("NFC", typed)
    )
    return " ".join(text.split())


def title_from(filename: str) -> str:
    """A title for a document of which only the (cleaned) file name is known."""
    stem = filename[:-4] if filename.lower().endswith(".pdf") else filename
    return clean_line(stem.replace("_", " "))[:MAX_TITLE] or DEFAULT_FILENAME


def recognise(head: bytes) -> str:
    """The media type of a file from its first bytes (at least 1024, or all there are).

    A PDF may have some other bytes before its sign (ISO 32000-1 annex H.3.4.1), but not if these make it a
    file of another kind. Raises EmptyFile, NotAPdf.
    """
    if not head:
        raise EmptyFile(field="file")
    at = head[: HEAD_SIZE + len(_SIGN) - 1].find(_SIGN)
    found = "" if at == 0 else _other_kind(head)
    if at < 0 or found:
        raise NotAPdf(field="file", found=found or "unknown")
    return PDF


def _other_kind(head: bytes) -> str:
    try:
        kind = str(puremagic.from_string(head, mime=True))
    except (puremagic.PureError, ValueError):
        return ""
    return "" if kind == PDF else kind


def child_path(parent_path: str, folder_id: UUID) -> str:
    """The path of a folder in `parent_path`. Raises FolderTooDeep.

    The end of the id is taken: its beginning is the time, alike for folders made together.
    """
    if parent_path.count("/") > MAX_DEPTH:
        raise FolderTooDeep(field="name", limit=MAX_DEPTH)
    return f"{parent_path}{folder_id.hex[-12:]}/"


def paths_above(path: str) -> list[str]:
    """The paths of the folders above: of "/a/b/" these are "/" and "/a/"."""
    parts = path.strip("/").split("/") if path != "/" else []
    return ["/" + "".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts))]


def today(now: datetime | None = None) -> date:
    """The day it is in the organisation's zone."""
    return (now or datetime.now(UTC)).astimezone(ZONE).date()


def due(expires_on: date | None, day: date) -> Due | None:
    """How soon a document expires, seen on `day`; the last day itself still counts as valid.

    None: later, or never.
    """
    if expires_on is None or expires_on > day + timedelta(days=90):
        return None
    if expires_on < day:
        return Due.OVERDUE
    return Due.IN_30_DAYS if expires_on <= day + timedelta(days=30) else Due.IN_90_DAYS


def bin_opens(now: datetime) -> datetime:
    """What was binned before this instant is no longer in the bin."""
    return now - timedelta(days=BIN_DAYS)


def object_key(organisation_id: UUID, version_id: UUID) -> str:
    """Where the bytes of a version lie in the store."""
    return f"{organisation_id}/{version_id}"


def object_context(organisation_id: UUID, document_id: UUID, version_id: UUID) -> bytes:
    """What the bytes of a version are bound to: they open as this version and as nothing else."""
    return organisation_id.bytes + document_id.bytes + version_id.bytes

"""Passwords known from breaches: a sorted file of SHA-1 digests, as published by range, looked up without a network.

A line is 40 hexadecimal digits and perhaps `:` and how often it was seen. The whole published list has some 40 GB: a
look-up reads about 40 small pieces of it, and nothing stays in memory.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

DIGITS = 40
# Longer than any line: digest, colon, a count, the end of the line.
_LINE_MAX = 80
_LINE = re.compile(rb"[0-9A-Fa-f]{40}(:[0-9]{1,18})?\r?\n?")
# Sorted in memory at once: 2 million lines are about 250 MB as Python holds them.
_CHUNK_LINES = 2_000_000
_PROGRESS_LINES = 100_000

Progress = Callable[[int], None]


class NotAList(ValueError):
    """The file is not as it must be. Its text says where and what, for whoever runs the command."""


@dataclass(frozen=True)
class ListFacts:
    """A checked list."""

    lines: int
    changed_at: datetime


def digest_of_password(password: str) -> bytes:
    """How the published lists name a password."""
    # SHA-1 is what those lists are made with; it protects nothing here.
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()


def is_listed(path: Path, digest: bytes) -> bool:
    """Whether `digest` (40 hexadecimal digits) stands in the sorted file at `path`. Raises OSError."""
    wanted = digest.upper()
    with path.open("rb") as file:
        low, high = 0, os.fstat(file.fileno()).st_size
        # Between `low` and `high`, both at the beginning of a line, lies what has not been ruled out.
        while low < high:
            begin, line = _line_at(file, (low + high) // 2, low)
            found = line[:DIGITS].upper()
            if found == wanted:
                return True
            if found < wanted:
                low = begin + len(line)
            else:
                high = begin
    return False


def _line_at(file: BinaryIO, offset: int, low: int) -> tuple[int, bytes]:
    """The line that the byte at `offset` belongs to, and where it begins; no line begins before `low`."""
    begin = max(low, offset - _LINE_MAX)
    piece = os.pread(file.fileno(), 2 * _LINE_MAX + 2, begin)
    start = piece.rfind(b"\n", 0, offset - begin) + 1
    end = piece.find(b"\n", start)
    return begin + start, piece[start : end + 1] if end >= 0 else piece[start:]


def find_fault(path: Path, looks: int = 200) -> str | None:
    """A quick look for what makes the file useless: lines all over it are digests, one behind the other, or are not.

    Returns words for the operator, None if nothing was found; `check_list` reads all of it. Raises OSError.
    """
    size = path.stat().st_size
    if not size:
        return "it is empty"
    before = b""
    with path.open("rb") as file:
        for look in range(looks):
            begin, line = _line_at(file, size * look // looks, 0)
            if not _LINE.fullmatch(line):
                return f"the line at byte {begin} is not 40 hexadecimal digits with or without a count"
            if line[:DIGITS].upper() < before:
                return f"it is not sorted at byte {begin}"
            before = line[:DIGITS].upper()
    return None


def check_list(path: Path, progress: Progress | None = None) -> ListFacts:
    """Read the whole file once. Raises NotAList at the first line that is no digest or not behind the one before it.

    `progress` is told the bytes read so far.
    """
    before, lines, read = b"", 0, 0
    with path.open("rb") as file:
        for line in file:
            lines, read = lines + 1, read + len(line)
            digest = _digest_in(line, lines)
            if digest <= before:
                raise NotAList(f"line {lines} is not behind the line before it: sort the file first")
            before = digest
            if progress is not None and lines % _PROGRESS_LINES == 0:
                progress(read)
    if not lines:
        raise NotAList("the file is empty")
    return ListFacts(lines, datetime.fromtimestamp(path.stat().st_mtime, UTC))


def _digest_in(line: bytes, number: int) -> bytes:
    if not _LINE.fullmatch(line):
        raise NotAList(f"line {number} is not 40 hexadecimal digits with or without a count")
    return line[:DIGITS].upper()


def sort_list(source: Path, target: Path, progress: Progress | None = None) -> ListFacts:
    """Write the digests of `source`, sorted and each once, to `target`, in pieces that fit into memory.

    It is written under another name first: a target that is there is whole. Raises NotAList, OSError.
    """
    with ExitStack() as files:
        folder = Path(files.enter_context(tempfile.TemporaryDirectory(prefix=".sorting-", dir=target.parent)))
        pieces = [files.enter_context(piece.open("rb")) for piece in _sorted_pieces(source, folder, progress)]
        part = folder / "whole"
        with part.open("wb") as out:
            for digest, _same in itertools.groupby(heapq.merge(*pieces), key=lambda line: line[:DIGITS]):
                out.write(digest + b"\n")
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    return check_list(target)


def _sorted_pieces(source: Path, folder: Path, progress: Progress | None) -> list[Path]:
    made: list[Path] = []
    with source.open("rb") as file:
        numbered = enumerate(file, start=1)
        while piece := list(itertools.islice(_digests(numbered), _CHUNK_LINES)):
            path = folder / f"{len(made)}"
            with path.open("wb") as out:
                out.writelines(sorted(set(piece)))
            made.append(path)
            if progress is not None:
                progress(os.lseek(file.fileno(), 0, os.SEEK_CUR))
    if not made:
        raise NotAList("the file is empty")
    return made


def _digests(numbered: Iterator[tuple[int, bytes]]) -> Iterator[bytes]:
    for number, line in numbered:
        yield _digest_in(line, number) + b"\n"

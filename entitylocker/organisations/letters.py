"""Order letters: PDF files that the operator reads, encrypted under a key of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from uuid import UUID

from uuid_utils.compat import uuid7

from entitylocker.accounts.schemas import one_line
from entitylocker.errors import LockerError, NotFound
from entitylocker.organisations.errors import LetterNotPdf, LetterTooLarge
from entitylocker.organisations.models import Lettered
from entitylocker.organisations.rules import (
    LETTER_MAX_BYTES,
    LETTER_MAX_MEGABYTES,
    PDF_SIGN_WITHIN,
    looks_like_pdf,
)
from entitylocker.storage.documents import StoredDocument
from entitylocker.web.engine_room import engines

PREFIX = "letters/"
_NAME_MAX = 200


@dataclass(frozen=True)
class Letter:
    """An order letter as it comes in: its file name and its bytes."""

    name: str
    stream: IO[bytes]


@dataclass(frozen=True)
class StoredLetter:
    """A letter in the store, not yet named by any row."""

    name: str
    owner_key: bytes
    stored: StoredDocument


@dataclass(frozen=True)
class OpenLetter:
    """A letter to hand out. `size` in bytes; `pieces` must be read to its end or closed."""

    name: str
    size: int
    pieces: Iterator[bytes]


class _CheckedPdf:
    """Passes a file on and refuses it as soon as it is too long or does not begin as a PDF."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._count = 0
        self._beginning = source.read(PDF_SIGN_WITHIN)
        if not looks_like_pdf(self._beginning):
            raise LetterNotPdf(field="letter")

    def read(self, size: int, /) -> bytes:
        piece, self._beginning = self._beginning[:size], self._beginning[size:]
        piece = piece or self._source.read(size)
        self._count += len(piece)
        if self._count > LETTER_MAX_BYTES:
            raise LetterTooLarge(field="letter", megabytes=LETTER_MAX_MEGABYTES)
        return piece


def store_letter(row_id: UUID, letter: Letter) -> StoredLetter:
    """Put the letter of a row that will have `row_id` into the store, outside any transaction.

    Raises LetterNotPdf, LetterTooLarge, StoreUnavailable.
    """
    documents = engines().documents
    key, wrapped = documents.new_organisation_key(row_id)
    stored = documents.put_document(
        f"{PREFIX}{row_id}/{uuid7()}",
        _CheckedPdf(letter.stream),
        organisation_key=key,
        context=row_id.bytes,
    )
    return StoredLetter(_clean(letter.name) or "letter.pdf", wrapped, stored)


def _clean(name: str) -> str:
    """The last part of any path, on one line, without characters that hide or turn what follows."""
    return one_line(name.replace("\\", "/").rpartition("/")[2])[-_NAME_MAX:].strip()


def name_letter(row: Lettered, letter: StoredLetter | None) -> None:
    """Write down in the row where its letter is."""
    if letter is None:
        return
    row.letter_name = letter.name
    row.letter_object = letter.stored.key
    row.letter_size = letter.stored.plaintext_size
    row.letter_stored_size = letter.stored.ciphertext_size
    row.letter_sha256 = letter.stored.sha256
    row.letter_wrapped_key = letter.stored.wrapped_key
    row.letter_owner_key = letter.owner_key


def drop_letter(letter: StoredLetter | None) -> None:
    """Remove a letter whose row was certainly not written; what cannot be removed now is left to the sweeper."""
    if letter is None:
        return
    try:
        engines().documents.delete(letter.stored.key)
    except LockerError:
        return


def open_letter_of(row: Lettered) -> OpenLetter:
    """The letter of a row, decrypted as it is read. Raises NotFound if it has none."""
    if row.letter_object is None or row.letter_wrapped_key is None or row.letter_owner_key is None:
        raise NotFound
    documents = engines().documents
    reader = documents.open_document(
        key=row.letter_object,
        wrapped_key=row.letter_wrapped_key,
        ciphertext_size=row.letter_stored_size or 0,
        organisation_key=documents.open_organisation_key(row.letter_owner_key, row.id),
        context=row.id.bytes,
    )
    return OpenLetter(row.letter_name or "letter.pdf", reader.plaintext_size, reader.iter())

"""Content that acts by itself: scripts, programs, forms that send, files within the file; and when it came."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Collection

import pikepdf

_KINDS = {
    "javascript": re.compile(rb"/S\s*/JavaScript\b|/JS\b"),
    "launch": re.compile(rb"/S\s*/Launch\b"),
    "submit_form": re.compile(rb"/S\s*/SubmitForm\b"),
    "import_data": re.compile(rb"/S\s*/ImportData\b"),
    "remote_document": re.compile(rb"/S\s*/GoTo[RE]\b"),
    "embedded_files": re.compile(rb"/EmbeddedFiles\b|/Type\s*/EmbeddedFile\b"),
    "rich_media": re.compile(rb"/RichMedia\b"),
    "xfa": re.compile(rb"/XFA\b"),
}
_ANY = re.compile(b"|".join(pattern.pattern for pattern in _KINDS.values()))


class ActiveContent:
    """Collects what acts by itself, object by object, so that two revisions can be told apart."""

    def __init__(self) -> None:
        self._seen: dict[tuple[tuple[int, int], bytes], frozenset[str]] = {}

    def see(self, number: tuple[int, int], text: bytes) -> None:
        """Take note of one object: its number, and itself as text without streams."""
        if _ANY.search(text):
            kinds = frozenset(name for name, pattern in _KINDS.items() if pattern.search(text))
            self._seen[(number, hashlib.sha256(text).digest())] = kinds

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds there are, in order of the alphabet."""
        return tuple(sorted(frozenset().union(*self._seen.values())))

    def since(self, earlier: ActiveContent) -> tuple[str, ...]:
        """The kinds of those objects that `earlier` did not have, or had otherwise."""
        new = [kinds for seen, kinds in self._seen.items() if seen not in earlier._seen]
        return tuple(sorted(frozenset().union(*new)))


def find_later(now: ActiveContent, data: bytes, ends: Collection[int], password: str | None) -> tuple[str, ...]:
    """The kinds that came after the last signature, which ends at the last of `ends`.

    Everything counts as later when the file as it was signed last cannot be read.
    """
    last = max(ends, default=len(data))
    if last >= len(data) or not now.kinds:
        return ()
    earlier = ActiveContent()
    try:
        with pikepdf.open(io.BytesIO(data[:last]), password=password or "", attempt_recovery=False) as pdf:
            for one in pdf.objects:
                text = text_of(one)
                if text:
                    earlier.see(one.objgen, text)
    except pikepdf.PdfError:
        return now.kinds
    return now.since(earlier)


def text_of(candidate: object) -> bytes:
    """A dictionary or an array as text, of a stream its dictionary; nothing of anything else."""
    if isinstance(candidate, pikepdf.Stream):
        return candidate.stream_dict.unparse(resolved=True)
    if isinstance(candidate, pikepdf.Dictionary | pikepdf.Array):
        return candidate.unparse(resolved=True)
    return b""

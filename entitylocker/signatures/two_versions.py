"""A file as it was signed beside the file as it is now: which objects differ, and which pages lead to them."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from typing import Any, Self

import pikepdf

Key = tuple[int, int]
_TO_OPEN = 10  # so many objects are named in the time that it takes to look at one
# What leads from a page back to its tree, to another page, or to the whole structure of the document.
_UPWARD = {"/Parent", "/P", "/Dest", "/Popup", "/IRT", "/StructParent", "/StructParents", "/B"}


class TooMuch(Exception):
    """Looking further would take too long."""


class NoTree(Exception):
    """The page tree is none: readers would have to mend it, each in its own way."""


class Budget:
    """How many objects may still be looked at for one file, and for each of its signatures.

    Each gets an equal part of what those before it left, so that none can use up what others need.
    """

    def __init__(self, steps: int, signatures: int = 1) -> None:
        self._steps = self._share = steps
        self._signatures = signatures

    def allot(self) -> None:
        """Begin with the next signature."""
        self._share = self._steps // max(self._signatures, 1)
        self._signatures -= 1

    def spend(self, steps: int = 1) -> None:
        """Take away `steps`. Raises TooMuch when fewer are left of the share."""
        if steps > self._share:
            raise TooMuch
        self._share -= steps
        self._steps -= steps


class TwoVersions:
    """Two views of one file through qpdf: up to `end`, and all of it. `changed`: the objects later revisions name.

    `objects`: how many there are altogether. A context manager: what it hands out must not be used after its end.
    Raises whatever pikepdf raises, TooMuch and NoTree.
    """

    def __init__(
        self, data: bytes, end: int, password: str | None, changed: Collection[Key], budget: Budget, objects: int
    ) -> None:
        self._password = password or ""
        self._budget = budget
        budget.spend(2 * objects // _TO_OPEN)
        self.old = self._open(data[:end])
        self.new = self._open(data)
        self.old_pages = pages_of(self.old, budget)
        self.new_pages = pages_of(self.new, budget)
        self._changed = set(changed)
        self._differs: dict[Key, bool] = {}
        self._clean: set[Key] = set()
        self._deep = True

    def _open(self, data: bytes) -> pikepdf.Pdf:
        # Without pushing inherited attributes down to pages: that makes objects of its own numbers.
        return pikepdf.open(
            io.BytesIO(data), password=self._password, attempt_recovery=False, inherit_page_attributes=False
        )

    def leave_to(self, compared: Collection[Key]) -> None:
        """Say which objects are compared one by one: if nothing else differs, no way need be followed to the end."""
        others = self._changed - set(compared)
        self._deep = any(self.old.get_object(key) is not None and self.differs(key) for key in others)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.old.close()
        self.new.close()

    def differs(self, key: Key) -> bool:
        """Whether the object `key` is another now than it was. Rewriting it unchanged is no difference."""
        if key not in self._changed:
            return False
        if key not in self._differs:
            self._differs[key] = _text(self.old.get_object(key)) != _text(self.new.get_object(key))
        return self._differs[key]

    def reaches_difference(self, value: Any) -> bool:
        """Whether `value`, of the new version, is or leads to an object that differs. Not by way of its parents."""
        if not self._deep:
            key = _key(value)
            return key is not None and self.differs(key)
        seen: set[Key] = set()
        waiting = [value]
        while waiting:
            one = waiting.pop()
            key = _key(one)
            if key is not None:
                if key in seen or key in self._clean:
                    continue
                if self.differs(key):
                    return True
                seen.add(key)
            self._budget.spend()
            waiting += _parts(one)
        self._clean |= seen
        return False


def pages_of(pdf: pikepdf.Pdf, budget: Budget) -> list[Any]:
    """The pages in order, as the tree names them: qpdf's own list has copies of those that occur twice.

    Raises TooMuch, and NoTree for what no two readers need see alike.
    """
    pages: list[Any] = []
    branches: set[Key] = set()
    waiting = [pdf.Root.get("/Pages")]
    while waiting:
        node = waiting.pop()
        budget.spend()
        if not isinstance(node, pikepdf.Dictionary) or not node.is_indirect or node.objgen in branches:
            raise NoTree
        kids = node.get("/Kids")
        if isinstance(kids, pikepdf.Array):
            branches.add(node.objgen)
            waiting += reversed(list(kids))  # type: ignore[call-overload, unused-ignore]
        else:
            pages.append(node)
    return pages


def _key(value: Any) -> Key | None:
    if isinstance(value, pikepdf.Object) and value.is_indirect:
        return value.objgen
    return None


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, pikepdf.Array):
        yield from value  # type: ignore[misc, unused-ignore]
    elif isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
        yield from (part for name, part in value.items() if name not in _UPWARD and not _is_page(part))


def _is_page(value: Any) -> bool:
    return isinstance(value, pikepdf.Dictionary) and value.get("/Type") == "/Page"


def _text(value: Any) -> bytes:
    """An object as text, its references unresolved; a stream with its bytes as they stand in the file."""
    if isinstance(value, pikepdf.Stream):
        return value.stream_dict.unparse() + b"\n" + value.read_raw_bytes()
    return value.unparse(resolved=True) if isinstance(value, pikepdf.Object) else repr(value).encode()

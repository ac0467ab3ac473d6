"""Large buffers that are used again and again instead of being allocated for every part."""

from __future__ import annotations

import mmap
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class BufferPool:
    """Lends buffers of one size and keeps a few for the next borrower. Safe for threads.

    The buffers are anonymous private mappings: those not kept go back to the operating system at once,
    whatever the allocator thinks, and pages never touched (small documents) never exist.
    """

    def __init__(self, size: int, *, keep: int) -> None:
        """`size` in bytes of each buffer; at most `keep` idle ones stay allocated."""
        self._size = size
        self._keep = keep
        self._idle: deque[mmap.mmap] = deque()

    @contextmanager
    def borrow(self, count: int) -> Iterator[list[memoryview]]:
        """Lend `count` buffers until the block ends; nobody may use them afterwards."""
        maps = [self._take() for _ in range(count)]
        try:
            yield [memoryview(buffer) for buffer in maps]
        finally:
            for buffer in maps:
                self._give_back(buffer)

    def _take(self) -> mmap.mmap:
        try:
            return self._idle.pop()
        except IndexError:
            return mmap.mmap(-1, self._size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def _give_back(self, buffer: mmap.mmap) -> None:
        if len(self._idle) < self._keep:
            self._idle.append(buffer)

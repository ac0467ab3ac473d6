"""What one check costs the process that makes it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple


class Cost(NamedTuple):
    """Milliseconds of the processor and of the clock; how many signatures were checked to the end, and how many not."""

    processor: float
    clock: float
    checked: int = 0
    broken_off: int = 0


def cost_of(check: Callable[[], tuple[int, int]]) -> Cost:
    """What `check` costs; it answers how many signatures it checked, and how many not to the end."""
    processor, clock = time.process_time(), time.perf_counter()
    checked, broken_off = check()
    return Cost((time.process_time() - processor) * 1000, (time.perf_counter() - clock) * 1000, checked, broken_off)

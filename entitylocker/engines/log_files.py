"""The engines' log files: their last words for a message, and their length kept in bounds."""

from __future__ import annotations

from pathlib import Path

LONGEST_LOG_BYTES = 16 * 1024 * 1024
TAIL_BYTES = 4096


def last_words(path: Path) -> str:
    """The last line of a log that says something went wrong (else its last line), and where the log is."""
    tail = tail_of(path)
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "error", "ERROR", "F1", "PANIC"))]
    words = (telling or lines or ["it said nothing"])[-1]
    return f"{words} (log: {path})"


def tail_of(path: Path) -> str:
    """The end of a log file, or nothing."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def turn_over(path: Path) -> None:
    """Set a long log aside as `.1`, replacing the one before."""
    if path.exists() and path.stat().st_size > LONGEST_LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))

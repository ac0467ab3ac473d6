"""How large and how complicated a file may be before the checker refuses to look further."""

from __future__ import annotations

MAX_BYTES = 100 * 1024 * 1024
MAX_OBJECTS = 200_000
MAX_OBJECTS_PER_STREAM = 20_000  # the largest seen in earnest had 16,718; what an odd one costs is ended by the clock
MAX_REVISIONS = 200
MAX_SIGNATURES = 50
MAX_FIELDS = 20_000
MAX_STEPS = 300_000  # objects looked at, for all signatures of a file, to say what was changed after them
MAX_TRUST_BYTES = 32 * 1024 * 1024
MAX_TEXT = 200  # characters taken over from names inside a file

CHECK_SECONDS = 20.0
MEMORY_BYTES = 1024 * 1024 * 1024
RETIRE_RSS_BYTES = 200 * 1024 * 1024
RETIRE_FILES = 200  # a new child costs a tenth of a second

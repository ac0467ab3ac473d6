"""What gunicorn cannot be told on its command line: its master reads this before it starts the workers."""

from __future__ import annotations

from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]

# As much as web.uploads reads at once. gunicorn would read up to a megabyte ahead, and copy all that is left of it at
# each of our reads: half of the processor time of an upload.
READ_AHEAD = 64 * 1024

SocketUnreader.max_body_chunk = READ_AHEAD

"""The archive itself: a ZIP whose length is known before its first byte, and of which nothing is held in memory."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from flask_babel import gettext
from zipstream import ZIP_STORED, ZipStream

from entitylocker.access import Actor
from entitylocker.audit.models import Event
from entitylocker.audit.service import csv_event, csv_header, list_trail
from entitylocker.exports import plan as plans
from entitylocker.exports import service
from entitylocker.exports.plan import Placed, Plan

TRAIL_CSV, TRAIL_LINES = "audit/trail.csv", "audit/events.jsonl"
SUMS, READ_ME = "SHA256SUMS", "READ-ME.txt"
_EVENTS_AT_ONCE = 500
# How long a document may stream before somebody asks again whether its reader still may have it.
_ASK_AGAIN_SECONDS = 3.0

Who = Callable[[], Actor]


@dataclass(frozen=True)
class Archive:
    """An archive to send. `size` in bytes; `pieces` opens one short transaction after the other as it is read."""

    size: int
    pieces: Iterator[bytes]


def make_archive(plan: Plan, who: Who) -> Archive:
    """The archive of a plan. `who()` answers the exporting actor as they are now, or raises if they are gone.

    No transaction is open while bytes stream. Whoever loses the right meanwhile gets no further document: the stream
    ends with an error, and the archive is visibly broken off.
    """
    stream = ZipStream(compress_type=ZIP_STORED, sized=True)
    sums: list[tuple[str, str]] = []
    for path, data in _small_files(plan):
        stream.add(data, path)
        sums.append((hashlib.sha256(data).hexdigest(), path))
    for path, write in ((TRAIL_CSV, _csv), (TRAIL_LINES, _canonical)):
        size, digest = _measure(write(_trail(plan, who)))
        stream.add(write(_trail(plan, who)), path, size=size)
        sums.append((digest, path))
    sums += [(placed.paper.sha256, placed.path) for placed in plan.papers]
    stream.add("".join(f"{digest}  {path}\n" for digest, path in sums).encode(), SUMS)
    for placed in plan.papers:
        stream.add(_read(placed, who), placed.path, size=placed.paper.size)
    return Archive(len(stream), _to_the_end(stream, plan, who))


def _to_the_end(stream: Iterable[bytes], plan: Plan, who: Who) -> Iterator[bytes]:
    yield from stream
    service.end_export(who(), plan.export_id)


def _read(placed: Placed, who: Who) -> Iterator[bytes]:
    reader = service.open_version(who(), placed.paper.version_id)
    asked = time.monotonic()
    for piece in reader.iter():
        yield piece
        if time.monotonic() - asked > _ASK_AGAIN_SECONDS:
            service.open_version(who(), placed.paper.version_id)
            asked = time.monotonic()


def _trail(plan: Plan, who: Who) -> Iterator[Event]:
    after = 0
    while events := list_trail(who(), after=after, up_to=plan.last_sequence, limit=_EVENTS_AT_ONCE):
        yield from events
        after = events[-1].sequence


def _csv(events: Iterator[Event]) -> Iterator[bytes]:
    # The byte order mark tells spreadsheets that this is UTF-8.
    yield ("\ufeff" + csv_header()).encode()
    for event in events:
        yield csv_event(event).encode()


def _canonical(events: Iterator[Event]) -> Iterator[bytes]:
    """The very bytes over which the trail's proofs are made, an event on each line."""
    for event in events:
        yield bytes(event.canonical) + b"\n"


def _measure(pieces: Iterator[bytes]) -> tuple[int, str]:
    """Length and digest of what is written a second time when it is sent."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


def _small_files(plan: Plan) -> Iterator[tuple[str, bytes]]:
    yield READ_ME, _read_me(plan).encode()
    yield "manifest.json", plans.manifest_json(plan)
    yield "manifest.csv", plans.manifest_csv(plan)
    yield "consents/consents.json", plans.consents_json(plan)
    yield "consents/consents.csv", plans.consents_csv(plan)


def _read_me(plan: Plan) -> str:
    lines = [
        gettext("Everything that %(organisation)s had in EntityLocker.", organisation=plan.organisation_name),
        gettext("Made on %(when)s by %(name)s.", when=plan.made_at.isoformat(timespec="seconds"), name=plan.made_by),
        "",
        gettext("documents: the current versions, in their folders. earlier-versions: what they replaced."),
        gettext("in-the-bin: documents that were in the bin. manifest.json and manifest.csv: what is known of each."),
        gettext("audit: every event; events.jsonl has the very bytes on which the proofs of the trail stand."),
        gettext("consents: what was given to portals, and what became of it."),
        gettext("SHA256SUMS: check the files with: sha256sum -c SHA256SUMS"),
    ]
    return "\n".join(lines) + "\n"

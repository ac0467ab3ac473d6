"""What follows an act, by jobs: bytes leave the store, the organisation's trail says so, a lent document is checked."""

from __future__ import annotations

from uuid import UUID

from entitylocker.jobs.queue import defer, jobs

CHECK_JOB = "citizen.check_lending"
CLEAR_JOB = "citizen.clear_lending"
NOTE_JOB = "citizen.note_ending"
# What is hidden because the link names somebody differently, not because it ended.
RENAMED = "renamed"


def after_unlinking(kind: str, organisation_id: UUID, thing_id: UUID) -> None:
    """Queue, in the person's transaction, what belongs into the organisation's own: the event and the sweeping."""
    defer(jobs()[NOTE_JOB], organisation_id=str(organisation_id), thing_id=str(thing_id), kind=kind)


def clear_later(organisation_id: UUID, lending_id: UUID) -> None:
    """Queue the removal of a lending's bytes; nobody can read them since its key is gone."""
    defer(jobs()[CLEAR_JOB], organisation_id=str(organisation_id), lending_id=str(lending_id))


def check_later(organisation_id: UUID, lending_id: UUID) -> None:
    """Queue the check of a lent document."""
    defer(jobs()[CHECK_JOB], organisation_id=str(organisation_id), lending_id=str(lending_id))

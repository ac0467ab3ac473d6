"""Looking at a file: what each row would do, before anything is done; and keeping that as a run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.schemas import one_line
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer
from entitylocker.onboarding.errors import LetterLost, LetterRefused
from entitylocker.onboarding.files import Reading, read_table
from entitylocker.onboarding.lists import read_rows
from entitylocker.onboarding.looking import Looker, look_through_run
from entitylocker.onboarding.models import OnboardingRow, OnboardingRun, RowState, RunState
from entitylocker.onboarding.rows import ReadRow
from entitylocker.onboarding.seating import open_units, require_seating
from entitylocker.organisations.keys import open_key
from entitylocker.organisations.rules import LETTER_MAX_BYTES, looks_like_pdf
from entitylocker.storage.errors import KeyUnwrapFailed
from entitylocker.storage.secrets import SealedSecret, open_secret, seal_secret
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.units.service import Unit

_LETTER_LABEL = b"entitylocker/onboarding-letter/2:"
_FILE_NAME_MAX = 200
# So many rows a page looks at itself; more would keep it waiting.
LOOKED_AT_ONCE = 200


@dataclass(frozen=True)
class SentFile:
    """A file as it came in, with the order letter if there is one. `in_person`: slips are handed over so."""

    name: str
    content: bytes
    in_person: bool = False
    letter: bytes | None = None
    letter_name: str = ""


@open_use_case("the departments are looked at one after the other; what it calls asks for the permission")
def look_at_file(actor: Actor, file: SentFile) -> list[ReadRow]:
    """What each row of a file would do. Nothing is changed. Raises FileRefused, PermissionDenied, MoreThanYouHold."""
    rows, units, _ = _read(actor, file)
    _look(actor, file, rows, units)
    return rows


def _look(actor: Actor, file: SentFile, rows: list[ReadRow], units: dict[str, Unit]) -> None:
    looker = Looker(actor, units, has_letter=file.letter is not None)
    for unit, group in looker.groups(rows):
        looker.look(actor, unit, group)


def _read(actor: Actor, file: SentFile) -> tuple[list[ReadRow], dict[str, Unit], Reading]:
    """What the rows ask for, the departments there are already, and how much of the file that is."""
    units = _units(actor)
    if file.letter is not None and (len(file.letter) > LETTER_MAX_BYTES or not looks_like_pdf(file.letter[:4096])):
        raise LetterRefused(field="letter")
    names = [unit.name for unit in units.values()]
    table = read_table(file.content)
    return read_rows(table, names, in_person=file.in_person), units, table.reading


@use_case(Permission.MEMBER_SEAT)
def _units(actor: Actor) -> dict[str, Unit]:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    require_seating(actor)
    return open_units(actor)


@open_use_case("it is looked at first; what it calls asks for the permission")
def keep_run(actor: Actor, file: SentFile) -> UUID:
    """Look at a file and keep what it would do as a run, to be started later. Raises as `look_at_file`."""
    rows, units, reading = _read(actor, file)
    _look(actor, file, rows, units)
    return _keep(actor, file, rows, reading, RunState.PREVIEW)


@open_use_case("it is read first; what it calls asks for the permission")
def receive_run(actor: Actor, file: SentFile) -> UUID:
    """The same for a page: a long file is only read here, and the worker looks at its rows. Raises as `keep_run`."""
    rows, units, reading = _read(actor, file)
    if len(rows) > LOOKED_AT_ONCE:
        return _keep(actor, file, rows, reading, RunState.LOOKING)
    _look(actor, file, rows, units)
    return _keep(actor, file, rows, reading, RunState.PREVIEW)


@use_case(Permission.MEMBER_SEAT)
def _keep(actor: Actor, file: SentFile, rows: list[ReadRow], reading: Reading, state: RunState) -> UUID:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    assert actor.organisation_id is not None
    run = OnboardingRun(
        id=uuid7(),
        organisation_id=actor.organisation_id,
        started_by_person_id=actor.person_id,
        started_by_name=actor.name,
        means=actor.means.value,
        file_name=one_line(file.name)[:_FILE_NAME_MAX],
        file_sha256=hashlib.sha256(file.content).hexdigest(),
        state=state.value,
        worked_until=utc_now() if state is RunState.LOOKING else None,
        in_person=file.in_person,
        reading=reading.to_json(),
        letter_name=one_line(file.letter_name)[:_FILE_NAME_MAX],
    )
    if file.letter is not None:
        _lock_letter_away(run, file.letter)
    db.session.add(run)
    db.session.flush()
    db.session.add_all(_row(run, row) for row in rows)
    if state is RunState.LOOKING:
        defer(look_through_run, organisation_id=str(run.organisation_id), run_id=str(run.id))
    return run.id


def _row(run: OnboardingRun, row: ReadRow) -> OnboardingRow:
    state = RowState.BAD if row.problems else RowState.READY
    return OnboardingRow(
        id=uuid7(),
        organisation_id=run.organisation_id,
        run_id=run.id,
        line=row.line,
        state=state.value,
        plan=row.plan.to_json(),
        problems=[word.to_json() for word in row.problems],
        notes=[word.to_json() for word in row.notes],
        child_opened=False,
    )


def _lock_letter_away(run: OnboardingRun, letter: bytes) -> None:
    sealed = seal_secret(open_key(run.organisation_id), letter, context=_LETTER_LABEL + run.id.bytes)
    run.letter_wrapped_key, run.letter = sealed.wrapped_key, sealed.body


def open_run_letter(run: OnboardingRun) -> bytes | None:
    """The order letter of a run, in its running transaction; None where there is none any more.

    Raises LetterLost for one that is damaged or was locked away in an earlier form.
    """
    if run.letter is None or run.letter_wrapped_key is None:
        return None
    # Outside: without the key of the organisation nothing is lost yet.
    key = open_key(run.organisation_id)
    try:
        sealed = SealedSecret(run.letter_wrapped_key, run.letter)
        return open_secret(key, sealed, context=_LETTER_LABEL + run.id.bytes)
    except KeyUnwrapFailed:
        raise LetterLost from None

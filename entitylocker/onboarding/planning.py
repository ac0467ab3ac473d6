"""Looking at a file: what each row would do, before anything is done; and keeping that as a run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from uuid_utils.compat import uuid7

from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.schemas import one_line
from entitylocker.extensions import db
from entitylocker.onboarding.errors import LetterRefused
from entitylocker.onboarding.files import read_table
from entitylocker.onboarding.guests import find_guest, get_own_address, is_own
from entitylocker.onboarding.headers import EMAIL
from entitylocker.onboarding.lists import by_slip, department_key, read_rows
from entitylocker.onboarding.models import OnboardingRow, OnboardingRun, RowState, RunState
from entitylocker.onboarding.rows import ReadRow
from entitylocker.onboarding.seating import open_units, require_seating, seat_in
from entitylocker.onboarding.words import Word
from entitylocker.organisations.keys import open_key
from entitylocker.organisations.rules import LETTER_MAX_BYTES, looks_like_pdf
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.units.service import Unit

_LETTER_LABEL = b"entitylocker/onboarding-letter/1:"
_FILE_NAME_MAX = 200
_NONCE = bytes(12)


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
    units = _units(actor)
    if file.letter is not None and (len(file.letter) > LETTER_MAX_BYTES or not looks_like_pdf(file.letter[:4096])):
        raise LetterRefused(field="letter")
    rows = read_rows(read_table(file.content), [unit.name for unit in units.values()], in_person=file.in_person)
    opened: set[str] = set()
    own = get_own_address(actor)
    for row in rows:
        if not row.problems:
            _look_ahead(actor, row, units, opened, file)
        if is_own(row.plan, own) and any(note.code.startswith("would_invite_") for note in row.notes):
            row.problems.append(Word("own_address", EMAIL))
    return rows


@use_case(Permission.MEMBER_SEAT)
def _units(actor: Actor) -> dict[str, Unit]:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    require_seating(actor)
    return open_units(actor)


def _look_ahead(actor: Actor, row: ReadRow, units: dict[str, Unit], opened: set[str], file: SentFile) -> None:
    """Add what the row would do. A department that is there is asked about its officer."""
    key = department_key(row.plan.department)
    unit = units.get(key)
    if unit is None:
        if key not in opened:
            row.notes.append(Word("would_open"))
            if file.letter is not None and not row.plan.parent:
                row.notes.append(Word("would_vouch"))
        opened.add(key)
    elif settle_guest(seat_in(actor, unit), row):
        return
    row.notes.append(Word(f"would_invite_{row.plan.way}"))


def settle_guest(seat: Actor, row: ReadRow) -> bool:
    """Whether nothing is to be done for the officer of a row, which then says why."""
    standing = find_guest(seat, row.plan)
    if standing.state == "other":
        by_slip(row)
        standing = find_guest(seat, row.plan)
    if standing.state in ("member", "invited"):
        row.notes.append(Word(f"{standing.state}_known"))
        return True
    return False


@open_use_case("it is looked at first; what it calls asks for the permission")
def keep_run(actor: Actor, file: SentFile) -> UUID:
    """Look at a file and keep what it would do as a run, to be started later. Raises as `look_at_file`."""
    rows = look_at_file(actor, file)
    return _keep(actor, file, rows)


@use_case(Permission.MEMBER_SEAT)
def _keep(actor: Actor, file: SentFile, rows: list[ReadRow]) -> UUID:
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
        state=RunState.PREVIEW.value,
        in_person=file.in_person,
        letter_name=one_line(file.letter_name)[:_FILE_NAME_MAX],
    )
    if file.letter is not None:
        _lock_letter_away(run, file.letter)
    db.session.add(run)
    db.session.flush()
    db.session.add_all(_row(run, row) for row in rows)
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
    """Under a key of its own, used once: the nonce may be nothing."""
    key, run.letter_wrapped_key = open_key(run.organisation_id).new_document_key(context=_LETTER_LABEL + run.id.bytes)
    run.letter = AESGCM(key.raw).encrypt(_NONCE, letter, run.id.bytes)


def open_run_letter(run: OnboardingRun) -> bytes | None:
    """The order letter of a run, in its running transaction; None where there is none any more."""
    if run.letter is None or run.letter_wrapped_key is None:
        return None
    key = open_key(run.organisation_id).open_document_key(run.letter_wrapped_key, context=_LETTER_LABEL + run.id.bytes)
    return AESGCM(key.raw).decrypt(_NONCE, run.letter, run.id.bytes)

"""A whole file: what its rows mean together. Same departments and officers, shared mailboxes, parents. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from entitylocker.access import Role
from entitylocker.accounts.rules import normalise_email
from entitylocker.onboarding.alike import Alike
from entitylocker.onboarding.errors import LegacyFont
from entitylocker.onboarding.files import Table
from entitylocker.onboarding.headers import CODE, DEPARTMENT, EMAIL, KIND, OFFICER, PARENT, ROLE, WAY
from entitylocker.onboarding.legacy_fonts import is_legacy_file, looks_legacy
from entitylocker.onboarding.rows import ReadRow, guest_key, officer_key, read_row
from entitylocker.onboarding.words import Word
from entitylocker.organisations.rules import ANSWERING_ROLES
from entitylocker.organisations.states import InvitationWay
from entitylocker.units.names import name_key

_TEXT_COLUMNS = (DEPARTMENT, OFFICER, PARENT, KIND, ROLE)
# What may stand before or behind the matter of a department, or not at all.
_FRAME = frozenset({"department", "of", "the", "and", "विभाग", "का", "की", "के"})


def department_key(name: str) -> str:
    """A department's name without spelling, and without `Department of`: `Health Deptt.` is `Department of Health`."""
    words = [word for word in name_key(name).split() if word not in _FRAME]
    return " ".join(words) or name_key(name)


def read_rows(table: Table, known: Sequence[str] = (), *, in_person: bool = False) -> list[ReadRow]:
    """What the rows of a file ask for, read together. `known`: the departments that are there already.

    Raises LegacyFont where the file as a whole is written in an old font.
    """
    _refuse_legacy(table)
    rows = [read_row(row) for row in table.rows]
    _same_departments(rows, known)
    _parents(rows, known)
    _contradictions(rows)
    _mailboxes(rows)
    _in_person(rows, in_person)
    _same_officers(rows)
    return rows


def _refuse_legacy(table: Table) -> None:
    cells = [(row.line, row.cells[column]) for row in table.rows for column in _TEXT_COLUMNS if column in row.cells]
    if is_legacy_file(cell for _, cell in cells):
        raise LegacyFont(line=next(line for line, cell in cells if looks_legacy(cell)))


def _same_departments(rows: list[ReadRow], known: Sequence[str]) -> None:
    """Give every spelling of a department its first one, and say so; name those that are only much alike."""
    first: dict[str, str] = {}
    seen = Alike()

    def remember(key: str, name: str) -> None:
        first[key] = name
        seen.add(key, name)

    for name in known:
        remember(department_key(name), name)
    for row in rows:
        name = row.plan.department
        key = department_key(name)
        if not name or any(word.column == DEPARTMENT for word in row.problems):
            continue
        if key not in first:
            alike = seen.find(key)
            if alike:
                row.notes.append(Word("much_alike", DEPARTMENT, {"name": alike}))
            remember(key, name)
        elif first[key] != name:
            row.notes.append(Word("other_spelling", DEPARTMENT, {"name": first[key]}))
            row.plan = replace(row.plan, department=first[key])


def _parents(rows: list[ReadRow], known: Sequence[str]) -> None:
    names = {department_key(name): name for name in known}
    names |= {department_key(row.plan.department): row.plan.department for row in rows if row.plan.department}
    for row in rows:
        if not row.plan.parent:
            continue
        key = department_key(row.plan.parent)
        if key not in names:
            row.problems.append(Word("unknown_parent", PARENT))
        else:
            row.plan = replace(row.plan, parent=names[key])
    _circles(rows)
    _unclear_parents(rows, known)


def _unclear_parents(rows: list[ReadRow], known: Sequence[str]) -> None:
    """A department waits for its parent where the file does not say what that one is or where it lies."""
    there = {department_key(name) for name in known}
    left = [row for row in rows if _is_clear(row)]
    while True:
        clear = there | {department_key(row.plan.department) for row in left}
        waiting = [row for row in left if row.plan.parent and department_key(row.plan.parent) not in clear]
        if not waiting:
            return
        for row in waiting:
            row.problems.append(Word("parent_unclear", PARENT))
        left = [row for row in left if _is_clear(row)]


def _is_clear(row: ReadRow) -> bool:
    return not any(word.column in (DEPARTMENT, KIND, PARENT) for word in row.problems)


def _circles(rows: list[ReadRow]) -> None:
    """A department lies below itself when its parents lead back to it."""
    above = {department_key(row.plan.department): department_key(row.plan.parent) for row in rows if row.plan.parent}
    for row in rows:
        seen, key = set(), department_key(row.plan.department)
        while key in above and key not in seen:
            seen.add(key)
            key = above[key]
        if row.plan.parent and key in seen:
            row.problems.append(Word("own_parent", PARENT))


def _contradictions(rows: list[ReadRow]) -> None:
    """One name below two parents, or with two codes, means two departments: they are not made one without a word."""
    said: dict[tuple[str, str], tuple[str, int]] = {}
    for row in rows:
        for column, value in ((PARENT, department_key(row.plan.parent)), (CODE, row.plan.code)):
            if not value:
                continue
            first, line = said.setdefault((department_key(row.plan.department), column), (value, row.line))
            if first != value:
                row.problems.append(Word("says_otherwise", column, {"line": line}))


def _mailboxes(rows: list[ReadRow]) -> None:
    """One account has one address: the second and third officer of a mailbox get slips."""
    owner: dict[str, str] = {}
    for row in rows:
        if row.plan.way != InvitationWay.MAIL or not row.plan.email or row.problems:
            continue
        email, officer = normalise_email(row.plan.email), officer_key(row.plan.officer)
        if owner.setdefault(email, officer) != officer:
            by_slip(row)


def by_slip(row: ReadRow) -> None:
    """Let a row that was meant for a mailbox of somebody else make a slip, and say why."""
    row.notes.append(Word("shared_mailbox", EMAIL, {"email": row.plan.email}))
    row.plan = replace(row.plan, way=InvitationWay.SLIP.value, email="")


def _in_person(rows: list[ReadRow], in_person: bool) -> None:
    for row in rows:
        # A slip is only what is left where an address could not be read: that is the matter then.
        if row.problems:
            continue
        answers = bool(row.plan.role) and Role(row.plan.role) in ANSWERING_ROLES
        if row.plan.way == InvitationWay.SLIP and answers and not in_person:
            row.problems.append(Word("not_in_person", WAY))


def _same_officers(rows: list[ReadRow]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        who = (department_key(row.plan.department), guest_key(row.plan))
        if not row.problems and seen.setdefault(who, row.line) != row.line:
            row.problems.append(Word("twice", OFFICER, {"line": seen[who]}))

"""One row of a file: what it asks for, and what is wrong with it, by column. Pure."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from entitylocker.access import Role
from entitylocker.accounts.rules import holds_address, holds_badge, normalise_email
from entitylocker.errors import LockerError
from entitylocker.identifiers import IdentifierKind, OrganisationKind, parse_identifier
from entitylocker.notifications.phones import find_phone
from entitylocker.onboarding import headers as h
from entitylocker.onboarding.cells import find_sheet_error, read_cell, read_number
from entitylocker.onboarding.files import Row
from entitylocker.onboarding.headers import plain
from entitylocker.onboarding.legacy_fonts import looks_legacy
from entitylocker.onboarding.values import KINDS, LANGUAGES, ROLES, WAYS, is_shortened, read_email
from entitylocker.onboarding.words import Word
from entitylocker.organisations.rules import ANSWERING_ROLES
from entitylocker.organisations.states import InvitationWay

DEPARTMENT_MAX = 200
OFFICER_MAX = 120
_OTHER_MAX = 254
_KNOWN_ROLES = "administrator, signatory, records officer, reader, auditor, member"
# The notes that stand for something to be sent.
SENDINGS = frozenset({"would_invite_mail", "would_invite_sms"})
# What a text leaves where its letters had no place in the encoding it was saved in.
_LOST = ("\ufffd", "??")


@dataclass(frozen=True)
class Plan:
    """What a row asks for, with defaults filled in."""

    department: str = ""
    kind: str = OrganisationKind.GOVERNMENT_DEPARTMENT.value
    code: str = ""
    parent: str = ""
    officer: str = ""
    email: str = ""
    phone: str = ""
    role: str = ""
    language: str = ""
    way: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return dataclasses.asdict(self)


@dataclass
class ReadRow:
    """A row as it was understood. It is bad if it has problems."""

    line: int
    plan: Plan
    problems: list[Word] = field(default_factory=list)
    notes: list[Word] = field(default_factory=list)

    @property
    def would_send(self) -> bool:
        """Whether a mail or a text message would go out for it."""
        return not self.problems and any(note.code in SENDINGS for note in self.notes)


class _Reader:
    """Reads the cells of one row and keeps what is wrong."""

    def __init__(self, row: Row) -> None:
        self._cells = row.cells
        self.problems: list[Word] = [Word("beyond")] if row.beyond else []
        self.problems += [Word("unnamed")] if row.unnamed else []
        self.problems += [Word("running_on", column) for column in row.running_on]
        several = Word("several_lines", facts={"first": row.line, "last": row.last})
        self.notes: list[Word] = [several] if row.last > row.line else []
        for column, cell in row.cells.items():
            failed = find_sheet_error(cell)
            if failed:
                self.wrong("sheet_error", column, sign=failed)

    def wrong(self, code: str, column: str, **facts: Any) -> None:
        """Keep a problem, the first of each column."""
        if not any(known.column == column for known in self.problems if column):
            self.problems.append(Word(code, column, facts))

    def text(self, column: str, longest: int = _OTHER_MAX, *, needed: bool = False, name: bool = False) -> str:
        """The text of a cell."""
        raw = self._cells.get(column, "")
        text, was_formula = read_cell(raw)
        if was_formula:
            self.notes.append(Word("formula", column, {"column": column}))
        if needed and not text:
            self.wrong("missing", column)
        if len(text) > longest:
            self.wrong("too_long", column)
        lost = next((sign for sign in _LOST if sign in text), None)
        if lost:
            self.wrong("unreadable", column, sign=lost)
        if name and holds_address(text):
            self.wrong("holds_address", column)
        elif name and holds_badge(text):
            self.wrong("holds_badge", column)
        elif name and looks_legacy(text):
            self.wrong("legacy_font", column)
        return text[:longest]

    def choice(self, column: str, meanings: dict[str, Any], problem: str, **facts: Any) -> Any:
        """One of a few words; None for an empty cell and for others."""
        text = self.text(column)
        found = meanings.get(plain(text))
        if text and found is None:
            self.wrong("legacy_font" if looks_legacy(text) else problem, column, **facts)
        return found

    def number(self, column: str) -> str:
        """The text of a cell that may be a telephone number."""
        return read_number(self._cells.get(column, ""))

    def has(self, column: str) -> bool:
        """Whether the file has this column."""
        return column in self._cells


def read_row(row: Row) -> ReadRow:
    """What a row asks for. Whether departments and officers are known is not asked here."""
    cells = _Reader(row)
    kind = cells.choice(h.KIND, KINDS, "bad_kind") or OrganisationKind.GOVERNMENT_DEPARTMENT
    role = cells.choice(h.ROLE, ROLES, "bad_role", known=_KNOWN_ROLES)
    if role is None:
        cells.wrong("missing", h.ROLE)
    email, phone = _contact(cells)
    way = cells.choice(h.WAY, WAYS, "bad_way")
    plan = Plan(
        department=cells.text(h.DEPARTMENT, DEPARTMENT_MAX, needed=True, name=True),
        kind=kind.value,
        code=_code(cells),
        parent=cells.text(h.PARENT, DEPARTMENT_MAX, name=True),
        officer=cells.text(h.OFFICER, OFFICER_MAX, needed=True, name=True),
        email=email,
        phone=phone,
        role=role.value if role else "",
        language=cells.choice(h.LANGUAGE, LANGUAGES, "bad_language") or "",
        way=_way(way, email, phone, role).value,
    )
    _check_way(cells, plan, chosen=way is not None)
    return ReadRow(row.line, plan, cells.problems, cells.notes)


def _code(cells: _Reader) -> str:
    text = cells.text(h.CODE)
    if not text:
        return ""
    try:
        return parse_identifier(IdentifierKind.DEPARTMENT, text).value
    except LockerError:
        cells.wrong("bad_code", h.CODE)
        return ""


def _contact(cells: _Reader) -> tuple[str, str]:
    """Mail address and number, from a column each or from one for both."""
    both = cells.number(h.CONTACT)
    # As it was written: a number may be read in other digits, an address then is another mailbox.
    email = _email(cells, cells.text(h.CONTACT), h.CONTACT) if "@" in both or "[at]" in both.lower() else ""
    phone = "" if email or not both else _phone(cells, both, h.CONTACT)
    own_email = cells.text(h.EMAIL)
    own_phone = cells.number(h.PHONE)
    return (
        _email(cells, own_email, h.EMAIL) if own_email else email,
        _phone(cells, own_phone, h.PHONE) if own_phone else phone,
    )


def _email(cells: _Reader, typed: str, column: str) -> str:
    found, problem = read_email(typed)
    if problem:
        cells.wrong(problem, column)
    if found and found not in typed:
        cells.notes.append(Word("deobfuscated", column, {"email": found}))
    return found or ""


def _phone(cells: _Reader, typed: str, column: str) -> str:
    found = find_phone(typed)
    if found is None:
        cells.wrong("shortened_phone" if is_shortened(typed) else "bad_phone", column)
    return found or ""


def _way(chosen: InvitationWay | None, email: str, phone: str, role: Role | None) -> InvitationWay:
    """The way that was chosen, else the first that is possible."""
    if chosen is not None:
        return chosen
    if email:
        return InvitationWay.MAIL
    return InvitationWay.SMS if phone and role not in ANSWERING_ROLES else InvitationWay.SLIP


def _check_way(cells: _Reader, plan: Plan, *, chosen: bool) -> None:
    way = InvitationWay(plan.way)
    named = {word.column for word in cells.problems}
    if way is InvitationWay.MAIL and not plan.email and not named & {h.EMAIL, h.CONTACT}:
        cells.wrong("no_email", h.EMAIL if cells.has(h.EMAIL) else h.CONTACT)
    if way is InvitationWay.SMS and not plan.phone and not named & {h.PHONE, h.CONTACT}:
        cells.wrong("no_phone", h.PHONE if cells.has(h.PHONE) else h.CONTACT)
    if chosen and way is InvitationWay.SMS and plan.role and Role(plan.role) in ANSWERING_ROLES:
        cells.wrong("not_by_message", h.WAY)


def officer_key(name: str) -> str:
    """An officer's name without titles, case and signs: by it the same person is recognised in one mailbox."""
    words = [word for word in plain(name).split() if word not in _TITLES]
    return " ".join(words) or plain(name)


_TITLE_WORDS = (
    "shri|sri|shree|smt|shrimati|km|kum|kumari|mr|mrs|ms|miss|dr|prof|er|ca|adv|capt|col|maj|retd|ias|ips|ifs|irs|"
    "श्री|श्रीमती|सुश्री|कुमारी|डॉ|डा|प्रो"
)
_TITLES = frozenset(_TITLE_WORDS.split("|"))


def guest_key(plan: Plan) -> str:
    """Who is meant, within a department: the same row of another run finds the same invitation by it."""
    who = {
        InvitationWay.MAIL.value: normalise_email(plan.email),
        InvitationWay.SMS.value: f"{plan.phone} {officer_key(plan.officer)}",
    }.get(plan.way, officer_key(plan.officer))
    return f"{plan.way}:{quote(who, safe='@+.')}"

"""What may be wrong with a row and what is said about it beside: a code in the rows, words on the pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext

from entitylocker.accounts.schemas import TWO_MAILBOXES
from entitylocker.errors import N_, LockerError
from entitylocker.onboarding.headers import COLUMN_LABELS
from entitylocker.units.errors import NotAgreed

PROBLEMS: dict[str, str] = {
    "missing": N_("This is empty."),
    "too_long": N_("This is too long."),
    "legacy_font": N_(
        "This is Hindi in an old font such as Kruti Dev, which without that font is only Latin letters. "
        "Type it in Unicode."
    ),
    "holds_address": N_("A name cannot hold a web or e-mail address."),
    "unreadable": N_("Some letters were lost when the file was saved (%(sign)s). Type it again."),
    "holds_badge": N_("A name cannot hold a check mark or another sign that looks like a badge."),
    "sheet_error": N_("A formula of the spreadsheet failed here (%(sign)s). Type what should stand here."),
    "unnamed": N_("A cell stands in a column without a name. Name the column, or empty it."),
    "running_on": N_(
        "This cell runs over several lines and may hold further rows. Remove a stray quotation mark, or write the cell "
        "on one line."
    ),
    "bad_kind": N_("This kind is not known. Leave it empty for a government department."),
    "bad_role": N_("This role is not known. Known are: %(known)s."),
    "bad_language": N_("Write English or Hindi here, or leave it empty."),
    "bad_way": N_("Write mail, slip or SMS here, or leave it empty."),
    "bad_email": N_("This is not an e-mail address."),
    "mistakable_email": TWO_MAILBOXES,
    "two_emails": N_("Only one address can stand here. Give every officer a row."),
    "bad_phone": N_("This is not a mobile number. Write ten digits, or + and the country first."),
    "shortened_phone": N_("The spreadsheet shortened this number. Format the column as text and type it again."),
    "no_email": N_("Without a mail address nobody can be invited by mail."),
    "no_phone": N_("Without a mobile number nobody can be invited by text message."),
    "not_by_message": N_("This role answers for the department: invite by mail, or hand a slip over in person."),
    "not_in_person": N_(
        "A slip for this role must be handed over in person. Confirm that for the whole file, or invite by mail."
    ),
    "beyond": N_(
        "This row has more cells than there are columns. Put cells with commas or semicolons in quotation marks."
    ),
    "says_otherwise": N_(
        "Line %(line)s says otherwise of a department of this name. If they are two, give them two names."
    ),
    "own_parent": N_("A department cannot lie below itself."),
    "unknown_parent": N_("There is no such department, neither in this file nor in your organisation."),
    "parent_unclear": N_("The row of the department above cannot be used. Put that one right first."),
    "twice": N_("The same officer stands for the same department in line %(line)s already."),
    "not_agreed": NotAgreed.message,
    "more_than_you_hold": N_("You cannot give this role."),
    "own_address": N_("This is your own address. Nobody invites themselves: ask somebody of the department."),
    "bad_code": N_("This is not a department code: capital letters, digits and hyphens."),
    # What came up only when the row was worked through.
    "refused": N_("This was not done: %(why)s"),
    "fault": N_("This was not done: something went wrong on our side. Continue the run to try it again."),
}

NOTES: dict[str, str] = {
    "several_lines": N_("Lines %(first)s to %(last)s were read as this one row: quotation marks keep them together."),
    "formula": N_("In %(column)s, signs that a spreadsheet runs as a formula were left out."),
    "other_spelling": N_("The same department as “%(name)s”: taken as one."),
    "much_alike": N_("Much like “%(name)s”. If they are the same department, write them the same way."),
    "shared_mailbox": N_("The address %(email)s is another officer’s. One account has one address, so this is a slip."),
    "deobfuscated": N_("Read as %(email)s."),
    "would_open": N_("Opens the department."),
    "opened": N_("The department was opened."),
    "department_known": N_("The department is there already."),
    "would_invite_mail": N_("Invites by mail."),
    "would_invite_slip": N_("Makes a slip."),
    "would_invite_sms": N_("Sends a text message."),
    "invited_mail": N_("Invited by mail."),
    "invited_slip": N_("A slip was made."),
    "invited_sms": N_("A text message was sent."),
    "member_known": N_("Belongs to the department already. Nothing was changed."),
    "invited_known": N_("Was invited already. Nothing was changed."),
    "would_vouch": N_("Your organisation vouches for it by the letter."),
    "vouched": N_("Your organisation vouched for it by the letter."),
    "not_vouched": N_("Your organisation could not vouch for it: %(why)s"),
    "undone": N_("The invitation was taken back."),
    "department_closed": N_("The department was closed again: nobody had come in."),
}


@dataclass(frozen=True)
class Word:
    """A problem or a note: its code, the column it is about, and facts to fill in."""

    code: str
    column: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"code": self.code, "column": self.column, "facts": self.facts}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Word:
        """What was kept."""
        return cls(kept["code"], kept["column"], kept["facts"])

    @property
    def text(self) -> str:
        """In the reader's language."""
        facts = {name: _said(name, value, self.facts) for name, value in self.facts.items()}
        words = gettext(PROBLEMS.get(self.code) or NOTES[self.code])
        return str(words % facts if facts else words)

    @property
    def column_label(self) -> str:
        """The column in the reader's language; empty if it is about the whole row."""
        return str(gettext(COLUMN_LABELS[self.column])) if self.column else ""


def because(code: str, refused: LockerError) -> Word:
    """That something was refused, kept so that everybody reads the reason in their own language."""
    facts = {name: fact if isinstance(fact, int) else str(fact) for name, fact in refused.facts.items()}
    return Word(code, facts={"why": refused.message, "of": facts})


def _said(name: str, value: Any, facts: dict[str, Any]) -> Any:
    """Labels and reasons of ours are translated, what somebody typed is not."""
    if name == "column":
        return gettext(COLUMN_LABELS[value])
    if name != "why":
        return value
    reason = gettext(value)
    return reason % facts["of"] if facts.get("of") else reason

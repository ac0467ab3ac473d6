"""What people type about themselves."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from entitylocker.accounts.rules import PASSWORD_MAX, holds_address, holds_badge
from entitylocker.errors import N_
from entitylocker.notifications.addresses import is_one_mailbox, is_plain_address

NAME_MAX = 120
EMAIL_MAX = 254
NEEDED: dict[str, Any] = {"required": N_("Please fill this in.")}
BAD_EMAIL = N_("This is not an e-mail address.")
TWO_MAILBOXES = N_(
    "This address holds a sign that may be read as other letters, such as ² or ß. Write it with the letters and digits "
    "that its mailbox has, or give another address."
)
_is_email = validate.Email(error=BAD_EMAIL)
# They say which form a letter of an Indian script takes, beside the sign that joins two letters, and nothing elsewhere.
_JOINERS = "\u200c\u200d"
_VIRAMA = 9


def one_line(value: str) -> str:
    """A text on one line: composed, single spaces, no control or invisible characters but joiners that count."""
    text = "".join(" " if letter.isspace() else letter for letter in unicodedata.normalize("NFC", value))
    kept = "".join(letter for at, letter in enumerate(text) if _is_kept(text, at))
    return re.sub(r" +", " ", kept).strip()


def _is_kept(text: str, at: int) -> bool:
    if text[at] in _JOINERS:
        return any(unicodedata.combining(beside) == _VIRAMA for beside in text[max(at - 1, 0) : at + 2])
    return unicodedata.category(text[at]) not in ("Cc", "Cf", "Cs", "Co", "Cn")


class Line(fields.String):
    """A text on one line that must not be empty and has at most `longest` characters."""

    def __init__(self, longest: int = NAME_MAX, **rest: Any) -> None:
        self.longest = longest
        super().__init__(error_messages=NEEDED, **rest)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> str:
        text = one_line(super()._deserialize(value, attr, data, **rest))
        if self.required and not text:
            raise ValidationError(NEEDED["required"])
        if len(text) > self.longest:
            raise ValidationError(N_("This is too long."))
        return text


class Name(Line):
    """What somebody is called. It stands in mails to strangers, so it must not carry an address anywhere.

    Nor a sign that the locker itself sets beside the names of whom it has verified.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> str:
        text = super()._deserialize(value, attr, data, **rest)
        if holds_address(text):
            raise ValidationError(N_("A name cannot hold a web or e-mail address."))
        if holds_badge(text):
            raise ValidationError(N_("A name cannot hold a check mark or another sign that looks like a badge."))
        return text


class EmailAddress(fields.String):
    """An e-mail address, composed, without the space that pasting leaves round it; one address and nothing else.

    In any script: the library's check knows letters, and does not count the vowel signs of Indian ones among them.
    """

    def __init__(self, **rest: Any) -> None:
        super().__init__(error_messages={**NEEDED, "invalid": BAD_EMAIL}, **rest)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> str:
        typed = unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value
        address = str(super()._deserialize(typed, attr, data, **rest))
        if len(address) > EMAIL_MAX or not is_plain_address(address):
            raise ValidationError(BAD_EMAIL)
        _is_email("".join(letter for letter in address if not unicodedata.category(letter).startswith("M")))
        return address


class NewEmailAddress(EmailAddress):
    """An address that was not known here before: one that nobody else's is taken for."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> str:
        address = super()._deserialize(value, attr, data, **rest)
        if not is_one_mailbox(address):
            raise ValidationError(TWO_MAILBOXES)
        return address


class SignInSchema(Schema):
    """Any password is taken: whether it is fit was asked when it was chosen."""

    email = EmailAddress(required=True)
    password = fields.String(required=True, error_messages=NEEDED)
    next = fields.String(load_default="")

    @post_load
    def bounded(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """A longer text than any password is cut: it cannot fit and must not cost more to find out."""
        return {**data, "password": data["password"][: PASSWORD_MAX + 1]}


class SignUpSchema(Schema):
    """A new account."""

    name = Name(required=True)
    email = NewEmailAddress(required=True)
    password = fields.String(required=True, error_messages=NEEDED)


class ConfirmSchema(Schema):
    """The password chosen at sign-up, once more."""

    password = fields.String(required=True, error_messages=NEEDED)


class EmailSchema(Schema):
    """An address alone."""

    email = EmailAddress(required=True)


class NewEmailSchema(Schema):
    """An address to be had from now on."""

    email = NewEmailAddress(required=True)


class NewPasswordSchema(Schema):
    """A password to be set."""

    password = fields.String(required=True, error_messages=NEEDED)


class ChangePasswordSchema(NewPasswordSchema):
    """A password in place of another. `current_password` is empty where there is none yet."""

    current_password = fields.String(load_default="")
    end_others = fields.Boolean(load_default=False)

    @post_load
    def bounded(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """A longer text than any password is cut: it cannot fit and must not cost more to find out."""
        return {**data, "current_password": data["current_password"][: PASSWORD_MAX + 1]}


class LanguageSchema(Schema):
    """The language of pages and mails."""

    language = fields.String(required=True, validate=validate.OneOf(["en", "hi"]))


class PasskeySchema(Schema):
    """What a passkey answered, as JSON of the browser."""

    credential = fields.String(required=True, error_messages=NEEDED)
    next = fields.String(load_default="")


class SecondStepSchema(Schema):
    """One of three ways to take the second step."""

    code = fields.String(load_default="", validate=validate.Length(max=64))
    recovery_code = fields.String(load_default="", validate=validate.Length(max=128))
    passkey = fields.String(load_default="", data_key="credential")


class PasskeyNameSchema(Schema):
    """What a person calls a passkey."""

    name = Line(longest=60, required=True)


class NewPasskeySchema(PasskeyNameSchema):
    """A new passkey: what the browser made, and its name."""

    credential = fields.String(required=True, error_messages=NEEDED)


class CodeSchema(Schema):
    """A code of an authenticator app."""

    code = fields.String(required=True, error_messages=NEEDED, validate=validate.Length(max=64))

"""A form on a page: what was typed, what is wrong with it, and what it means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import g, request
from flask_babel import gettext
from marshmallow import EXCLUDE, Schema, ValidationError

from entitylocker.errors import N_, InvalidInput, LockerError
from entitylocker.web.errors import words
from entitylocker.web.form_words import in_words

ASKED_AGAIN = N_("Thank you. Please type this once more: it was not kept while we asked who you are.")


class Form:
    """One form over a marshmallow schema.

    `values` is what was typed (to show again), `data` what the schema made of it, `problems` field → messages.
    Fields that the schema does not know (the CSRF token, the pressed button) are left out.
    """

    def __init__(self, schema: type[Schema], initial: dict[str, Any] | None = None, *, unsent: bool = False) -> None:
        """`unsent`: what was sent belongs to another form of the page."""
        self.problems: dict[str, list[str]] = {}
        self.data: dict[str, Any] = {}
        self.values: dict[str, Any] = dict(initial or {})
        self.sent = request.method == "POST" and not unsent
        if self.sent:
            self.values.update(request.form.to_dict())
            self._load(schema())
            self._ask_again(schema())

    def _load(self, schema: Schema) -> None:
        typed: dict[str, Any] = {
            name: request.form.getlist(name) if _is_list(schema, name) else request.form[name] for name in request.form
        }
        try:
            self.data = schema.load(typed, unknown=EXCLUDE)
        except ValidationError as wrong:
            found = wrong.messages if isinstance(wrong.messages, dict) else {"": wrong.messages}
            self.problems = {name: [in_words(str(text)) for text in _texts(texts)] for name, texts in found.items()}

    def _ask_again(self, schema: Schema) -> None:
        """Passwords and codes do not wait in the page that asks who somebody is: they are typed once more."""
        names = {field.data_key or name for name, field in schema.fields.items()}
        missing = {name: [gettext(ASKED_AGAIN)] for name in g.get("asked_again", ()) if name in names}
        if missing:
            # What else is wrong is said once all of it is there.
            self.problems = missing

    @property
    def valid(self) -> bool:
        """Whether it was sent and nothing is wrong so far."""
        return self.sent and not self.problems

    @property
    def status(self) -> int:
        """The status of the page that shows the form."""
        return 422 if self.problems else 200

    @contextmanager
    def catching(self) -> Iterator[None]:
        """Turn an error about what was typed into problems of the form; others pass."""
        try:
            yield
        except InvalidInput as wrong:
            self.problems = wrong.problems or {wrong.field or "": [words(wrong)]}
        except LockerError as wrong:
            if wrong.field is None or wrong.status >= 500:
                raise
            self.problems = {wrong.field: [words(wrong)]}


def _is_list(schema: Schema, name: str) -> bool:
    field = schema.fields.get(name)
    return field is not None and type(field).__name__ == "List"


def _texts(texts: Any) -> list[Any]:
    if isinstance(texts, dict):
        return [text for inner in texts.values() for text in _texts(inner)]
    return texts if isinstance(texts, list) else [texts]


def load(schema: type[Schema], values: dict[str, Any]) -> dict[str, Any]:
    """Load `values` strictly. Raises InvalidInput naming every field that does not fit."""
    try:
        loaded: dict[str, Any] = schema().load(values)
    except ValidationError as wrong:
        found = wrong.messages if isinstance(wrong.messages, dict) else {"": wrong.messages}
        raise InvalidInput({name: [in_words(str(t)) for t in _texts(texts)] for name, texts in found.items()}) from None
    return loaded

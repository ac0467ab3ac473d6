"""The Hindi of every message: complete, with the same placeholders, and compiled as it is written."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import Babel
from marshmallow import Schema, ValidationError, fields, validate

from entitylocker.identifiers import IdentifierKind
from entitylocker.identifiers.problems import IdentifierMissing, MustBeDigit
from entitylocker.web.errors import words
from entitylocker.web.form_words import in_words

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "entitylocker" / "translations" / "hi" / "LC_MESSAGES"
# As in the Makefile, where `make translations` brings the file up to date.
MARKS = ("-k", "_l", "-k", "N_", "-k", "lazy_gettext")
MARKERS = {"_", "_l", "N_", "gettext", "lazy_gettext"}
pytestmark = pytest.mark.xdist_group("translations")  # one worker, so that one extraction is enough
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What stands in templates and modules now."""
    target = tmp_path_factory.mktemp("translations") / "messages.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "deploy/babel.cfg", *MARKS]
    subprocess.run([*command, "--no-location", "-o", str(target), "."], cwd=ROOT, check=True)
    with target.open("rb") as source:
        return read_po(source)


@pytest.fixture(scope="module")
def hindi() -> Catalog:
    with (FOLDER / "messages.po").open("rb") as source:
        return read_po(source, locale="hi")


def _messages(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def _forms(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, tuple | list) else (message.string,)


def _ids(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, tuple | list) else (message.id,)


def _words(catalog: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {_ids(message): _forms(message) for message in _messages(catalog)}


def test_every_message_has_its_hindi(extracted: Catalog, hindi: Catalog) -> None:
    missing = []
    for message in _messages(extracted):
        found = hindi.get(message.id, message.context)
        if found is None or found.fuzzy or not all(_forms(found)):
            missing.append(message.id)
    assert not missing, f"without Hindi (run `make translations`, then translate): {missing}"
    assert sum(1 for _ in _messages(extracted)) > 500


def test_no_message_is_left_over(extracted: Catalog, hindi: Catalog) -> None:
    used = {message.id for message in _messages(extracted)}
    assert not [message.id for message in _messages(hindi) if message.id not in used]
    assert not hindi.obsolete


def test_placeholders_are_the_same(hindi: Catalog) -> None:
    assert hindi.num_plurals == 2 and hindi.plural_expr == "(n > 1)"
    for message in _messages(hindi):
        for said, form in zip(_ids(message), _forms(message), strict=True):
            assert sorted(PLACEHOLDER.findall(form)) == sorted(PLACEHOLDER.findall(said)), said


def test_hindi_ends_as_hindi_does(hindi: Catalog) -> None:
    for message in _messages(hindi):
        for said, form in zip(_ids(message), _forms(message), strict=True):
            assert said[-1:] != "." or form.endswith("।"), f"{said!r} is a sentence, {form!r} has no danda"
            assert said[:1].isspace() == form[:1].isspace() and said[-1:].isspace() == form[-1:].isspace(), said


def test_what_is_compiled_is_what_is_written(hindi: Catalog) -> None:
    fresh = io.BytesIO()
    write_mo(fresh, hindi)
    fresh.seek(0)
    with (FOLDER / "messages.mo").open("rb") as kept:
        compiled = read_mo(kept)
    assert _words(compiled) == _words(read_mo(fresh)), "run `make translations`"


def test_every_mark_is_seen(extracted: Catalog) -> None:
    """A mark within another call of gettext is not extracted: it needs a name of its own."""
    known = {text for message in _messages(extracted) for text in _ids(message)}
    for path in sorted((ROOT / "entitylocker").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in MARKERS and node.args:
                text = node.args[0]
                assert not isinstance(text, ast.Constant) or text.value in known, f"{path}:{node.lineno}"


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _hindi_app() -> Flask:
    app = Flask(__name__)
    Babel(app, default_translation_directories=str(FOLDER.parents[1]), locale_selector=lambda: "hi_IN")
    return app


class _Strict(Schema):
    """One field for everything that marshmallow can say about what people type."""

    missing = fields.String(required=True)
    short = fields.String(validate=validate.Length(min=3, max=80))
    empty = fields.String(validate=validate.Length(min=1))
    long = fields.String(validate=validate.Length(max=2))
    choice = fields.String(validate=validate.OneOf(["a", "b"]))
    uuid = fields.UUID()
    day = fields.Date()
    number = fields.Integer(validate=validate.Range(min=1, max=5))
    word = fields.Integer()
    email = fields.Email()
    address = fields.Url()
    many = fields.List(fields.String())
    text = fields.String(allow_none=False)


def test_what_marshmallow_says_is_said_in_hindi() -> None:
    typed = {
        **dict.fromkeys(("short", "choice", "uuid", "day", "word", "email", "address", "many"), "x"),
        "empty": "",
        "long": "xyz",
        "number": 9,
        "text": None,
        "unknown": "x",
    }
    with pytest.raises(ValidationError) as wrong:
        _Strict().load(typed)
    assert isinstance(wrong.value.messages, dict)
    with _hindi_app().test_request_context():
        said = {name: in_words(text) for name, (text,) in wrong.value.messages.items()}
    assert set(said) == {*typed, "missing"}
    assert not {name: text for name, text in said.items() if re.search(r"[A-Za-z]{3}", text)}
    assert "3" in said["short"] and "80" in said["short"]


def test_labels_within_messages_are_translated_and_typed_words_are_not() -> None:
    with _hindi_app().test_request_context():
        label = words(IdentifierMissing(IdentifierKind.UDYAM))
        typed = words(MustBeDigit(IdentifierKind.PAN, position=1, typed="No"))
    assert "उद्यम" in label and "Udyam" not in label
    assert '"No"' in typed

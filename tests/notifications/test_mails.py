"""Every mail in both languages: both faces say the same, lead to the same places, and leave nothing unsaid."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale, lazy_gettext
from jinja2 import StrictUndefined

from entitylocker.notifications.faces import Faces, draw, read_blocks
from entitylocker.paths import resource
from entitylocker.web.display import LOCALES
from tests.notifications.facts import SAMPLES

BASE = "https://locker.example.in"
TEMPLATES = sorted(path.stem for path in (resource("templates") / "mail").glob("[!_]*.txt"))


class _Page(HTMLParser):
    """The words and the links of an HTML mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.words: list[str] = []
        self.tags: set[str] = set()
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._hidden = tag == "style"
        given = dict(attrs)
        assert not any(name.startswith("on") for name in given)
        if "href" in given:
            self.links.append(str(given["href"]))

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _draw(app: Flask, template: str, facts: dict[str, Any], language: str, subject: Any = "Subject") -> Faces:
    given = {name: fact for name, fact in facts.items() if name not in ("path", "paths")}
    base = app.extensions["entitylocker"].settings.base_url
    if "path" in facts:
        given["link"] = base + facts["path"]
    given["places"] = [base + path for path in facts.get("paths", ())]
    with app.test_request_context(), force_locale(LOCALES[language]):
        return draw(f"mail/{template}", subject, language, given)


def test_every_template_has_sample_facts() -> None:
    assert set(TEMPLATES) == set(SAMPLES)


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_both_faces_say_the_same(app: Flask, template: str, language: str) -> None:
    for facts in SAMPLES[template]:
        faces = _draw(app, template, facts, language)
        page = _Page(faces.html)
        said = _squeezed(" ".join(page.words))
        in_text = re.findall(r"https?://\S+", faces.text)
        assert set(page.links) == set(in_text), "the same links"
        assert not (page.tags & {"script", "img", "table", "form", "iframe", "link"})
        for unfilled in ("%(", "%s", "{{", "{%", "None", "Undefined", "LazyString", "<", "&lt;", "&amp;"):
            assert unfilled not in faces.text, unfilled
        for line in _squeezed(faces.text).replace("-- ", "").split(" - "):
            for word in line.split():
                assert word in said, f"{word} is only in the text"
        assert f'<html lang="{language}">' in faces.html
        assert "\n\n\n" not in faces.text
        long = [line for line in faces.text.splitlines() if len(line) > 76 and "://" not in line]
        assert not long, "wrapped"


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_fact_is_forgotten(app: Flask, template: str) -> None:
    """A template that asks for a fact nobody gives would be silent about it."""
    strict = app.jinja_env.overlay(undefined=StrictUndefined, cache_size=0)
    for facts in SAMPLES[template]:
        places = [BASE + path for path in facts.get("paths", ())]
        given = {"link": BASE + facts.get("path", "/"), "places": places, "role_label": str, "language": "en", **facts}
        with app.test_request_context():
            assert str(strict.get_template(f"mail/{template}.txt").make_module(given)).strip()


def test_a_mail_without_a_button_word_has_one_and_every_mail_says_why(app: Flask) -> None:
    for template in TEMPLATES:
        faces = _draw(app, template, SAMPLES[template][0], "en")
        foot = faces.text.split("-- \n")[1]
        assert "You get this mail because" in _squeezed(foot)
        assert "Nobody reads answers" in foot


def test_words_of_strangers_make_no_links_and_no_lists(app: Flask) -> None:
    facts = {
        **SAMPLES["identifier_refused"][1],
        "name": "Eve\n\nhttps://evil.example/\n- free\u202eevil",
        "organisation": "<a href='https://evil.example/'>X</a>\r\nBcc: all@example.in",
    }
    faces = _draw(app, "identifier_refused", facts, "en", subject="Hello\r\nBcc: victim@example.in\u2028x")
    assert faces.subject == "Hello Bcc: victim@example.in x"
    assert all("evil.example" not in link for link in _Page(faces.html).links)
    assert "<a href='https://evil" not in faces.html
    assert "\u202e" not in faces.text + faces.html
    assert "\n- free" not in faces.text
    assert not any(line.startswith("Bcc:") for line in faces.text.splitlines()[:1])


def test_only_a_link_to_this_site_is_one() -> None:
    blocks = read_blocks(
        f"{BASE}/a?b=c\nhttps://evil.example/\n{BASE}.evil.example/x\n\n- one\n- two\ntext\nmore", BASE
    )
    assert [(block.kind, block.lines) for block in blocks] == [
        ("link", [f"{BASE}/a?b=c"]),
        ("text", ["https://evil.example/", f"{BASE}.evil.example/x"]),
        ("list", ["one", "two"]),
        ("text", ["text", "more"]),
    ]


def test_a_subject_is_made_in_the_language_of_the_mail(app: Flask) -> None:
    subject = lazy_gettext("Confirm your e-mail address")
    english, hindi = (_draw(app, "confirm_address", SAMPLES["confirm_address"][0], lang, subject) for lang in LOCALES)
    assert english.subject == "Confirm your e-mail address"
    assert re.search(r"[\u0900-\u097f]", hindi.subject)
    assert re.search(r"[\u0900-\u097f]", hindi.text)

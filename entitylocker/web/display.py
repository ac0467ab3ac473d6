"""How pages look and speak: language, theme, text size; and the pages every site owes its readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, has_request_context, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from entitylocker import __version__
from entitylocker.web.arrival import open_to_all
from entitylocker.web.formats import register_formats
from entitylocker.web.verdicts import not_checkable_reason, verdict_face

LOCALES = {"en": "en_IN", "hi": "hi_IN"}
THEMES = ("auto", "light", "dark")
TEXT_SIZES = ("m", "l", "xl")
ONE_YEAR = 365 * 24 * 3600

pages = Blueprint("web", __name__)


@dataclass
class LanguageSetting:
    """Where the language of the signed-in person's account is kept. Set once by `app.py`, or not at all.

    `find()` answers en, hi or None; `store(language)` keeps the person's choice, for their mails too.
    """

    find: Callable[[], str | None] | None = None
    store: Callable[[str], None] | None = None


language_setting = LanguageSetting()


def select_language() -> str:
    """The language of this request: the account's, else the cookie's, else the browser's, else English."""
    if not has_request_context():
        return "en"
    chosen = language_setting.find() if language_setting.find is not None else None
    if chosen not in LOCALES:
        chosen = request.cookies.get("lang")
    if chosen not in LOCALES:
        chosen = request.accept_languages.best_match(list(LOCALES))
    return chosen or "en"


def select_locale() -> str:
    """The locale of this request for flask-babel: en_IN or hi_IN."""
    return LOCALES[select_language()]


def local_path(address: str | None) -> str | None:
    """`address` if it is a path on this site, else None.

    Browsers read `//host`, `/\\host` and paths with control characters as other sites, so these are refused.
    """
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return None
    if "\\" in address or any(ord(letter) < 0x21 or ord(letter) == 0x7F for letter in address):
        return None
    parts = urlsplit(address)
    return None if parts.scheme or parts.netloc else address


def _here() -> str:
    """Where a reader of this page comes back to: this page, if it can be asked for again."""
    if request.method != "GET":
        return "/"
    return local_path(request.full_path.rstrip("?")) or "/"


def _back() -> AnyResponse:
    return redirect(local_path(request.form.get("next")) or "/", 303)


def _remember(response: AnyResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=ONE_YEAR, secure=request.is_secure, httponly=True, samesite="Lax")


def _cookie(name: str, known: tuple[str, ...]) -> str:
    value = request.cookies.get(name, "")
    return value if value in known else known[0]


@pages.post("/display/language")
@open_to_all("choosing a language must work before signing in")
def set_language() -> AnyResponse:
    """Speak another language from now on, and come back to where one was."""
    response = _back()
    language = request.form.get("lang", "")
    if language in LOCALES:
        if language_setting.store is not None:
            language_setting.store(language)
        _remember(response, "lang", language)
    return response


@pages.post("/display")
@open_to_all("theme and text size must be changeable before signing in")
def set_display() -> AnyResponse:
    """Keep theme and text size, and come back to where one was."""
    response = _back()
    for name, known in (("theme", THEMES), ("text_size", TEXT_SIZES)):
        value = request.form.get(name, "")
        if value in known:
            _remember(response, name, value)
    return response


@pages.get("/help")
@open_to_all("help is for everybody")
def help() -> str:
    """First steps and answers."""
    return render_template("pages/help.html")


@pages.get("/accessibility")
@open_to_all("a public statement")
def accessibility() -> str:
    """The accessibility statement."""
    return render_template("pages/accessibility.html")


@pages.get("/privacy")
@open_to_all("a public statement")
def privacy() -> str:
    """The privacy notice."""
    return render_template("pages/privacy.html")


def _display_context() -> dict[str, Any]:
    return {
        "lang": select_language(),
        "theme": _cookie("theme", THEMES),
        "text_size": _cookie("text_size", TEXT_SIZES),
        "here": _here(),
        "release_number": __version__,
    }


def register_display(app: Flask) -> None:
    """Install the filters, the words of verdicts and the display settings. The pages are registered with all others."""
    register_formats(app)
    app.add_template_global(verdict_face)
    app.add_template_global(not_checkable_reason)
    app.context_processor(_display_context)
    app.after_request(_vary)


def _vary(response: Response) -> Response:
    """Caches keep the languages and themes of a page apart."""
    if response.mimetype == "text/html":
        response.vary.update(("Accept-Language", "Cookie"))
    return response

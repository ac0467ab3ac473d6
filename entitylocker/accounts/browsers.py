"""A browser becomes the bearer of a session, whichever way its person was known."""

from __future__ import annotations

import secrets

from flask import g, request, session
from flask_login import current_user, login_user

from entitylocker.accounts.known_browser import browser_digest
from entitylocker.accounts.sessions import SessionPerson, Visit, load_session
from entitylocker.accounts.signing import sign_out
from entitylocker.errors import SignInRequired
from entitylocker.web.actors import person_actor


def visit() -> Visit:
    """From where this request comes."""
    return Visit(request.remote_addr or "", request.user_agent.string, browser_digest())


def begin_session(token: str) -> None:
    """Make the browser the bearer of a fresh session; nothing of what its cookie held before stays.

    A session that it bore until now ends: whoever knew that cookie knows nothing of the new one.
    """
    person = _load(token)
    leave()
    login_user(person)


def leave() -> None:
    """End the session that the browser bears, if it bears one, and empty its cookie."""
    if current_user.is_authenticated:
        sign_out(person_actor())
    session.clear()
    g.pop("actor", None)


def renew_login(token: str) -> None:
    """Make the browser the bearer of the session that took the place of its own. Forms open in other tabs go on."""
    login_user(_load(token))
    g.pop("actor", None)


def browser_mark() -> str:
    """Random words that this browser's cookie keeps: a challenge is bound to them."""
    mark: str = session.setdefault("browser", secrets.token_urlsafe(32))
    return mark


def _load(token: str) -> SessionPerson:
    person = load_session(token)
    if not isinstance(person, SessionPerson):
        raise SignInRequired
    return person

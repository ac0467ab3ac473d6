"""A cookie by which a browser is known again, so that its owner can be told of a sign-in from another one."""

from __future__ import annotations

from flask import Response, current_app, g, request
from flask_login import current_user
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.accounts.blueprint import pages
from entitylocker.accounts.rules import normalise_email
from entitylocker.accounts.tokens import digest_of, new_token
from entitylocker.extensions import db
from entitylocker.tenancy import Tenant

_NAME = "browser"
# As long as browsers keep any cookie.
_SECONDS = 400 * 24 * 3600
_LENGTH = 43


def browser_digest() -> bytes:
    """What this browser is known by; a browser that comes for the first time gets a token if somebody signs in."""
    kept = request.cookies.get(_name(), "")
    if len(kept) == _LENGTH:
        return digest_of(kept)
    if "browser_token" not in g:
        g.browser_token = new_token()[0]
    return digest_of(g.browser_token)


def knows_account(email: str) -> bytes | None:
    """The digest of this browser if somebody signed in here before to the account with that address, else None."""
    kept = request.cookies.get(_name(), "")
    if len(kept) != _LENGTH:
        return None
    digest = digest_of(kept)
    known = text("SELECT lookup_known_browser(:email, :digest)")
    with tenancy.transaction(Tenant()):
        found = db.session.execute(known, {"email": normalise_email(email), "digest": digest}).scalar()
    return digest if found else None


def _name() -> str:
    return f"__Host-{_NAME}" if current_app.config["SESSION_COOKIE_SECURE"] else _NAME


@pages.after_app_request
def keep_browser(response: Response) -> Response:
    """Leave the token in the browser in which somebody has just signed in."""
    if "browser_token" in g and current_user and current_user.is_authenticated:
        response.set_cookie(
            _name(), g.browser_token, max_age=_SECONDS, httponly=True, samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )  # fmt: skip
    return response

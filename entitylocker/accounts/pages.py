"""Pages for signing up, in and out, and for one's own account."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response

from entitylocker.accounts import (
    address_pages,
    passkey_pages,
    password_pages,
    security_pages,
    service,
    step_up,
)
from entitylocker.accounts.blueprint import pages
from entitylocker.accounts.browsers import begin_session, visit
from entitylocker.accounts.passkey_pages import show_sign_in
from entitylocker.accounts.schemas import ConfirmSchema, LanguageSchema, SignInSchema, SignUpSchema
from entitylocker.accounts.throttling import limit_accounts, limit_addresses, limit_failures, limit_guesses
from entitylocker.web.actors import current_actor, person_actor
from entitylocker.web.arrival import open_to_all, session_only
from entitylocker.web.display import local_path, select_language
from entitylocker.web.forms import Form

# Importing these modules adds their routes.
__all__ = ["address_pages", "pages", "passkey_pages", "password_pages", "security_pages", "step_up"]


@pages.before_app_request
def know_person() -> None:
    """Find the signed-in person first of all, outside any transaction of the request."""
    if request.endpoint != "static":
        current_user._get_current_object()


def find_language() -> str | None:
    """The language of the signed-in person's account, if one is kept there."""
    return current_user.language if current_user and current_user.is_authenticated else None


def store_language(language: str) -> None:
    """Keep the language in the signed-in person's account; of others nothing is kept."""
    if current_user.is_authenticated:
        service.set_language(person_actor(), language)


def _onward() -> Response:
    return redirect(local_path(request.values.get("next")) or "/", 303)


@pages.route("/sign-in", methods=["GET", "POST"])
@open_to_all("this is how one becomes somebody")
@limit_addresses("60 per minute; 600 per hour")
@limit_guesses("10 per 15 minutes")
@limit_failures
def sign_in() -> Response | tuple[str, int]:
    """Sign in with address and password, then go on to `next` if that is a page of this site."""
    if request.method == "GET" and current_user.is_authenticated:
        return _onward()
    form = Form(SignInSchema, {"next": local_path(request.args.get("next")) or ""})
    if form.valid:
        with form.catching():
            begin_session(service.sign_in(form.data["email"], form.data["password"], visit()))
            return _onward()
    return show_sign_in(form)


@pages.route("/sign-up", methods=["GET", "POST"])
@open_to_all("this is how one becomes somebody")
@limit_addresses("20 per minute; 120 per hour")
@limit_accounts("6 per hour")
def sign_up() -> Response | tuple[str, int]:
    """Open an account: a link by mail confirms the address."""
    form = Form(SignUpSchema)
    if form.valid:
        with form.catching():
            service.sign_up(**form.data, language=select_language())
            return redirect(url_for(".check_mail"), 303)
    return render_template("accounts/sign_up.html", form=form), form.status


@pages.get("/sign-up/check-mail")
@open_to_all("it says the same to everybody")
def check_mail() -> str:
    """What follows a sign-up, whether or not there is an account already."""
    return render_template("accounts/check_mail.html")


@pages.route("/sign-up/confirm/<token>", methods=["GET", "POST"])
@open_to_all("the link from the mail and the password are the proof")
@limit_addresses("20 per minute; 120 per hour")
def confirm(token: str) -> Response | tuple[str, int]:
    """Confirm an address with the password chosen before, and be signed in."""
    email = service.get_sign_up_email(token)
    form = Form(ConfirmSchema)
    if form.valid:
        with form.catching():
            begin_session(service.confirm_sign_up(token, form.data["password"], visit()))
            return redirect("/", 303)
    return render_template("accounts/confirm.html", form=form, email=email), form.status


@pages.post("/sign-out")
@open_to_all("signing out twice does no harm")
def sign_out() -> Response:
    """End this session, here and on the server."""
    if current_user.is_authenticated:
        service.sign_out(person_actor())
    logout_user()
    session.clear()
    flash(gettext("You are signed out."), "ok")
    return redirect(url_for(".sign_in"), 303)


@pages.get("/account")
@session_only
def account() -> str:
    """One's own name, address and language."""
    return render_template("accounts/account.html")


@pages.post("/account/language")
@session_only
def set_language() -> Response:
    """Keep the language of pages and mails."""
    form = Form(LanguageSchema)
    if form.valid:
        service.set_language(current_actor(), form.data["language"])
    return redirect(url_for(".account"), 303)


@pages.post("/account/sessions/<uuid:session_id>/end")
@session_only
def end_session(session_id: UUID) -> Response:
    """End one of one's own sessions."""
    service.end_session(current_actor(), session_id)
    flash(gettext("The session was ended."), "ok")
    return redirect(url_for(".security"), 303)


@pages.post("/account/sessions/end-others")
@session_only
def end_other_sessions() -> Response:
    """End every session but this one."""
    service.end_other_sessions(current_actor())
    flash(gettext("All other sessions were ended."), "ok")
    return redirect(url_for(".security"), 303)

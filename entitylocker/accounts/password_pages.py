"""Pages for a forgotten password and for changing it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.accounts.blueprint import pages
from entitylocker.accounts.browsers import visit
from entitylocker.accounts.password_change import change_password as change
from entitylocker.accounts.password_change import get_own_account
from entitylocker.accounts.resets import RESET_LIFETIME, ask_reset, get_reset
from entitylocker.accounts.resets import reset_password as reset
from entitylocker.accounts.schemas import ChangePasswordSchema, EmailSchema, NewPasswordSchema
from entitylocker.accounts.throttling import limit_accounts, limit_addresses, limit_everybody
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import open_to_all, session_only
from entitylocker.web.forms import Form


@pages.route("/forgotten", methods=["GET", "POST"])
@open_to_all("whoever forgot the password cannot sign in")
@limit_addresses("20 per minute; 120 per hour")
@limit_accounts("5 per hour")
@limit_everybody("1000 per hour")
def forgotten() -> Response | tuple[str, int]:
    """Ask for a link to set a new password: the same answer for every address."""
    form = Form(EmailSchema)
    if form.valid:
        with form.catching():
            ask_reset(form.data["email"])
            return redirect(url_for(".forgotten_sent"), 303)
    return render_template("accounts/forgotten.html", form=form), form.status


@pages.get("/forgotten/sent")
@open_to_all("it says the same to everybody")
def forgotten_sent() -> str:
    """What follows, whether or not there is such an account."""
    minutes = int(RESET_LIFETIME.total_seconds()) // 60
    return render_template("accounts/forgotten_sent.html", minutes=minutes)


@pages.route("/forgotten/<token>", methods=["GET", "POST"])
@open_to_all("the link from the mail is the proof")
@limit_addresses("20 per minute; 120 per hour")
def reset_password(token: str) -> Response | tuple[str, int]:
    """Set a new password with the link from the mail; then one signs in as usual, and sees what else opens the account.

    A reset takes nothing of that away: a second factor holds back whoever reads somebody's mail.
    """
    email = get_reset(token).email
    form = Form(NewPasswordSchema)
    if form.valid:
        with form.catching():
            reset(token, form.data["password"])
            flash(gettext("Your new password is set and all sessions were ended. Sign in with it now."), "ok")
            return redirect(url_for(".sign_in", next=url_for(".security", after_reset="1")), 303)
    return render_template("accounts/reset_password.html", form=form, email=email), form.status


@pages.route("/account/password", methods=["GET", "POST"])
@session_only
@limit_addresses("20 per minute; 120 per hour")
def change_password() -> Response | tuple[str, int]:
    """Change the password, or set the first one."""
    account = get_own_account(current_actor())
    form = Form(ChangePasswordSchema, {"end_others": "1"} if request.method == "GET" else None)
    if form.valid:
        with form.catching():
            change(
                current_actor(), current=form.data["current_password"], password=form.data["password"],
                end_others=form.data["end_others"], visit=visit(),
            )  # fmt: skip
            flash(gettext("Your password was changed."), "ok")
            return redirect(url_for(".account"), 303)
    return render_template("accounts/change_password.html", form=form, account=account), form.status

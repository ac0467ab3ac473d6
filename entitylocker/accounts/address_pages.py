"""Pages for changing the address one signs in with, and for undoing that."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.accounts.address_change import ask_address, get_undo, get_waiting_change
from entitylocker.accounts.address_change import confirm_address as confirm
from entitylocker.accounts.address_change import undo_address as undo
from entitylocker.accounts.blueprint import pages
from entitylocker.accounts.password_change import get_own_account
from entitylocker.accounts.schemas import NewEmailSchema
from entitylocker.accounts.throttling import limit_accounts, limit_addresses, limit_everybody
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import open_to_all, session_only
from entitylocker.web.forms import Form


@pages.route("/account/email", methods=["GET", "POST"])
@session_only
@limit_addresses("20 per minute; 120 per hour")
@limit_accounts("5 per hour")
@limit_everybody("1000 per hour")
def change_email() -> Response | tuple[str, int]:
    """Ask for another address: a link there confirms it."""
    account = get_own_account(current_actor())
    form = Form(NewEmailSchema)
    if form.valid:
        with form.catching():
            ask_address(current_actor(), form.data["email"])
            flash(gettext("We sent a link to the new address. Until you open it, nothing changes."), "ok")
            return redirect(url_for(".account"), 303)
    return render_template("accounts/change_email.html", form=form, account=account), form.status


@pages.get("/account/email/confirm/<token>")
@session_only
def confirm_address(token: str) -> str:
    """Ask once more before the new address counts: mail scanners follow links, too."""
    return render_template("accounts/confirm_address.html", change=get_waiting_change(current_actor(), token))


@pages.post("/account/email/confirm/<token>")
@session_only
@limit_addresses("20 per minute; 120 per hour")
def take_address(token: str) -> Response:
    """Let the new address count."""
    confirm(current_actor(), token)
    flash(gettext("Your new e-mail address counts from now on."), "ok")
    return redirect(url_for(".account"), 303)


@pages.get("/account/email/undo/<token>")
@open_to_all("the link went to the old address: who follows it may not be able to sign in any more")
def undo_address(token: str) -> str:
    """Ask once more before a change of address is undone."""
    return render_template("accounts/undo_address.html", change=get_undo(token))


@pages.post("/account/email/undo/<token>")
@open_to_all("the link went to the old address: who follows it may not be able to sign in any more")
@limit_addresses("20 per minute; 120 per hour")
def restore_address(token: str) -> Response:
    """Undo a change of address."""
    undo(token)
    text = gettext("The change was undone and all sessions were ended. Now ask for a link to set a new password.")
    flash(text, "ok")
    return redirect(url_for(".forgotten"), 303)

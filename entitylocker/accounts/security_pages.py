"""How a person's account is protected: passkeys, authenticator app, recovery codes, sessions."""

from __future__ import annotations

from uuid import UUID

from flask import Response as FlaskResponse
from flask import current_app, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.access import Actor
from entitylocker.accounts import authenticator, passkeys, recovery
from entitylocker.accounts.blueprint import pages
from entitylocker.accounts.browsers import browser_mark, renew_login
from entitylocker.accounts.confirming import renew
from entitylocker.accounts.errors import StaleCodes
from entitylocker.accounts.factors import find_factors
from entitylocker.accounts.methods import CODE
from entitylocker.accounts.openers import list_openers
from entitylocker.accounts.passkey_pages import passkey_place
from entitylocker.accounts.people import on_own_account
from entitylocker.accounts.schemas import CodeSchema, NewPasskeySchema, PasskeyNameSchema
from entitylocker.accounts.sessions import list_sessions
from entitylocker.accounts.throttling import limit_addresses
from entitylocker.errors import NotFound
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.display import local_path
from entitylocker.web.forms import Form


def _me() -> Actor:
    return on_own_account(current_actor())


def _to_security(words: str) -> Response:
    flash(words, "ok")
    return redirect(url_for("accounts.security"), 303)


@pages.get("/account/security")
@session_only
def security() -> str:
    """All that protects and opens the account, and where one is signed in."""
    me = _me()
    assert me.person_id is not None
    change = "accounts.change_password"
    return render_template(
        "accounts/security.html",
        factors=find_factors(me.person_id),
        passkeys=passkeys.list_passkeys(me),
        sessions=list_sessions(me),
        openers=list_openers(me),
        was_reset="after_reset" in request.args,
        place=passkey_place(),
        password_url=url_for(change) if change in current_app.view_functions else None,
        onward=local_path(request.args.get("next")),
    )


# Passkeys


@pages.get("/account/passkeys/new")
@session_only
def new_passkey() -> str:
    """The page on which the browser is asked to make a passkey."""
    name = passkeys.suggest_name(_me(), request.user_agent.string)
    return render_template("accounts/passkey.html", form=Form(NewPasskeySchema, {"name": name}), place=passkey_place())


@pages.post("/account/passkeys/options")
@session_only
@limit_addresses("60 per minute; 600 per hour")
def new_passkey_options() -> FlaskResponse:
    """What the browser is to ask for."""
    return jsonify(passkeys.registration_options(_me(), browser_mark()))


@pages.post("/account/passkeys")
@session_only
def add_passkey() -> Response | str | tuple[str, int]:
    """Keep the passkey that the browser made."""
    form = Form(NewPasskeySchema)
    if form.valid:
        with form.catching():
            added = passkeys.add_passkey(_me(), form.data["credential"], form.data["name"], browser_mark())
            return _after_factor(added.amr, added.codes, gettext("The passkey was added."))
    return render_template("accounts/passkey.html", form=form, place=passkey_place()), form.status


@pages.post("/account/passkeys/<uuid:passkey_id>/rename")
@session_only
def rename_passkey(passkey_id: UUID) -> Response:
    """Call a passkey something else."""
    form = Form(PasskeyNameSchema)
    if form.valid:
        passkeys.rename_passkey(_me(), passkey_id, form.data["name"])
        return _to_security(gettext("The passkey was renamed."))
    flash(gettext("A passkey needs a name of at most 60 characters."), "bad")
    return redirect(url_for("accounts.security"), 303)


@pages.post("/account/passkeys/<uuid:passkey_id>/remove")
@session_only
def remove_passkey(passkey_id: UUID) -> Response:
    """Let a passkey open nothing any more."""
    passkeys.remove_passkey(_me(), passkey_id)
    return _to_security(gettext("The passkey was removed. Delete it in your device or password manager, too."))


# Authenticator app


@pages.post("/account/authenticator/begin")
@session_only
def begin_authenticator() -> Response:
    """Make a secret for an app."""
    authenticator.begin_app(_me())
    return redirect(url_for("accounts.authenticator"), 303)


@pages.route("/account/authenticator", methods=["GET", "POST"], endpoint="authenticator")
@session_only
def set_up_authenticator() -> Response | str | tuple[str, int]:
    """Show the secret, and take the first code: only then the app counts."""
    form = Form(CodeSchema)
    try:
        set_up = authenticator.get_set_up(_me())
        if form.valid:
            with form.catching():
                codes = authenticator.confirm_app(_me(), form.data["code"])
                return _after_factor(CODE, codes, gettext("The authenticator app is set up."))
    except NotFound:
        return redirect(url_for("accounts.security"), 303)
    return render_template("accounts/authenticator.html", form=form, set_up=set_up), form.status


@pages.post("/account/authenticator/remove")
@session_only
def remove_authenticator() -> Response:
    """Let the app count no more."""
    authenticator.remove_app(_me())
    return _to_security(gettext("The authenticator app was removed. Delete the entry in the app, too."))


def _after_factor(amr: tuple[str, ...], codes: tuple[str, ...], words: str) -> Response | str:
    """Whoever has just shown a new factor has shown it in this session; the first one brings recovery codes."""
    renew_login(renew(_me(), amr))
    if not codes:
        return _to_security(words)
    return render_template("accounts/recovery_codes.html", codes=codes, words=words)


# Recovery codes


@pages.post("/account/recovery-codes")
@session_only
def renew_recovery_codes() -> str:
    """Ten fresh codes, shown now and never again."""
    codes = recovery.renew_codes(_me())
    return render_template("accounts/recovery_codes.html", codes=codes, words=gettext("Here are your new codes."))


@pages.post("/account/recovery-codes/file")
@session_only
def recovery_codes_file() -> FlaskResponse:
    """The codes that were shown just now, as a file: they are known to the page only, which sends them back.

    Raises StaleCodes for anything but the person's own unused codes.
    """
    codes = request.form.getlist("codes")[:20]
    if not recovery.are_own_codes(_me(), codes):
        raise StaleCodes
    text = render_template("accounts/recovery_codes.txt", codes=codes)
    response = FlaskResponse(text, mimetype="text/plain")
    response.headers["Content-Disposition"] = "attachment; filename=entitylocker-recovery-codes.txt"
    return response

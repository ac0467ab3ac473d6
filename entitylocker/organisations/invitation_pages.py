"""Pages of whoever was invited: a link or code, what it is to, accepting it, the invitations that wait for one."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from entitylocker.organisations import service
from entitylocker.organisations.blueprint import pages
from entitylocker.organisations.errors import InvitationAsleep, InvitationEnded, NoSuchCode
from entitylocker.organisations.join_limits import limit_code_guesses
from entitylocker.organisations.redeeming import OpenInvitation
from entitylocker.organisations.rules import ROLE_MEANINGS
from entitylocker.organisations.schemas import JoinSchema
from entitylocker.organisations.slip_codes import find_code
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import open_to_all, session_only
from entitylocker.web.forms import Form

# Whoever opens an account first comes back to the invitation in the same browser: so long a sign-up may take.
_COOKIE = "invitation"
_COOKIE_SECONDS = 2 * 24 * 3600
_LONGEST = 64


@pages.route("/join", methods=["GET", "POST"])
@open_to_all("the code on the slip is what one was given; accepting asks for a sign-in")
@limit_code_guesses
def join() -> AnyResponse | tuple[str, int]:
    """Type the code of a slip or a text message."""
    form = Form(JoinSchema)
    if form.valid:
        with form.catching():
            code = _require_code(form.data["code"])
            return redirect(url_for(".invitation", token=code), 303)
    return render_template("organisations/join.html", form=form), form.status


def _require_code(typed: str) -> str:
    code = find_code(typed)
    try:
        service.get_invitation(code or "")
    except InvitationAsleep:
        raise
    except InvitationEnded:
        raise NoSuchCode(field="code") from None
    return str(code)


@pages.get("/invitations/<token>")
@open_to_all("the link or code is what one was given; accepting asks for a sign-in")
@limit_code_guesses
def invitation(token: str) -> Response:
    """What the bearer of a link or code is invited to, and how to accept it."""
    found = service.get_invitation(token)
    page = render_template(
        "organisations/invitation.html",
        invitation=found,
        token=token,
        meaning=gettext(ROLE_MEANINGS[found.role]),
        may_accept=(mine := _is_mine(found)),
    )
    response = make_response(page)
    if not mine:
        _keep(response, token)
    return response


def _is_mine(found: OpenInvitation) -> bool:
    signed_in = current_user.is_authenticated
    return signed_in and service.may_accept(found, current_user.person_id, current_user.email)


def _keep(response: Response, token: str) -> None:
    secure = request.is_secure
    response.set_cookie(_COOKIE, token, max_age=_COOKIE_SECONDS, secure=secure, httponly=True, samesite="Lax")


def way_back() -> str | None:
    """The invitation from which somebody went to open an account or to sign in, if it is still open and for them."""
    token = request.cookies.get(_COOKIE, "")[:_LONGEST]
    if not token or not current_user.is_authenticated:
        return None
    try:
        found = service.get_invitation(token)
    except InvitationEnded:
        return None
    return url_for(".invitation", token=token) if _is_mine(found) else None


def forget_way_back(response: AnyResponse) -> AnyResponse:
    """Come back once: whoever then chooses not to accept is not led there again."""
    response.delete_cookie(_COOKIE)
    return response


@pages.post("/invitations/<token>")
@session_only
@limit_code_guesses
def redeem(token: str) -> AnyResponse:
    """Accept an invitation."""
    return _welcome(service.redeem_invitation(current_actor(), token))


@pages.post("/invitations/waiting/<uuid:invitation_id>")
@session_only
def accept(invitation_id: UUID) -> AnyResponse:
    """Accept an invitation to one's own confirmed address."""
    return _welcome(service.accept_my_invitation(current_actor(), invitation_id))


def _welcome(organisation_id: UUID) -> AnyResponse:
    flash(gettext("Welcome. You belong to this organisation now."), "ok")
    return forget_way_back(redirect(url_for(".overview", organisation_id=organisation_id), 303))

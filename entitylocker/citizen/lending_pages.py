"""Pages of the lender: choose, see the terms, say yes; what I lend, who opened it, take it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response as FlaskResponse
from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from entitylocker.access import ROLE_PERMISSIONS, Permission
from entitylocker.accounts.throttling import limit_persons
from entitylocker.citizen import rules, service
from entitylocker.citizen.blueprint import pages
from entitylocker.citizen.schemas import CopySchema, LendSchema
from entitylocker.citizen.states import ENDING_WORDS
from entitylocker.citizen.views import Wish
from entitylocker.extensions import utc_now
from entitylocker.organisations.service import list_my_organisations
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.downloads import disposition
from entitylocker.web.forms import Form
from entitylocker.web.shell import role_label


@pages.route("/account/citizen/links/<uuid:link_id>/lend", methods=["GET", "POST"])
@session_only
@limit_persons("120 per hour")
def lend(link_id: UUID) -> Response | tuple[str, int] | str:
    """Choose what to lend and to whom, then see the terms in full, then say yes or no."""
    actor = current_actor()
    link = service.get_link(actor, link_id)
    form = Form(LendSchema, {"ends_on": rules.today(utc_now() + timedelta(days=30)).isoformat(), "uris": []})
    if form.valid and form.data["decision"] == "deny":
        flash(gettext("Nothing was lent."), "info")
        return redirect(url_for(".lending"), 303)
    if form.valid:
        with form.catching():
            wish = _wish(form.data)
            if form.data["decision"] == "allow":
                service.lend(actor, link_id, wish)
                flash(gettext("The documents are lent. You can take them back here at any time."), "ok")
                return redirect(url_for(".lending"), 303)
            terms = service.prepare_lending(actor, link_id, wish)
            return render_template("citizen/terms.html", link=link, terms=terms, readers=_readers())
    form.values["uris"] = request.form.getlist("uris")
    return (
        render_template(
            "citizen/lend.html",
            link=link,
            form=form,
            offers=service.list_lendable(actor, link_id),
            mine=[each for each in list_my_organisations(current_user.person_id) if each.verified],
            last_day=rules.today(utc_now() + timedelta(days=rules.LONGEST_DAYS)).isoformat(),
        ),
        form.status,
    )


def _wish(data: dict[str, Any]) -> Wish:
    return Wish(data["organisation_id"], tuple(data["uris"]), data["purpose"], data["ends_on"])


def _readers() -> list[str]:
    """The roles that may open what is lent, in the reader's language."""
    return [role_label(role) for role, held in ROLE_PERMISSIONS.items() if Permission.LENT_READ in held]


@pages.get("/account/lending")
@session_only
def lending() -> str:
    """What I lend and lent, and who opened it."""
    found = service.list_own(current_actor())
    return render_template(
        "citizen/lending.html",
        open_ones=[each for each in found if each.is_open],
        ended=[each for each in found if not each.is_open],
        links=[link for link in service.list_links(current_actor()) if not link.broken],
        ending_words=ending_words(),
    )


def ending_words() -> dict[str, str]:
    """Why a lending ended, in the reader's language."""
    return {word: gettext(text) for word, text in ENDING_WORDS.items()}


@pages.post("/account/lending/<uuid:lending_id>/withdraw")
@session_only
def withdraw(lending_id: UUID) -> Response:
    """Take a lent document back."""
    service.withdraw_lending(current_actor(), lending_id)
    flash(gettext("You took the document back. From now on nobody there can open it."), "ok")
    return redirect(url_for(".lending"), 303)


@pages.post("/account/lending/<uuid:lending_id>/copy")
@session_only
def allow_copy(lending_id: UUID) -> Response:
    """Say that a copy may be kept for good, or no longer."""
    form = Form(CopySchema)
    if form.valid:
        service.allow_copy(current_actor(), lending_id, form.data["allowed"])
        allowed = gettext("The organisation may keep a copy now. You can take that back until it does.")
        flash(allowed if form.data["allowed"] else gettext("The organisation may no longer keep a copy."), "ok")
    return redirect(url_for(".lending"), 303)


@pages.get("/account/lending/<uuid:lending_id>/record")
@session_only
def own_record(lending_id: UUID) -> Response:
    """The record of one's own lending as a file."""
    return send_record(service.export_own(current_actor(), lending_id))


def send_record(record: dict[str, Any]) -> FlaskResponse:
    """A record as a JSON file."""
    answer = jsonify(record)
    answer.headers["Content-Disposition"] = disposition(f"lending-{record['id']}.json")
    return answer

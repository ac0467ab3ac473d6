"""The operator's page: whom the whole installation trusts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.trust import service
from entitylocker.trust.presenting import added_words, encode, sent_files, why_words
from entitylocker.trust.schemas import AddSchema, LookSchema
from entitylocker.web.actors import acting_actor
from entitylocker.web.arrival import operator_only
from entitylocker.web.forms import Form

pages = Blueprint("operator_trust", __name__)


@pages.get("/operator/trust")
@operator_only
def certificates() -> str:
    """Whom the installation trusts."""
    return _page({})


@pages.post("/operator/trust/look")
@operator_only
def look() -> tuple[str, int]:
    """What is in the files that were sent, before any of it counts."""
    form = Form(LookSchema)
    with form.catching():
        found = service.look_for_installation(_operator(), sent_files())
        return render_template("trust/look.html", look=found, encode=encode, why_words=why_words), 200
    return _page(form.problems), form.status


@pages.post("/operator/trust/certificates")
@operator_only
def add() -> Response | tuple[str, int]:
    """Trust the certificates that were ticked."""
    form = Form(AddSchema)
    if form.valid:
        with form.catching():
            flash(added_words(service.add_to_installation(_operator(), form.data["certificates"])), "ok")
            return _back()
    return _page(form.problems), form.status


@pages.post("/operator/trust/certificates/<uuid:certificate_id>/remove")
@operator_only
def remove(certificate_id: UUID) -> Response:
    """Trust a certificate no longer."""
    row = service.remove_from_installation(_operator(), certificate_id)
    flash(gettext("%(name)s is no longer trusted. You can undo this below.", name=row.name), "ok")
    return _back()


@pages.post("/operator/trust/certificates/<uuid:certificate_id>/restore")
@operator_only
def restore(certificate_id: UUID) -> Response | tuple[str, int]:
    """Trust a removed certificate again."""
    form = Form(LookSchema)
    with form.catching():
        row = service.restore_to_installation(_operator(), certificate_id)
        flash(added_words([row.name]), "ok")
        return _back()
    return _page(form.problems), form.status


def _operator() -> Any:
    """The operator that `operator_only` found."""
    return acting_actor()


def _back() -> Response:
    return redirect(url_for(".certificates"), 303)


def _page(problems: dict[str, list[str]]) -> str:
    return render_template("trust/installation.html", trust=service.list_installation(_operator()), problems=problems)

"""The page of an organisation's life: how it stands, suspending, lifting, closing, undoing that."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.access import OrganisationState
from entitylocker.organisations import service
from entitylocker.organisations.blueprint import pages
from entitylocker.organisations.life import may_suspend
from entitylocker.organisations.life_rules import EXPORT_KEEPS, OBJECTION_TIME, UNDO_WITHIN
from entitylocker.organisations.life_schemas import CloseSchema, LiftSchema, ReasonSchema
from entitylocker.organisations.presenting import LIFE_FACES, LIFE_LABELS
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.forms import Form


@pages.get("/organisations/<uuid:organisation_id>/life")
@session_only
def life(organisation_id: UUID) -> str:
    """How the organisation stands, and what can be done about it."""
    return _life_page()


@pages.post("/organisations/<uuid:organisation_id>/suspend")
@session_only
def suspend(organisation_id: UUID) -> Response | tuple[str, int]:
    """Stop everything now."""
    form = Form(ReasonSchema)
    if form.valid:
        with form.catching():
            service.suspend_organisation(current_actor(), form.data["reason"])
            flash(gettext("The organisation is suspended. Nobody outside gets anything from it now."), "ok")
            return redirect(url_for(".life", organisation_id=organisation_id), 303)
    return _life_page(suspending=form), form.status


@pages.post("/organisations/<uuid:organisation_id>/lift")
@session_only
def propose_lift(organisation_id: UUID) -> Response | tuple[str, int]:
    """Propose to lift the suspension."""
    form = Form(LiftSchema)
    if form.valid:
        with form.catching():
            service.propose(current_actor(), form.data["wish"])
            flash(gettext("The proposal was made. Your vote counts as yes."), "ok")
            return redirect(url_for(".life", organisation_id=organisation_id), 303)
    return _life_page(lifting=form), form.status


@pages.post("/organisations/<uuid:organisation_id>/close")
@session_only
def propose_close(organisation_id: UUID) -> Response | tuple[str, int]:
    """Propose to close the organisation."""
    form = Form(CloseSchema)
    if form.valid:
        with form.catching():
            service.propose(current_actor(), form.data["wish"])
            flash(gettext("The proposal was made. Your vote counts as yes."), "ok")
            return redirect(url_for(".life", organisation_id=organisation_id), 303)
    return _life_page(closing=form), form.status


@pages.post("/organisations/<uuid:organisation_id>/reopen")
@session_only
def reopen(organisation_id: UUID) -> Response:
    """Undo closing."""
    service.reopen_organisation(current_actor())
    flash(gettext("The organisation is active again. What ended when it was closed stays ended."), "ok")
    return redirect(url_for(".life", organisation_id=organisation_id), 303)


def _life_page(suspending: Form | None = None, lifting: Form | None = None, closing: Form | None = None) -> str:
    actor = current_actor()
    return render_template(
        "organisations/life.html",
        life=service.get_life(actor),
        State=OrganisationState,
        label=gettext(LIFE_LABELS[actor.organisation_state]),
        face=LIFE_FACES[actor.organisation_state],
        may_suspend=may_suspend(actor),
        suspending=suspending,
        lifting=lifting,
        closing=closing,
        undo_days=UNDO_WITHIN.days,
        export_days=EXPORT_KEEPS.days,
        objection_days=OBJECTION_TIME.days,
    )

"""Pages of proposals: what is open, what ended, proposing, voting, objecting."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.organisations import service
from entitylocker.organisations.blueprint import pages
from entitylocker.organisations.leavings import LEFT_LABELS
from entitylocker.organisations.life_rules import KIND_LABELS, OBJECTION_TIME, OUTCOME_LABELS, Outcome, ProposalKind
from entitylocker.organisations.life_schemas import SMALLER_ROLES, RemoveSchema, VoteSchema
from entitylocker.organisations.models import Membership
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.forms import Form, load


@pages.get("/organisations/<uuid:organisation_id>/proposals")
@session_only
def proposals(organisation_id: UUID) -> str:
    """Open proposals with their votes, and those that ended."""
    return render_template(
        "organisations/proposals.html",
        proposals=service.list_proposals(current_actor()),
        kinds=KIND_LABELS,
        outcomes=OUTCOME_LABELS,
        left_labels=LEFT_LABELS,
        objection_days=OBJECTION_TIME.days,
    )


@pages.route("/organisations/<uuid:organisation_id>/proposals/new", methods=["GET", "POST"])
@session_only
def propose(organisation_id: UUID) -> Response | tuple[str, int]:
    """Propose something about another administrator."""
    form = Form(RemoveSchema, {"concerned_id": request.args.get("concerned_id", ""), "kind": "remove"})
    if form.valid:
        with form.catching():
            service.propose(current_actor(), form.data["wish"])
            flash(gettext("The proposal was made. Your vote counts as yes."), "ok")
            return redirect(url_for(".proposals", organisation_id=organisation_id), 303)
    return render_template(
        "organisations/propose.html",
        form=form,
        concerned=[(row.id, f"{row.person_name} ({row.person_email})") for row in _concerned()],
        kinds=[(kind.value, gettext(KIND_LABELS[kind])) for kind in ProposalKind if kind.concerns_somebody],
        roles=SMALLER_ROLES,
        objection_days=OBJECTION_TIME.days,
    ), form.status


def _concerned() -> list[Membership]:
    return service.list_concerned(current_actor())


@pages.post("/organisations/<uuid:organisation_id>/proposals/<uuid:proposal_id>/vote")
@session_only
def vote(organisation_id: UUID, proposal_id: UUID) -> Response:
    """Vote yes or no."""
    said = load(VoteSchema, {"vote": request.form.get("vote", "")})
    outcome = service.vote(current_actor(), proposal_id, yes=said["vote"] == "yes")
    done = outcome is Outcome.CARRIED_OUT
    words = gettext("This vote decided it: it was carried out.") if done else gettext("Your vote was counted.")
    return _back(organisation_id, words)


@pages.post("/organisations/<uuid:organisation_id>/proposals/<uuid:proposal_id>/object")
@session_only
def object_to(organisation_id: UUID, proposal_id: UUID) -> Response:
    """Object to what concerns oneself."""
    service.object_to(current_actor(), proposal_id)
    return _back(organisation_id, gettext("You objected. Nobody can carry this out alone now."))


@pages.post("/organisations/<uuid:organisation_id>/proposals/<uuid:proposal_id>/withdraw")
@session_only
def withdraw_proposal(organisation_id: UUID, proposal_id: UUID) -> Response:
    """Take one's own proposal back."""
    service.withdraw_proposal(current_actor(), proposal_id)
    return _back(organisation_id, gettext("The proposal was withdrawn."))


@pages.post("/organisations/<uuid:organisation_id>/proposals/<uuid:proposal_id>/carry-out")
@session_only
def carry_out(organisation_id: UUID, proposal_id: UUID) -> Response:
    """Carry out what has passed and waited long enough."""
    service.carry_out_proposal(current_actor(), proposal_id)
    return _back(organisation_id, gettext("The proposal was looked at again: see below what became of it."))


def _back(organisation_id: UUID, words: str) -> Response:
    flash(words, "ok")
    return redirect(url_for(".proposals", organisation_id=organisation_id), 303)

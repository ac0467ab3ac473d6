"""Pages of onboarding: a file sent, looked at, worked through, its result and slips; and the report of adoption."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from entitylocker.access import Permission, decide
from entitylocker.errors import NotFound
from entitylocker.extensions import limiter
from entitylocker.onboarding import service
from entitylocker.onboarding.errors import EmptyFile
from entitylocker.onboarding.files import MAX_BYTES, MAX_MEGABYTES, MAX_ROWS
from entitylocker.onboarding.results import part_of
from entitylocker.onboarding.sample import sample_file
from entitylocker.onboarding.schemas import FileSchema, RunQuery, TargetSchema
from entitylocker.organisations.rules import LETTER_MAX_BYTES
from entitylocker.organisations.service import get_sendings
from entitylocker.organisations.slip_faces import faces_of
from entitylocker.web.actors import current_actor, current_person
from entitylocker.web.arrival import session_only
from entitylocker.web.downloads import disposition
from entitylocker.web.forms import Form, load

pages = Blueprint("onboarding", __name__)

RUNS = "/organisations/<uuid:organisation_id>/onboarding"
ONE = f"{RUNS}/<uuid:run_id>"
ADOPTION = "/organisations/<uuid:organisation_id>/adoption"
FILES = "30 per hour"


def _sender() -> str:
    return f"onboarding:{current_person().person_id}"


@pages.get(RUNS)
@session_only
def runs(organisation_id: UUID) -> str:
    """The files so far, and a form for the next."""
    return _runs_page(Form(FileSchema))


@pages.post(RUNS)
@session_only
@limiter.limit(FILES, key_func=_sender)
def send_file(organisation_id: UUID) -> AnyResponse | tuple[str, int]:
    """Look at a file. Nothing is done before it is started."""
    form = Form(FileSchema)
    if form.valid:
        with form.catching():
            run_id = service.receive_run(current_actor(), _sent(form.data["in_person"]))
            return redirect(url_for(".run", organisation_id=organisation_id, run_id=run_id), 303)
    return _runs_page(form), form.status


def _sent(in_person: bool) -> service.SentFile:
    file, letter = request.files.get("file"), request.files.get("letter")
    if file is None or not file.filename:
        raise EmptyFile
    # One byte more than is taken: so it is seen that there is more.
    content = file.stream.read(MAX_BYTES + 1)
    order = letter.stream.read(LETTER_MAX_BYTES + 1) if letter is not None and letter.filename else None
    name = (letter.filename if letter is not None else "") or ""
    return service.SentFile(file.filename, content, in_person, order, name)


def _runs_page(form: Form) -> str:
    found = service.list_runs(current_actor())
    return render_template("onboarding/runs.html", form=form, runs=found, rows=MAX_ROWS, megabytes=MAX_MEGABYTES)


@pages.get(f"{RUNS}/sample.csv")
@session_only
def sample(organisation_id: UUID) -> Response:
    """A file to begin with: the names of the columns and some rows."""
    return _csv(sample_file(current_actor()), "departments-and-officers.csv")


@pages.get(ONE)
@session_only
def run(organisation_id: UUID, run_id: UUID) -> str:
    """What each row would do, does or did. A part of it is asked for again while the run is worked through."""
    actor = current_actor()
    run = service.get_run(actor, run_id)
    part = part_of(run, load(RunQuery, request.args.to_dict())["part"])
    return render_template("onboarding/run.html", run=run, part=part, sendings=get_sendings(actor))


@pages.post(f"{ONE}/start")
@session_only
def start(organisation_id: UUID, run_id: UUID) -> AnyResponse:
    """Start it, or go on with one that stopped."""
    service.start_run(current_actor(), run_id)
    return redirect(url_for(".run", organisation_id=organisation_id, run_id=run_id), 303)


@pages.post(f"{ONE}/undo")
@session_only
def undo(organisation_id: UUID, run_id: UUID) -> AnyResponse:
    """Let the worker take it back as far as nobody came in by it."""
    service.undo_run(current_actor(), run_id)
    return redirect(url_for(".run", organisation_id=organisation_id, run_id=run_id), 303)


@pages.get(f"{ONE}/result.csv")
@session_only
def result(organisation_id: UUID, run_id: UUID) -> Response:
    """What became of each row, for a spreadsheet."""
    found = service.get_run(current_actor(), run_id)
    return _csv(service.result_file(found), f"result-{found.created_at:%Y-%m-%d}.csv")


@pages.post(f"{ONE}/slips")
@session_only
def slips(organisation_id: UUID, run_id: UUID) -> str:
    """Open slips of the run, to print, so many at once."""
    wanted = load(RunQuery, {name: request.form[name] for name in request.form if name == "part"})["part"]
    part = service.print_run(current_actor(), run_id, wanted)
    if not part.slips and part.of == 1:
        raise NotFound
    return render_template(
        "organisations/slips.html",
        back=url_for(".run", organisation_id=organisation_id, run_id=run_id),
        part=part,
        following={"part": part.number + 1} if part.number < part.of else None,
        **faces_of(part.slips),
    )


@pages.get(ADOPTION)
@session_only
def adoption(organisation_id: UUID) -> str:
    """How far the departments have come."""
    return _adoption_page(Form(TargetSchema))


@pages.post(f"{ADOPTION}/target")
@session_only
def set_target(organisation_id: UUID) -> AnyResponse | tuple[str, int]:
    """Say how many officers are to come in; an empty field: there is no target."""
    form = Form(TargetSchema)
    if form.valid:
        with form.catching():
            officers = form.data["officers"]
            service.set_target(current_actor(), officers, form.data["department_id"])
            flash(gettext("The target was set.") if officers else gettext("There is no such target any more."), "ok")
            return redirect(url_for(".adoption", organisation_id=organisation_id), 303)
    return _adoption_page(form), form.status


def _adoption_page(form: Form) -> str:
    actor = current_actor()
    report = service.get_adoption(actor)
    return render_template(
        "onboarding/adoption.html",
        form=form,
        report=report,
        departments=[(str(found.organisation_id), found.name) for found in report.departments],
        may_set=bool(decide(actor, Permission.MEMBER_SEAT, actor.facts)),
    )


@pages.get(f"{ADOPTION}.csv")
@session_only
def adoption_csv(organisation_id: UUID) -> Response:
    """The report for a spreadsheet."""
    return _csv(service.export_adoption(current_actor()), "adoption.csv")


def _csv(content: bytes, name: str) -> Response:
    response = make_response(content)
    response.mimetype = "text/csv"
    response.headers["Content-Disposition"] = disposition(name)
    return response

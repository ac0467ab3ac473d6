"""Pages of the organisation: what people have lent it."""

from __future__ import annotations

from uuid import UUID

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.access import Permission, decide
from entitylocker.citizen import rules, service
from entitylocker.citizen.blueprint import pages
from entitylocker.citizen.lending_pages import ending_words, send_record
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.downloads import send_content

ALL = "/organisations/<uuid:organisation_id>/lent"
ONE = f"{ALL}/<uuid:lending_id>"


@pages.get(ALL)
@session_only
def lent(organisation_id: UUID) -> str:
    """What people lend the organisation now, and that others did."""
    actor = current_actor()
    return render_template(
        "citizen/lent.html",
        lent=service.list_lent(actor),
        ended=service.list_lent(actor, ended=True),
        ending_words=ending_words(),
    )


@pages.get(ONE)
@session_only
def lent_document(organisation_id: UUID, lending_id: UUID) -> str:
    """A lent document: whose, for what, until when, what the check says."""
    actor = current_actor()
    return render_template(
        "citizen/lent_document.html",
        one=service.get_lent(actor, lending_id),
        may_open=bool(decide(actor, Permission.LENT_READ, actor.facts)),
        may_keep=bool(decide(actor, Permission.DOCUMENT_DEPOSIT, rules.root_facts(organisation_id))),
    )


@pages.get(f"{ONE}/content")
@session_only
def lent_content(organisation_id: UUID, lending_id: UUID) -> FlaskResponse:
    """The bytes of a lent document. The lender sees that it was opened."""
    found = service.open_lent(current_actor(), lending_id)
    return send_content(
        request, found.reader, size=found.size, sha256=found.sha256, filename=found.filename,
        media_type="application/pdf",
    )  # fmt: skip


@pages.get(f"{ONE}/record")
@session_only
def lent_record(organisation_id: UUID, lending_id: UUID) -> Response:
    """The record of a lending as a file."""
    return send_record(service.export_lent(current_actor(), lending_id))


@pages.post(f"{ONE}/keep")
@session_only
def keep_copy(organisation_id: UUID, lending_id: UUID) -> Response:
    """Keep a copy among the organisation's documents, where the person allowed it."""
    kept = service.keep_copy(current_actor(), lending_id)
    flash(gettext("A copy lies among the documents of the organisation now."), "ok")
    place = url_for("vault.document", organisation_id=organisation_id, document_id=kept.document_id)
    return redirect(place, 303)

"""Pages of members: the check page of a document, switched on and off, with its code, its QR and a slip to print."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, url_for
from flask_babel import force_locale, gettext
from werkzeug.wrappers import Response as AnyResponse

from entitylocker.errors import NotFound
from entitylocker.sharing import service
from entitylocker.sharing.blueprint import check_page_rights, pages
from entitylocker.sharing.qr import qr_file, qr_svg
from entitylocker.sharing.schemas import ChoicesSchema
from entitylocker.sharing.views import CheckPageView, LivePage
from entitylocker.vault.service import get_document
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.display import LOCALES
from entitylocker.web.downloads import disposition
from entitylocker.web.engine_room import engines
from entitylocker.web.forms import Form
from entitylocker.web.links import link_to

ONE = "/organisations/<uuid:organisation_id>/documents/<uuid:document_id>/check-page"


@pages.get(ONE)
@session_only
def manage(organisation_id: UUID, document_id: UUID) -> str:
    """The check page of a document, as the organisation sees it."""
    return _page(document_id, {})


@pages.post(ONE)
@session_only
def issue(organisation_id: UUID, document_id: UUID) -> AnyResponse | tuple[str, int]:
    """Switch it on."""
    form = Form(ChoicesSchema)
    if form.valid:
        service.issue_check_page(current_actor(), document_id, form.data["choices"])
        flash(gettext("The check page is on. Whoever has the code or the QR can look at it."), "ok")
        return _back(organisation_id, document_id)
    return _page(document_id, form.problems), form.status


@pages.post(f"{ONE}/choices")
@session_only
def change(organisation_id: UUID, document_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change what it shows."""
    form = Form(ChoicesSchema)
    if form.valid:
        service.change_check_page(current_actor(), document_id, form.data["choices"])
        flash(gettext("The check page shows this from now on."), "ok")
        return _back(organisation_id, document_id)
    return _page(document_id, form.problems), form.status


@pages.post(f"{ONE}/code")
@session_only
def renew_code(organisation_id: UUID, document_id: UUID) -> AnyResponse:
    """Give it another code."""
    service.renew_code(current_actor(), document_id)
    flash(gettext("The check page has a new code. The old one opens nothing any more."), "ok")
    return _back(organisation_id, document_id)


@pages.post(f"{ONE}/revoke")
@session_only
def revoke(organisation_id: UUID, document_id: UUID) -> AnyResponse:
    """Switch it off."""
    service.revoke_check_page(current_actor(), document_id)
    flash(gettext("The check page is off. Its code opens nothing any more."), "ok")
    return _back(organisation_id, document_id)


@pages.get(f"{ONE}/slip")
@session_only
def slip(organisation_id: UUID, document_id: UUID) -> str:
    """A slip to print and to lay beside the document, in English and Hindi."""
    view = service.get_check_page(current_actor(), document_id)
    page = _live(view)
    sayings = {}
    for language, locale in LOCALES.items():
        with force_locale(locale):
            sayings[language] = _slip_words()
    # Where there is no page to type the code into, the whole address is what one types.
    address = link_to("sharing.check") if engines().settings.public_check else _link(page)
    return render_template("sharing/slip.html", view=view, page=page, address=address, qr=_qr(page), sayings=sayings)


@pages.get(f"{ONE}/qr.svg")
@session_only
def qr(organisation_id: UUID, document_id: UUID) -> Response:
    """The QR as a file, to be put onto the document itself."""
    page = _live(service.get_check_page(current_actor(), document_id))
    response = make_response(qr_file(_link(page)))
    response.mimetype = "image/svg+xml"
    response.headers["Content-Disposition"] = disposition(f"check-page-{page.code}.svg")
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _live(view: CheckPageView) -> LivePage:
    if view.page is None:
        raise NotFound
    return view.page


def _link(page: LivePage) -> str:
    return link_to("sharing.check_page", code=page.code)


def _qr(page: LivePage) -> Any:
    return qr_svg(_link(page))


def _page(document_id: UUID, problems: dict[str, list[str]]) -> str:
    actor = current_actor()
    view = service.get_check_page(actor, document_id)
    document = get_document(actor, document_id).document
    return render_template(
        "sharing/manage.html",
        view=view,
        page=view.page,
        link=_link(view.page) if view.page else "",
        qr=_qr(view.page) if view.page else "",
        rights=check_page_rights(document.organisation_id, document.folder_path, document.id),
        problems=problems,
    )


def _slip_words() -> dict[str, str]:
    return {
        "title": gettext("Check this document"),
        "scan": gettext("Scan the square with a phone, or open the address and type the code."),
        "see": gettext("You see whether the signatures in the document hold, as it is kept by its organisation."),
        "compare": gettext("Have you got the file? Drop it onto that page: it says whether it is the very same."),
        "code": gettext("Code"),
    }


def _back(organisation_id: UUID, document_id: UUID) -> AnyResponse:
    return redirect(url_for(".manage", organisation_id=organisation_id, document_id=document_id), 303)

"""Pages of a report: everything a check found about a version, as a page, as files to take along, as it was signed."""

from __future__ import annotations

from pathlib import PurePath
from uuid import UUID

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from entitylocker.access import Permission, decide
from entitylocker.errors import NotFound
from entitylocker.signatures.etsi_report import etsi_xml
from entitylocker.signatures.report_pdf import make_pdf
from entitylocker.vault import service
from entitylocker.vault.blueprint import document_rights, folder_name, pages
from entitylocker.vault.presenting import Shown, show
from entitylocker.vault.report_sheet import sheet_of
from entitylocker.vault.reports import finished_report
from entitylocker.vault.views import VersionDetail
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import open_to_all, session_only
from entitylocker.web.display import select_language
from entitylocker.web.downloads import disposition, send_content
from entitylocker.web.engine_room import engines

VERSION = "/organisations/<uuid:organisation_id>/documents/<uuid:document_id>/versions/<int:number>"


@pages.get(f"{VERSION}/report")
@session_only
def report(organisation_id: UUID, document_id: UUID, number: int) -> str:
    """What the check of a version found, all of it."""
    actor = current_actor()
    view = service.get_version(actor, document_id, number)
    shown, rights = show(view.version), document_rights(actor, view.document)
    may_see_trust = decide(actor, Permission.TRUST_READ, actor.facts)
    return render_template(
        "vault/report.html",
        view=view,
        shown=shown,
        folder_name=folder_name,
        signed_links=_signed_links(view, shown) if rights["download"] else {},
        trust_links=_trust_links(organisation_id, shown) if may_see_trust else {},
        seal=engines().find_seal(),
    )


@pages.get(f"{VERSION}/signatures/<int:place>/content")
@session_only
def signed_content(organisation_id: UUID, document_id: UUID, number: int, place: int) -> Response:
    """The bytes of a version as they were when one of its signatures was made."""
    found = service.open_signed(current_actor(), document_id, number, place)
    return send_content(
        request,
        found.reader,
        size=found.size,
        sha256=found.sha256,
        filename=found.filename,
        media_type=found.media_type,
        part=True,
    )


@pages.get(f"{VERSION}/report.pdf")
@session_only
def report_pdf(organisation_id: UUID, document_id: UUID, number: int) -> Response:
    """The report as a PDF in the reader's language, sealed by this locker."""
    actor, seal = current_actor(), engines().seal
    view = service.export_report(actor, document_id, number, "pdf")
    sheet = sheet_of(
        view,
        show(view.version),
        organisation=actor.organisation_name,
        seal=seal.name,
        language=select_language(),
    )
    return _attached(seal.seal(make_pdf(sheet)), view, "pdf", "application/pdf")


@pages.get(f"{VERSION}/report.xml")
@session_only
def report_xml(organisation_id: UUID, document_id: UUID, number: int) -> Response:
    """The report in the words of ETSI TS 119 102-2."""
    view = service.export_report(current_actor(), document_id, number, "xml")
    found = finished_report(view.version)
    assert found is not None, "only finished reports are exported"
    return _attached(etsi_xml(found), view, "xml", "application/xml")


@pages.get("/.well-known/report-seal.pem")
@open_to_all("a certificate is made to be shown; whoever receives a sealed report needs it")
def seal_certificate() -> Response:
    """The certificate by which others recognise the seal of this locker."""
    seal = engines().find_seal()
    if seal is None:
        raise NotFound
    response = make_response(seal.root_pem())
    response.mimetype = "application/x-pem-file"
    response.headers["Content-Disposition"] = disposition("entitylocker-report-seal.pem")
    return response


def _attached(content: bytes, view: VersionDetail, suffix: str, media_type: str) -> Response:
    response = make_response(content)
    response.mimetype = media_type
    name = f"{PurePath(view.version.filename).stem}-report-{view.version.number}.{suffix}"
    response.headers["Content-Disposition"] = disposition(name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _signed_links(view: VersionDetail, shown: Shown) -> dict[int, str]:
    """Where the file can be had as it was signed, by the number of the signature."""
    version = view.version
    return {
        one.place: url_for(
            "vault.signed_content",
            organisation_id=version.organisation_id,
            document_id=version.document_id,
            number=version.number,
            place=one.place,
        )
        for one in shown.signatures
        if one.signed_bytes is not None
    }


def _trust_links(organisation_id: UUID, shown: Shown) -> dict[int, str]:
    """Where a missing issuer can be added, by the number of the signature."""
    return {
        one.place: url_for("trust.certificates", organisation_id=organisation_id, issuer=one.issuer_missing)
        for one in shown.signatures
        if one.issuer_missing
    }

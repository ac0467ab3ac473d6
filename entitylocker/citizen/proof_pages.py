"""Pages of one's own account: linked citizen lockers, proofs, and where they are shown."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from entitylocker.access import Actor
from entitylocker.accounts.throttling import limit_persons
from entitylocker.citizen import service
from entitylocker.citizen.blueprint import pages
from entitylocker.citizen.errors import EkycRefused
from entitylocker.citizen.schemas import EkycSchema, ShowSchema
from entitylocker.citizen.showing import ShownToUs
from entitylocker.citizen.states import Source
from entitylocker.organisations.presenting import MemberNote
from entitylocker.organisations.service import list_my_organisations
from entitylocker.signatures.ekyc import ZIP_BYTES
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.formats import docdate
from entitylocker.web.forms import Form
from entitylocker.web.headers import allow_form_action


def notes_on_members(actor: Actor) -> dict[UUID, MemberNote]:
    """What members show of themselves, for the page of people."""
    return {membership_id: _note(shown) for membership_id, shown in service.proofs_of_members(actor).items()}


def _note(shown: ShownToUs) -> MemberNote:
    """A citizen locker vouches for the person; a file says only for whom it was issued, and the note no more."""
    if shown.source is Source.LOCKER:
        text, kind = gettext("Proved to be %(name)s", name=shown.name), "ok"
        details = [gettext("by %(source)s on %(day)s", source=shown.source_name, day=docdate(shown.proved_at))]
    else:
        text, kind = gettext("Has an offline e-KYC file for %(name)s", name=shown.name), "info"
        details = _of_file(shown)
    if shown.born_on is not None:
        details.append(gettext("born on %(day)s", day=docdate(shown.born_on)))
    if not shown.same_name:
        kind = "warn"
        details.append(gettext("another name than the account"))
    return MemberNote(kind=kind, icon="id-card", text=text, detail="; ".join(details))


def _of_file(shown: ShownToUs) -> list[str]:
    checked = gettext("checked on %(day)s", day=docdate(shown.proved_at))
    says = gettext("says for whom UIDAI issued it, not who brought it")
    if shown.issued_at is None:
        return [checked, says]
    return [gettext("issued on %(day)s", day=docdate(shown.issued_at)), checked, says]


@pages.get("/account/citizen")
@session_only
def links() -> str:
    """Citizen lockers, proofs of who one is, and who sees them."""
    return _page()


def _page(ekyc: Form | None = None, show: Form | None = None) -> str:
    actor = current_actor()
    found = service.list_links(actor)
    linked = {link.locker_key for link in found if not link.broken}
    lockers = [entry for entry in service.list_lockers() if entry.key not in linked]
    for entry in lockers:
        allow_form_action(entry.base_url)
    proofs = service.list_proofs(actor)
    return render_template(
        "citizen/links.html",
        links=found,
        lockers=lockers,
        proofs=proofs,
        ekyc_proof=next((proof for proof in proofs if proof.source is Source.EKYC), None),
        offers_ekyc=service.offers_ekyc(),
        ekyc_days=service.ekyc_lasts().days if service.offers_ekyc() else None,
        shown=service.list_shown(actor),
        mine=list_my_organisations(current_user.person_id),
        ekyc=ekyc or Form(EkycSchema, unsent=True),
        show=show or Form(ShowSchema, unsent=True),
    )


@pages.post("/account/citizen/links/<uuid:link_id>/end")
@session_only
def end_link(link_id: UUID) -> Response:
    """End a link, with everything lent and shown through it."""
    service.end_link(current_actor(), link_id)
    flash(gettext("The link has ended. What you lent and showed through it is no longer there for anybody."), "ok")
    return redirect(url_for(".links"), 303)


@pages.post("/account/citizen/proofs")
@session_only
@limit_persons("30 per hour")
def add_ekyc() -> Response | tuple[str, int]:
    """Turn an offline e-KYC file into a proof."""
    form = Form(EkycSchema)
    if form.valid:
        with form.catching():
            service.add_ekyc(current_actor(), _sent_file(), form.data["code"], with_birthday=form.data["with_birthday"])
            flash(gettext("Your offline e-KYC is a proof now. The file itself was not kept."), "ok")
            return redirect(url_for(".links"), 303)
    # A code that was typed is not sent back.
    form.values.pop("code", None)
    return _page(ekyc=form), form.status


def _sent_file() -> bytes:
    file = request.files.get("file")
    data = file.read(ZIP_BYTES + 1) if file is not None else b""
    if not data:
        raise EkycRefused({"file": [gettext("Please choose the file.")]})
    return data


@pages.post("/account/citizen/proofs/<uuid:proof_id>/remove")
@session_only
def remove_ekyc(proof_id: UUID) -> Response:
    """Forget a proof."""
    service.remove_ekyc(current_actor(), proof_id)
    flash(gettext("The proof was forgotten. Nobody sees it any more."), "ok")
    return redirect(url_for(".links"), 303)


@pages.post("/account/citizen/shown")
@session_only
def show_proof() -> Response | tuple[str, int]:
    """Show a proof to an organisation."""
    form = Form(ShowSchema)
    if form.valid:
        with form.catching():
            service.show_proof(
                current_actor(),
                form.data["source_id"],
                form.data["organisation_id"],
                with_birthday=form.data["with_birthday"],
            )
            flash(gettext("The organisation sees your proof now, until you take it back."), "ok")
            return redirect(url_for(".links"), 303)
    return _page(show=form), form.status


@pages.post("/account/citizen/shown/<uuid:shown_id>/hide")
@session_only
def hide_proof(shown_id: UUID) -> Response:
    """Show a proof no longer."""
    service.hide_proof(current_actor(), shown_id)
    flash(gettext("The organisation no longer sees your proof."), "ok")
    return redirect(url_for(".links"), 303)

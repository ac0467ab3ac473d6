"""The page of all invitations: their states, slips and text messages, renewing and printing."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.access import Permission, decide
from entitylocker.errors import NotFound
from entitylocker.extensions import limiter
from entitylocker.organisations import service
from entitylocker.organisations.blueprint import pages
from entitylocker.organisations.people_pages import INVITATIONS, inviter
from entitylocker.organisations.rules import invitable_roles
from entitylocker.organisations.schemas import PhoneSchema, SlipChoice, SlipSchema
from entitylocker.organisations.slip_faces import faces_of
from entitylocker.organisations.states import INVITATION_FACES, INVITATION_LABELS, WAY_LABELS, InvitationWay
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.forms import Form, load

ALL = "/organisations/<uuid:organisation_id>/invitations"


@pages.get(ALL)
@session_only
def invitations(organisation_id: UUID) -> str:
    """Every invitation with its state, and the ways to invite without mail."""
    return _page(Form(SlipSchema), Form(PhoneSchema))


def _page(slip_form: Form, phone_form: Form) -> str:
    actor = current_actor()
    may_invite = bool(decide(actor, Permission.MEMBER_INVITE, actor.facts))
    return render_template(
        "organisations/invitations.html",
        slip_form=slip_form,
        phone_form=phone_form,
        open=service.list_invitations(actor),
        past=service.list_past_invitations(actor),
        may_invite=may_invite,
        invitable=invitable_roles(actor) if may_invite else [],
        way_labels={way.value: gettext(label) for way, label in WAY_LABELS.items()},
        state_labels={state: gettext(label) for state, label in INVITATION_LABELS.items()},
        state_faces=INVITATION_FACES,
    )


@pages.post(f"{ALL}/slips")
@session_only
@limiter.limit(INVITATIONS, key_func=inviter)
def issue_slip(organisation_id: UUID) -> tuple[str, int]:
    """Invite somebody by a slip; the answer is the slip."""
    form = Form(SlipSchema)
    if form.valid:
        with form.catching():
            actor, guest = current_actor(), service.ForWhom(guest_name=form.data["guest_name"])
            issued = service.issue_slip(actor, guest, form.data["role"], in_person=form.data["in_person"])
            return _slips(service.print_slips(actor, [issued.id])), 201
    return _page(form, Form(PhoneSchema, unsent=True)), form.status


@pages.post(f"{ALL}/messages")
@session_only
@limiter.limit(INVITATIONS, key_func=inviter)
def invite_by_phone(organisation_id: UUID) -> tuple[str, int]:
    """Invite somebody by a text message."""
    form = Form(PhoneSchema)
    if form.valid:
        with form.catching():
            guest = service.ForWhom(guest_name=form.data["guest_name"])
            issued = service.invite_by_phone(current_actor(), form.data["phone"], form.data["role"], guest)
            return render_template("organisations/invited.html", issued=issued), 201
    return _page(Form(SlipSchema, unsent=True), form), form.status


@pages.post(f"{ALL}/slips/print")
@session_only
def print_slips(organisation_id: UUID) -> str | Response:
    """Slips to print: the one named, or those that are open, so many at once."""
    wanted = load(SlipChoice, {name: request.form[name] for name in request.form if name in SlipChoice().fields})
    named = [wanted["invitation_id"]] if wanted["invitation_id"] else None
    found = service.print_slips(current_actor(), named, after=wanted["after"], most=service.SLIPS_AT_ONCE)
    if not found and wanted["after"]:
        flash(gettext("There are no more slips to print."), "ok")
        return redirect(url_for(".invitations", organisation_id=organisation_id), 303)
    if not found:
        raise NotFound
    return _slips(found, {"after": found[-1].id} if len(found) == service.SLIPS_AT_ONCE else None)


def _slips(found: list[service.Slip], following: dict[str, UUID] | None = None) -> str:
    return render_template(
        "organisations/slips.html",
        back=url_for(".invitations", organisation_id=current_actor().organisation_id),
        following=following,
        **faces_of(found),
    )


@pages.post(f"{ALL}/<uuid:invitation_id>/renew")
@session_only
@limiter.limit(INVITATIONS, key_func=inviter)
def renew_invitation(organisation_id: UUID, invitation_id: UUID) -> Response | tuple[str, int]:
    """Send it again, or give a slip a new code. What was sent or printed before no longer works."""
    actor = current_actor()
    way = service.get_way(actor, invitation_id)
    if way is InvitationWay.SLIP:
        issued = service.renew_code(actor, invitation_id)
        return _slips(service.print_slips(actor, [issued.id])), 201
    if way is InvitationWay.SMS:
        service.renew_code(actor, invitation_id)
    else:
        service.resend_mail(actor, invitation_id)
    flash(gettext("The invitation was sent again. What was sent before no longer works."), "ok")
    return redirect(url_for(".invitations", organisation_id=organisation_id), 303)

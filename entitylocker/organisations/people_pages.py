"""The people page: members, invitations, roles and what they mean."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.access import Permission, Role, decide
from entitylocker.extensions import limiter
from entitylocker.organisations import service
from entitylocker.organisations.blueprint import pages
from entitylocker.organisations.presenting import member_notes
from entitylocker.organisations.rules import ROLE_MEANINGS, invitable_roles
from entitylocker.organisations.schemas import InviteSchema, MemberQuery
from entitylocker.web.actors import current_actor, current_person
from entitylocker.web.arrival import session_only
from entitylocker.web.forms import Form, load

# Each is a mail with words of the organisation's choosing to an address of its choosing.
INVITATIONS = "60 per hour; 300 per day"


def inviter() -> str:
    """Whose invitations are counted."""
    return f"invite:{current_person().person_id}"


@pages.get("/organisations/<uuid:organisation_id>/people")
@session_only
def people(organisation_id: UUID) -> str:
    """Members, open invitations, and what each role means."""
    return _people_page(Form(InviteSchema))


@pages.post("/organisations/<uuid:organisation_id>/invitations")
@session_only
@limiter.limit(INVITATIONS, key_func=inviter)
def invite(organisation_id: UUID) -> tuple[str, int]:
    """Invite somebody. The answer shows the link, once."""
    form = Form(InviteSchema)
    if form.valid:
        with form.catching():
            issued = service.invite_member(current_actor(), form.data["email"], form.data["role"])
            return render_template("organisations/invited.html", issued=issued), 201
    return _people_page(form), form.status


def _people_page(form: Form) -> str:
    actor = current_actor()
    query = load(MemberQuery, request.args.to_dict())
    page = service.list_members(actor, **query)
    may_invite = bool(decide(actor, Permission.MEMBER_INVITE, actor.facts))
    return render_template(
        "organisations/people.html",
        form=form,
        page=page,
        outsiders=service.list_outsiders(actor) if not query["after"] else [],
        notes=member_notes(actor),
        invitations=service.list_invitations(actor) if not query["after"] else [],
        may_invite=may_invite,
        invitable=invitable_roles(actor) if may_invite else [],
        meanings={role: gettext(ROLE_MEANINGS[role]) for role in Role},
    )


@pages.post("/organisations/<uuid:organisation_id>/invitations/<uuid:invitation_id>/revoke")
@session_only
def revoke_invitation(organisation_id: UUID, invitation_id: UUID) -> Response:
    """Take an open invitation back."""
    service.revoke_invitation(current_actor(), invitation_id)
    flash(gettext("The invitation was taken back. Its link or code no longer works."), "ok")
    return redirect(url_for(".people", organisation_id=organisation_id), 303)


@pages.post("/organisations/<uuid:organisation_id>/members/<uuid:membership_id>/end")
@session_only
def end_membership(organisation_id: UUID, membership_id: UUID) -> Response:
    """Remove a member."""
    service.end_membership(current_actor(), membership_id)
    flash(gettext("The member was removed."), "ok")
    return redirect(url_for(".people", organisation_id=organisation_id), 303)


@pages.post("/organisations/<uuid:organisation_id>/leave")
@session_only
def leave(organisation_id: UUID) -> Response:
    """End one's own membership."""
    service.leave_organisation(current_actor())
    flash(gettext("You left the organisation."), "ok")
    return redirect(url_for(".mine"), 303)

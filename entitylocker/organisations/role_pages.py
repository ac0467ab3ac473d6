"""The page on which a member gets another role."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.access import Role
from entitylocker.organisations import service
from entitylocker.organisations.blueprint import pages
from entitylocker.organisations.rules import ROLE_MEANINGS, roles_for
from entitylocker.organisations.schemas import RoleSchema
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.forms import Form


@pages.route("/organisations/<uuid:organisation_id>/members/<uuid:membership_id>/role", methods=["GET", "POST"])
@session_only
def change_role(organisation_id: UUID, membership_id: UUID) -> Response | tuple[str, int]:
    """Give a member another role."""
    actor = current_actor()
    member = service.get_member(actor, membership_id)
    form = Form(RoleSchema, {"role": member.role})
    if form.valid:
        with form.catching():
            service.change_role(actor, membership_id, form.data["role"])
            flash(gettext("The role of %(name)s was changed.", name=member.person_name), "ok")
            return redirect(url_for(".people", organisation_id=organisation_id), 303)
    roles = roles_for(actor, Role(member.role)) if member.source_kind is None else []
    return render_template(
        "organisations/change_role.html",
        form=form,
        member=member,
        roles=roles,
        meanings={role: gettext(ROLE_MEANINGS[role]) for role in roles},
    ), form.status

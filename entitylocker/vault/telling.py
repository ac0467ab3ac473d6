"""Telling an organisation that verdicts of its documents have changed: by mail, and on its overview."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy import and_, func, select, update

from entitylocker.access import Actor, Facts, Permission, Role, require
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.members import list_addresses
from entitylocker.organisations.models import Organisation
from entitylocker.organisations.presenting import Reminder
from entitylocker.tenancy import use_case
from entitylocker.vault import rows
from entitylocker.vault.models import Document, Version
from entitylocker.vault.recheck_rules import SHOWN_FOR
from entitylocker.web.links import link_to
from entitylocker.web.shell import holds_somewhere

_TOLD = (Role.ADMINISTRATOR, Role.RECORDS_OFFICER)
# A mail names so many documents; the page behind its link has them all.
_NAMED = 20


@use_case(Permission.DOCUMENT_CHECK)
def tell_changes(actor: Actor) -> None:
    """Mail the administrators and records officers which verdicts have changed since they were told last."""
    require(actor, Permission.DOCUMENT_CHECK, Facts(actor.organisation_id))
    changed = _untold(actor)
    if not changed:
        return
    told = update(Version).where(
        Version.organisation_id == actor.organisation_id, Version.id.in_([row.version_id for row in changed])
    )
    db.session.execute(told.values(change_told_at=utc_now()), execution_options={"synchronize_session": False})
    shown = [row for row in changed if row.is_current]
    if shown:
        _mail(actor, shown)


def _untold(actor: Actor) -> list[Any]:
    """Versions nobody was told of, locked: a second job that runs at the same time finds none of them."""
    is_current = and_(Version.number == Document.version_number, Document.binned_at.is_(None)).label("is_current")
    query = (
        select(Version.id.label("version_id"), Document.title, Version, is_current)
        .join(
            Document,
            and_(Document.organisation_id == Version.organisation_id, Document.id == Version.document_id),
        )
        .where(
            Version.organisation_id == actor.organisation_id,
            Version.verdict_changed_at.is_not(None),
            Version.change_told_at.is_(None),
        )
        .order_by(Version.verdict_changed_at, Version.id)
        .with_for_update(of=Version, skip_locked=True)
    )
    return list(db.session.execute(query))


def _mail(actor: Actor, changed: list[Any]) -> None:
    """A mail to each who is told, in the language of that person: the template has the words."""
    organisation = db.session.scalar(select(Organisation.name).where(Organisation.id == actor.organisation_id)) or ""
    assert actor.organisation_id is not None
    for address in list_addresses(actor.organisation_id, _TOLD):
        send_mail(
            to=address,
            subject=lazy_gettext("EntityLocker: signatures of your documents are judged differently now"),
            template="mail/verdicts_changed",
            organisation=organisation,
            count=len(changed),
            changes=[_change(row.title, row.Version) for row in changed[:_NAMED]],
            more=max(0, len(changed) - _NAMED),
            link=link_to("vault.documents", organisation_id=actor.organisation_id, changed=1),
        )


def _change(title: str, version: Version) -> dict[str, Any]:
    """What changed about one document. `outward`: what others were told changed, too."""
    outward = version.outward_before is not None
    before = version.outward_before if outward else version.verdict_before or version.verdict
    after = version.verdict_for_others.value if outward else version.verdict
    return {"title": title, "outward": outward, "before": before, "after": after}


@use_case(Permission.DOCUMENT_READ)
def count_changed(actor: Actor) -> int:
    """How many documents the actor sees whose verdict changed lately."""
    query = rows.views().with_only_columns(func.count(), maintain_column_froms=True)
    found = query.where(rows.in_vault(actor, Permission.DOCUMENT_READ), changed_lately())
    return int(db.session.scalar(found) or 0)


def changed_lately() -> Any:
    """The condition of lists of documents whose verdict changed within the last 30 days."""
    return Version.verdict_changed_at > utc_now() - SHOWN_FOR


def remind_of_changes(actor: Actor) -> Reminder | None:
    """For the overview: verdicts that changed. It goes by itself after 30 days; the trail keeps every change."""
    if not holds_somewhere(actor, Permission.DOCUMENT_READ):
        return None
    count = count_changed(actor)
    if not count:
        return None
    title = ngettext("The verdict of one document changed", "The verdicts of %(num)s documents changed", count)
    text = gettext("A later check found something else than the one before. This is shown here for 30 days.")
    href = url_for("vault.documents", organisation_id=actor.organisation_id, changed=1)
    return Reminder("shield-alert", "warn", title, text, href, gettext("See which"))

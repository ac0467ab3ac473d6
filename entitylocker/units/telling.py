"""News for the other organisation of an act: put in with the act, told by a job into that one's trail and by mail."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, ActorKind, Facts, Means, Permission, Role, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, housekeeper, job_actor, task
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.members import list_addresses
from entitylocker.organisations.models import Membership, Organisation
from entitylocker.tenancy import DatabaseRole, use_case
from entitylocker.units.models import Telling
from entitylocker.units.news import TEMPLATES, subject_of
from entitylocker.web.links import link_to

# A fact under this name: the member of the told organisation who is written to, beside the administrators.
MEMBER = "membership_id"
_DAYS = ("starts_on", "ends_on")
# News that nobody told for so long lost its job: the worker died in it, or every try of it failed.
_LOST_AFTER = timedelta(minutes=10)
# Jobs that will still come tell their news themselves.
_COMING = """NOT EXISTS (SELECT FROM queue.procrastinate_jobs j WHERE j.task_name = 'units.tell' AND j.status = 'todo'
    AND j.args->>'telling_id' = tellings.id::text)"""


def tell(
    organisation_id: UUID,
    actor: Actor,
    tag: EventTag,
    subject: Subject,
    *,
    facts: dict[str, Any] | None = None,
    **data: Any,
) -> None:
    """Let another organisation know what the running transaction does: in its trail and by mail to its administrators.

    Both happen in one transaction of that organisation, by a job that is put in with the act: it is told once, or the
    act did not happen. `data` goes into the trail, which names the organisation that the actor acts for; `facts` are
    for the mail.
    """
    row = Telling(
        id=uuid7(),
        told_id=organisation_id,
        by_id=tenancy.current().tenant.organisation_id,
        by_name=actor.organisation_name or actor.kind.value,
        actor_kind=actor.kind.value,
        actor_id=actor.portal_id or actor.person_id,
        actor_name=actor.name,
        means=actor.means.value,
        through=actor.through,
        tag=tag.value,
        subject_kind=subject.kind,
        subject_id=subject.id,
        subject_name=subject.name,
        data=data,
        facts={name: value.isoformat() if isinstance(value, date) else value for name, value in (facts or {}).items()},
    )
    db.session.add(row)
    defer(tell_news, organisation_id=str(organisation_id), telling_id=str(row.id))


@task("units.tell", persistent=True)
def tell_news(organisation_id: str, telling_id: str) -> None:
    """Tell one organisation one piece of news. Run again, it finds nothing left to tell."""
    pass_on(job_actor(organisation_id), UUID(telling_id))


@task("units.tell_lost", patient=True)
def tell_lost() -> None:
    """Put in anew the telling of news whose job was lost. What is being told meanwhile is told no second time."""
    put_in_lost(housekeeper())


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def put_in_lost(actor: Actor) -> None:
    """A job for each old telling that no waiting job will tell."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    lost = select(Telling.told_id, Telling.id).where(Telling.created_at < utc_now() - _LOST_AFTER, text(_COMING))
    for told_id, telling_id in db.session.execute(lost.order_by(Telling.id)).all():
        defer(tell_news, organisation_id=str(told_id), telling_id=str(telling_id))


@use_case(Permission.HOUSEKEEPING)
def pass_on(actor: Actor, telling_id: UUID) -> None:
    """The event and the mails of a telling, which is taken out with them."""
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    assert actor.organisation_id is not None
    news = db.session.execute(text("SELECT * FROM claim_telling(:id)"), {"id": telling_id}).mappings().first()
    if news is None:
        return
    who = Actor(
        ActorKind(news["actor_kind"]),
        Means(news["means"]),
        news["actor_name"],
        person_id=news["actor_id"],
        through=news["through"],
    )
    subject = Subject(news["subject_kind"], news["subject_id"], news["subject_name"])
    told: dict[str, Any] = {"by": news["by_name"], "done_at": news["created_at"].isoformat(), **news["data"]}
    record(who, EventTag(news["tag"]), subject, organisation_id=actor.organisation_id, **told)
    _mail(actor.organisation_id, news)


def _mail(organisation_id: UUID, news: Any) -> None:
    tag = EventTag(news["tag"])
    here = db.session.scalar(select(Organisation.name).where(Organisation.id == organisation_id)) or ""
    facts = {name: _read(name, value) for name, value in news["facts"].items()}
    member = facts.pop(MEMBER, None)
    shown = {
        "what": tag.value,
        "here": here,
        "by": news["by_name"],
        "who": news["actor_name"],
        "link": link_to("units.units", organisation_id=organisation_id),
        "closed": False,
        "operator": False,
        "reason": "",
        **facts,
    }
    addresses = [*list_addresses(organisation_id, {Role.ADMINISTRATOR}), *_address_of(organisation_id, member)]
    for address in dict.fromkeys(addresses):
        send_mail(to=address, subject=subject_of(tag), template=TEMPLATES.get(tag, "mail/between"), **shown)


def _read(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if name in _DAYS and value else value


def _address_of(organisation_id: UUID, membership_id: str | None) -> list[str]:
    if membership_id is None:
        return []
    found = select(Membership.person_email).where(
        Membership.organisation_id == organisation_id,
        Membership.id == UUID(membership_id),
        Membership.ended_at.is_(None),
    )
    return list(db.session.scalars(found))

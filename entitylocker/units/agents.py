"""Who of an agency acts by a letter: named and ended by the agency, seen by both sides."""

from __future__ import annotations

from uuid import UUID

from flask_babel import lazy_gettext
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, Role, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.models import Membership
from entitylocker.tenancy import use_case
from entitylocker.units.agencies import get_row, phase_of
from entitylocker.units.branches import find_own_members, lock_own_member
from entitylocker.units.errors import NamedAlready, RequestEnded
from entitylocker.units.models import Authorisation, AuthorisationAgent
from entitylocker.units.rules import Phase
from entitylocker.units.telling import tell
from entitylocker.units.views import AgentView
from entitylocker.web.links import link_to


@use_case(Permission.AUTHORISATION_MANAGE, fresh=True)
def name_agent(actor: Actor, authorisation_id: UUID, membership_id: UUID) -> UUID:
    """As the agency: let a member act by a letter. Returns the agent's id. Raises NotFound, NoSuchMember,
    RequestEnded, NamedAlready.
    """
    require(actor, Permission.AUTHORISATION_MANAGE, actor.facts)
    row = _get_as_agency(actor, authorisation_id)
    if phase_of(row) is Phase.ENDED:
        raise RequestEnded
    member = lock_own_member(actor, membership_id)
    agent = AuthorisationAgent(
        id=uuid7(),
        organisation_id=actor.organisation_id,
        authorisation_id=row.id,
        membership_id=member.id,
        person_name=member.person_name,
        named_by_name=actor.name,
    )
    db.session.add(agent)
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise NamedAlready(field="membership_id") from fault
    record(actor, EventTag.AGENT_NAME, Subject("authorisation", row.id, member.person_name), role=row.role)
    _write_to(actor, member, row)
    _tell(actor, EventTag.AGENT_NAME, agent, row)
    return agent.id


def _get_as_agency(actor: Actor, authorisation_id: UUID) -> Authorisation:
    row = get_row(actor, authorisation_id)
    if row.agent_organisation_id != actor.organisation_id:
        raise NotFound
    return row


def _write_to(actor: Actor, member: Membership, row: Authorisation) -> None:
    send_mail(
        to=member.person_email,
        subject=lazy_gettext("You act for a department"),
        template="mail/agent_named",
        name=member.person_name,
        named_by=actor.name,
        agency=actor.organisation_name,
        department=row.organisation_name,
        role=Role(row.role),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        link=link_to("organisations.mine"),
    )


@use_case(Permission.AUTHORISATION_MANAGE)
def end_agent(actor: Actor, authorisation_id: UUID, agent_id: UUID) -> None:
    """As the agency: somebody acts no longer by a letter, from now on. Raises NotFound."""
    require(actor, Permission.AUTHORISATION_MANAGE, actor.facts)
    row = _get_as_agency(actor, authorisation_id)
    agent = db.session.scalar(
        select(AuthorisationAgent)
        .where(
            AuthorisationAgent.organisation_id == actor.organisation_id,
            AuthorisationAgent.authorisation_id == row.id,
            AuthorisationAgent.id == agent_id,
            AuthorisationAgent.ended_at.is_(None),
        )
        .with_for_update()
    )
    if agent is None:
        raise NotFound
    agent.ended_at, agent.ended_by_name = utc_now(), actor.name
    record(actor, EventTag.AGENT_END, Subject("authorisation", row.id, agent.person_name))
    _tell(actor, EventTag.AGENT_END, agent, row)


def _tell(actor: Actor, tag: EventTag, agent: AuthorisationAgent, row: Authorisation) -> None:
    facts = {
        "member": agent.person_name,
        "link": link_to("units.agency", organisation_id=row.organisation_id, authorisation_id=row.id),
    }
    tell(row.organisation_id, actor, tag, Subject("authorisation", row.id, agent.person_name), facts=facts)


@use_case(Permission.AUTHORISATION_MANAGE)
def list_agents_to_name(actor: Actor) -> list[Membership]:
    """Whom the agency can name: its own members."""
    require(actor, Permission.AUTHORISATION_MANAGE, actor.facts)
    return find_own_members(actor)


@use_case(Permission.AUTHORISATION_LIST)
def list_agents(actor: Actor, authorisation_id: UUID) -> list[AgentView]:
    """Who acts by a letter: for the agency all whom it named, for the department those who act today."""
    require(actor, Permission.AUTHORISATION_LIST, actor.facts)
    row = get_row(actor, authorisation_id)
    if row.organisation_id == actor.organisation_id:
        seats = db.session.execute(text("SELECT * FROM lookup_seats()"))
        return [
            AgentView(None, seat.person_name, None, None, seat.membership_id is not None)
            for seat in seats
            if seat.source_kind == "agency" and seat.source_id == row.id
        ]
    agents = db.session.scalars(
        select(AuthorisationAgent)
        .where(
            AuthorisationAgent.organisation_id == actor.organisation_id,
            AuthorisationAgent.authorisation_id == row.id,
        )
        .order_by(AuthorisationAgent.id.desc())
    )
    return [AgentView(agent.id, agent.person_name, agent.created_at, agent.ended_at, False) for agent in agents]

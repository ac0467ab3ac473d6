"""How far the departments have come: invited, in, first document, first consent, against a target. Counts only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from entitylocker.access import Actor, OrganisationState, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import N_, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.onboarding.models import DepartmentTarget, OnboardingTarget
from entitylocker.tenancy import use_case
from entitylocker.web.spreadsheets import csv_file

# Weeks are weeks where the organisations are.
ZONE = "Asia/Kolkata"

_HEADINGS = (
    N_("Department"),
    N_("Invited"),
    N_("In"),
    N_("Target"),
    N_("Share"),
    N_("First document"),
    N_("Documents"),
    N_("First consent"),
    N_("Consents"),
)


@dataclass(frozen=True)
class Department:
    """How far one department has come. `joined`: of the invited, who is in now; `waiting`: invitations that can still
    be accepted; `target`: how many officers are to come in, None if nobody said so.
    """

    organisation_id: UUID
    name: str
    state: OrganisationState
    invited: int
    joined: int
    waiting: int
    documents: int
    first_document_at: datetime | None
    consents: int
    first_consent_at: datetime | None
    target: int | None = None

    @property
    def share(self) -> int:
        """How many are in, in percent of the target, else of the invited."""
        return percent(self.joined, self.target or self.invited)


@dataclass(frozen=True)
class Week:
    """What happened in the week that begins on `begins`, a Monday: people, and departments for the firsts."""

    begins: date
    invited: int
    joined: int
    documents: int
    consents: int


@dataclass(frozen=True)
class Adoption:
    """The report. `target`: how many officers are to come in, as somebody `said`, else what the departments add up
    to.
    """

    departments: list[Department]
    weeks: list[Week]
    target: int | None
    said: int | None

    @property
    def invited(self) -> int:
        """Officers invited, over all departments."""
        return sum(department.invited for department in self.departments)

    @property
    def joined(self) -> int:
        """Officers who came in."""
        return sum(department.joined for department in self.departments)

    @property
    def with_document(self) -> int:
        """Departments with a document."""
        return sum(department.documents > 0 for department in self.departments)

    @property
    def with_consent(self) -> int:
        """Departments that gave a consent."""
        return sum(department.consents > 0 for department in self.departments)

    @property
    def share(self) -> int:
        """Officers who came in, in percent of the target, else of the invited."""
        return percent(self.joined, self.target or self.invited)


def percent(part: int, whole: int) -> int:
    """`part` of `whole` in percent, rounded down: 100 means all. 0 of nothing."""
    return part * 100 // whole if whole else 0


@use_case(Permission.MEMBER_LIST)
def get_adoption(actor: Actor) -> Adoption:
    """How far the departments below the actor's organisation have come. The database gives counts and nothing else."""
    require(actor, Permission.MEMBER_LIST, actor.facts)
    targets = _targets(actor)
    departments = [
        Department(**{**row, "state": OrganisationState(row["state"])}, target=targets.get(row["organisation_id"]))
        for row in db.session.execute(text("SELECT * FROM lookup_adoption()")).mappings()
    ]
    weeks = db.session.execute(text("SELECT * FROM lookup_adoption_weeks(:zone)"), {"zone": ZONE})
    said = db.session.scalar(
        select(OnboardingTarget.officers).where(OnboardingTarget.organisation_id == actor.organisation_id)
    )
    # A department that was opened by mistake and closed again counts for nothing.
    shown = [found for found in departments if found.state is not OrganisationState.CLOSED or found.joined]
    added = sum(found.target or 0 for found in shown) or None
    return Adoption(shown, [Week(*week) for week in weeks], said or added, said)


def _targets(actor: Actor) -> dict[UUID, int]:
    mine = select(DepartmentTarget).where(DepartmentTarget.organisation_id == actor.organisation_id)
    return {row.department_id: row.officers for row in db.session.scalars(mine)}


@use_case(Permission.MEMBER_SEAT)
def set_target(actor: Actor, officers: int | None, department_id: UUID | None = None) -> None:
    """Say how many officers are to come in, in all or in one department below; None: there is no target any more.

    Raises NotFound for any other department.
    """
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    table: Any = OnboardingTarget if department_id is None else DepartmentTarget
    key: dict[str, Any] = {"organisation_id": actor.organisation_id}
    if department_id is None:
        subject = Subject("organisation", actor.organisation_id, actor.organisation_name)
    else:
        key["department_id"] = department_id
        subject = Subject("organisation", department_id, _name_of(department_id))
    if officers is None:
        ended = delete(table).filter_by(**key).returning(table.officers)
        if db.session.scalar(ended) is not None:
            record(actor, EventTag.ONBOARDING_END_TARGET, subject)
        return
    values = {"officers": officers, "changed_at": utc_now(), "changed_by_name": actor.name}
    statement = insert(table).values(**key, **values)
    db.session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))
    record(actor, EventTag.ONBOARDING_SET_TARGET, subject, officers=officers)


def _name_of(department_id: UUID) -> str:
    statement = text("SELECT name FROM lookup_adoption() WHERE organisation_id = :department")
    name = db.session.scalar(statement, {"department": department_id})
    if name is None:
        raise NotFound
    return str(name)


@use_case(Permission.MEMBER_LIST)
def export_adoption(actor: Actor) -> bytes:
    """The report for a spreadsheet; formulas are made harmless."""
    require(actor, Permission.MEMBER_LIST, actor.facts)
    report = get_adoption(actor)
    subject = Subject("organisation", actor.organisation_id, actor.organisation_name)
    record(actor, EventTag.ADOPTION_EXPORT, subject, departments=len(report.departments))
    total = [
        gettext("Total"), report.invited, report.joined, report.target, report.share, report.with_document,
        sum(found.documents for found in report.departments), report.with_consent,
        sum(found.consents for found in report.departments),
    ]  # fmt: skip
    return csv_file([[gettext(text) for text in _HEADINGS], *map(_line, report.departments), total])


def _line(found: Department) -> list[object]:
    return [
        found.name, found.invited, found.joined, found.target, found.share, _day(found.first_document_at),
        found.documents, _day(found.first_consent_at), found.consents,
    ]  # fmt: skip


def _day(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(ZoneInfo(ZONE)).date().isoformat()

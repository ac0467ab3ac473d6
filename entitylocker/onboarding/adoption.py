"""How far the departments have come: invited, in, first document, first consent, against a target. Counts only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from entitylocker.access import Actor, OrganisationState, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import N_
from entitylocker.extensions import db, utc_now
from entitylocker.onboarding.cells import csv_file
from entitylocker.onboarding.models import OnboardingTarget
from entitylocker.tenancy import use_case

# Weeks are weeks where the organisations are.
ZONE = "Asia/Kolkata"

_HEADINGS = (
    N_("Department"),
    N_("Invited"),
    N_("In"),
    N_("Share of the invited"),
    N_("First document"),
    N_("Documents"),
    N_("First consent"),
    N_("Consents"),
)


@dataclass(frozen=True)
class Department:
    """How far one department has come. `waiting`: invitations that can still be accepted."""

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

    @property
    def share(self) -> int:
        """How many of the invited are in, in percent."""
        return percent(self.joined, self.invited)


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
    """The report. `target`: how many officers are to come in, None if nobody said so."""

    departments: list[Department]
    weeks: list[Week]
    target: int | None

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
    rows = db.session.execute(text("SELECT * FROM lookup_adoption()")).mappings()
    departments = [Department(**{**row, "state": OrganisationState(row["state"])}) for row in rows]
    weeks = db.session.execute(text("SELECT * FROM lookup_adoption_weeks(:zone)"), {"zone": ZONE})
    target = db.session.scalar(
        select(OnboardingTarget.officers).where(OnboardingTarget.organisation_id == actor.organisation_id)
    )
    # A department that was opened by mistake and closed again counts for nothing.
    shown = [found for found in departments if found.state is not OrganisationState.CLOSED or found.joined]
    return Adoption(shown, [Week(*week) for week in weeks], target)


@use_case(Permission.MEMBER_SEAT)
def set_target(actor: Actor, officers: int) -> None:
    """Say how many officers are to come in."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    values = {"officers": officers, "changed_at": utc_now(), "changed_by_name": actor.name}
    statement = insert(OnboardingTarget).values(organisation_id=actor.organisation_id, **values)
    db.session.execute(statement.on_conflict_do_update(index_elements=[OnboardingTarget.organisation_id], set_=values))
    subject = Subject("organisation", actor.organisation_id, actor.organisation_name)
    record(actor, EventTag.ONBOARDING_SET_TARGET, subject, officers=officers)


@use_case(Permission.MEMBER_LIST)
def export_adoption(actor: Actor) -> bytes:
    """The report for a spreadsheet; formulas are made harmless."""
    require(actor, Permission.MEMBER_LIST, actor.facts)
    report = get_adoption(actor)
    subject = Subject("organisation", actor.organisation_id, actor.organisation_name)
    record(actor, EventTag.ADOPTION_EXPORT, subject, departments=len(report.departments))
    total = [
        gettext("Total"), report.invited, report.joined, percent(report.joined, report.invited), report.with_document,
        sum(found.documents for found in report.departments), report.with_consent,
        sum(found.consents for found in report.departments),
    ]  # fmt: skip
    target = [[gettext("Target"), "", report.target, report.share]] if report.target else []
    return csv_file([[gettext(text) for text in _HEADINGS], *map(_line, report.departments), total, *target])


def _line(found: Department) -> list[object]:
    return [
        found.name, found.invited, found.joined, found.share, _day(found.first_document_at), found.documents,
        _day(found.first_consent_at), found.consents,
    ]  # fmt: skip


def _day(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(ZoneInfo(ZONE)).date().isoformat()

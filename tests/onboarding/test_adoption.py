"""The report of adoption against a scene in which every number is known."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Means, Role
from entitylocker.config import Settings
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.extensions import db, utc_now
from entitylocker.identifiers import OrganisationKind
from entitylocker.onboarding import service
from entitylocker.organisations import service as organisations_service
from entitylocker.tenancy import Tenant
from entitylocker.units import service as units_service
from tests.factories import Member, Organisations, Person, csrf_token
from tests.oauth.world import World, make_world
from tests.onboarding.officers import Officer, Sheet
from tests.units.world import give_branch, make_active, open_unit
from tests.vault.helpers import PLAIN_PDF

EVIL = '=HYPERLINK("http://evil.example")'


class Scene:
    """Health: four invited, two of them in, one gone again, a document and a consent. Finance: a slip. EVIL: empty."""

    def __init__(self, app: Flask, parent: Member, organisations: Organisations, issuer: str) -> None:
        self.app, self.parent = app, parent
        asha, ravi, meena = (organisations.person(name) for name in ("Asha Rao", "Ravi Kumar", "Meena Das"))
        rows = [
            Officer("Health", asha.name, asha.email, role="administrator"),
            Officer("Health", ravi.name, ravi.email),
            Officer("Health", meena.name, meena.email, role="reader"),
            Officer("Health", "Lata Iyer", f"{uuid4().hex[:8]}@x.example"),
            Officer("Finance", "Mohan Bora", way="slip"),
        ]
        self.send(rows)
        self.asha, self.ravi, gone = map(self.come, (asha, ravi, meena))
        with app.test_request_context():
            organisations_service.leave_organisation(gone.actor)
            # Invited a second time by hand, and a slip that was taken back: neither is one more officer.
            (waiting,) = organisations_service.list_invitations(self.asha.actor)
            organisations_service.invite_member(self.asha.actor, str(waiting.email), Role.READER)
            slip = organisations_service.issue_slip(
                self.asha.actor, organisations_service.ForWhom("Nobody"), Role.READER
            )
            organisations_service.revoke_invitation(self.asha.actor, slip.id)
            units_service.open_child(parent.actor, name=EVIL, kind=OrganisationKind.OTHER)
        other = make_world(app, organisations, issuer)
        world = World(app, organisations, issuer, self.asha, other.keeper, other.program, {})
        world.documents["PANCR"] = world.deposit("PANCR")
        world.tokens()

    def send(self, rows: list[Officer]) -> None:
        with self.app.test_request_context():
            file = service.SentFile("f.csv", Sheet(rows).bytes(), letter=PLAIN_PDF)
            run_id = service.keep_run(self.parent.actor, file)
            place = self.parent.person_id, self.parent.organisation_id
            service.work(lambda: service.load_runner(*place, Means.COMMAND), run_id)

    def come(self, person: Person) -> Member:
        with self.app.test_request_context():
            (mine,) = organisations_service.list_my_invitations(person.person_id)
            place = organisations_service.accept_my_invitation(person.actor, mine.id)
        return Member(**vars(person), organisation_id=place)

    def report(self) -> service.Adoption:
        with self.app.test_request_context():
            return service.get_adoption(self.parent.actor)

    def ids(self) -> dict[str, UUID]:
        return {found.name: found.organisation_id for found in self.report().departments}


@pytest.fixture
def scene(app: Flask, parent: Member, organisations: Organisations, settings: Settings) -> Scene:
    return Scene(app, parent, organisations, settings.base_url)


def test_all_four_counts_their_targets_and_the_file(scene: Scene) -> None:
    report = scene.report()
    counts = {d.name: (d.invited, d.joined, d.waiting, d.documents, d.consents) for d in report.departments}
    assert counts == {"Health": (4, 2, 1, 1, 1), "Finance": (1, 0, 1, 0, 0), EVIL: (0, 0, 0, 0, 0)}
    assert (report.invited, report.joined, report.with_document, report.with_consent) == (5, 2, 1, 1)
    assert (report.target, report.share) == (None, 40)
    (week,) = report.weeks
    assert (week.invited, week.joined, week.documents, week.consents) == (5, 3, 1, 1), "who came and left had come"

    place = f"/organisations/{scene.parent.organisation_id}/adoption"
    client = scene.parent.client()
    for department, officers in ((scene.ids()["Health"], "8"), (scene.ids()["Finance"], "2")):
        data = {"csrf_token": csrf_token(client), "officers": officers, "department_id": str(department)}
        assert client.post(f"{place}/target", data=data).status_code == 303
    report = scene.report()
    assert {d.name: (d.target, d.share) for d in report.departments} == {
        "Health": (8, 25), "Finance": (2, 0), EVIL: (None, 0),
    }  # fmt: skip
    assert (report.target, report.share) == (10, 20), "what the departments add up to"
    with scene.app.test_request_context():
        service.set_target(scene.parent.actor, 4)
    assert (scene.report().target, scene.report().share) == (4, 50), "what somebody said for all"

    content = client.get(f"{place}.csv").data
    assert content.startswith(b"\xef\xbb\xbf")
    lines = [line[:5] for line in csv.reader(io.StringIO(content.decode("utf-8-sig")))]
    assert lines == [
        ["Department", "Invited", "In", "Target", "Share"],
        [f"'{EVIL}", "0", "0", "", "0"],
        ["Finance", "1", "0", "2", "0"],
        ["Health", "4", "2", "8", "25"],
        ["Total", "5", "2", "4", "50"],
    ]


def test_an_empty_field_takes_a_target_away(scene: Scene) -> None:
    place = f"/organisations/{scene.parent.organisation_id}/adoption"
    client, health = scene.parent.client(), str(scene.ids()["Health"])

    def send(officers: str, department_id: str = "") -> int:
        data = {"csrf_token": csrf_token(client), "officers": officers, "department_id": department_id}
        return client.post(f"{place}/target", data=data).status_code

    assert [send("4"), send("8", health), send(" "), send("", health), send("", health)] == [303] * 5
    report = scene.report()
    assert report.target is None and {found.target for found in report.departments} == {None}
    data = {"csrf_token": csrf_token(client)}
    assert client.post(f"{place}/target", data=data).status_code == 422
    shown = client.post(f"{place}/target", data={**data, "officers": ""}, follow_redirects=True).get_data(as_text=True)
    assert "Leave this empty to have no target." in shown and "There is no such target any more." in shown
    with scene.app.app_context(), tenancy.transaction(Tenant(organisation_id=scene.parent.organisation_id)):
        acts = db.session.execute(
            text("SELECT tag, subject_name FROM events WHERE tag LIKE '%_target' ORDER BY sequence")
        )
        assert [tuple(act) for act in acts] == [
            ("onboarding:set_target", "State of Tests"), ("onboarding:set_target", "Health"),
            ("onboarding:end_target", "State of Tests"), ("onboarding:end_target", "Health"),
        ]  # fmt: skip


def test_what_the_departments_add_up_to_is_nobodys_word(scene: Scene) -> None:
    with scene.app.test_request_context():
        service.set_target(scene.parent.actor, 8, scene.ids()["Health"])
    shown = scene.parent.client().get(f"/organisations/{scene.parent.organisation_id}/adoption").get_data(as_text=True)
    assert "target of 8" in shown and 'name="officers" type="number" value=""' in shown


def test_only_a_department_below_gets_a_target(scene: Scene, organisations: Organisations) -> None:
    stranger = organisations.make()
    with scene.app.test_request_context():
        for place in (stranger.organisation_id, scene.parent.organisation_id, uuid4()):
            with pytest.raises(NotFound):
                service.set_target(scene.parent.actor, 5, place)
            with pytest.raises(NotFound):
                service.set_target(scene.parent.actor, None, place)


def test_who_sees_the_report_and_how_much_of_it(app: Flask, parent: Member, organisations: Organisations) -> None:
    department, beside = open_unit(parent, "Roads"), open_unit(parent, "Health")
    head = make_active(organisations, parent, department)
    with app.test_request_context():
        units_service.open_child(head.actor, name="Bridges", kind=OrganisationKind.GOVERNMENT_DEPARTMENT)
    officer = organisations.add_member(Role.MEMBER, parent.organisation_id)
    give_branch(parent, officer, department)
    with app.test_request_context():
        units_service.enter(Person.actor.fget(officer), department)  # type: ignore[attr-defined]
    in_branch = Member(**{**vars(officer), "organisation_id": department})
    auditor = organisations.add_member(Role.AUDITOR, parent.organisation_id)
    reader = organisations.add_member(Role.READER, parent.organisation_id)

    def names(member: Member) -> set[str]:
        with app.test_request_context():
            return {found.name for found in service.get_adoption(member.actor).departments}

    assert names(parent) == names(auditor) == {"Roads", "Health", "Bridges"}
    assert names(in_branch) == names(head) == {"Bridges"}, "a branch sees its own unit's, and nothing beside it"
    for member, allowed in ((auditor, 403), (in_branch, 303), (reader, 403)):
        place = f"/organisations/{member.organisation_id}/adoption"
        client = member.client()
        assert client.get(place).status_code == (403 if member is reader else 200)
        for officers in ("3", ""):
            data = {"csrf_token": csrf_token(client), "officers": officers}
            assert client.post(f"{place}/target", data=data).status_code == allowed
    with app.test_request_context(), pytest.raises(PermissionDenied):
        service.get_adoption(reader.actor)
    assert beside


@pytest.mark.parametrize(
    ("at", "day", "monday"),
    [
        (datetime(2026, 3, 1, 18, 29, 59, tzinfo=UTC), "2026-03-01", date(2026, 2, 23)),
        (datetime(2026, 3, 1, 18, 30, tzinfo=UTC), "2026-03-02", date(2026, 3, 2)),
    ],
)
def test_days_and_weeks_begin_at_midnight_in_india(
    scene: Scene, at: datetime, day: str, monday: date
) -> None:  # fmt: skip
    with scene.app.app_context(), tenancy.transaction(Tenant(organisation_id=scene.asha.organisation_id)):
        db.session.execute(text("UPDATE documents SET created_at = :at"), {"at": at})
    assert [week.begins for week in scene.report().weeks if week.documents] == [monday]
    with scene.app.test_request_context():
        lines = csv.reader(io.StringIO(service.export_adoption(scene.parent.actor).decode("utf-8-sig")))
        assert next(line[5] for line in lines if line[0] == "Health") == day


def test_an_invitation_that_ran_out_still_counts_as_invited_and_waits_no_longer(scene: Scene) -> None:
    with scene.app.app_context(), tenancy.transaction(Tenant(organisation_id=scene.ids()["Finance"])):
        over = {"at": utc_now() - timedelta(seconds=1)}
        db.session.execute(text("UPDATE invitations SET expires_at = :at"), over)
    (finance,) = [found for found in scene.report().departments if found.name == "Finance"]
    assert (finance.invited, finance.waiting) == (1, 0)

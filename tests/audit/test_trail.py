"""The trail: events of acts commit with them, of refusals after the roll-back; no gaps; nobody else reads it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Actor, Role
from entitylocker.audit import service
from entitylocker.audit.models import Event
from entitylocker.audit.recording import Subject, canonical_bytes, record
from entitylocker.audit.service import EventFilter
from entitylocker.audit.tags import LABELS, EventTag
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.extensions import db
from entitylocker.organisations.rules import today
from tests.factories import Organisations


def act(app: Flask, actor: Actor, name: str = "Tax", **data: object) -> None:
    with app.app_context(), tenancy.transaction(tenancy.tenant_of(actor), actor):
        record(actor, EventTag.FOLDER_CREATE, Subject("folder", uuid4(), name), **data)


def events(app: Flask, actor: Actor, wanted: EventFilter = EventFilter()) -> list[Event]:  # noqa: B008 - it is frozen
    with app.app_context():
        return service.list_events(actor, wanted, limit=500).events


def test_an_event_of_an_act_that_failed_is_never_written(app: Flask, organisations: Organisations) -> None:
    actor = organisations.make().actor
    before = len(events(app, actor))
    with pytest.raises(ZeroDivisionError), app.app_context(), tenancy.transaction(tenancy.tenant_of(actor), actor):
        record(actor, EventTag.FOLDER_CREATE, Subject("folder", uuid4(), "Lost"))
        raise ZeroDivisionError
    assert len(events(app, actor)) == before


def test_a_refusal_leaves_an_event_and_a_flood_of_them_leaves_few(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    reader = organisations.add_member(Role.READER, administrator.organisation_id).actor
    for _ in range(12):
        with app.app_context(), pytest.raises(PermissionDenied):
            service.list_events(reader, EventFilter())
    refused = events(app, administrator.actor, EventFilter(tag=EventTag.ACCESS_REFUSED))
    assert [event.data["times"] for event in refused] == [10, 1]
    assert refused[0].data["permission"] == "audit:read"
    assert refused[0].actor_name == reader.name


def test_numbers_have_no_gap_when_many_act_at_once(app: Flask, organisations: Organisations) -> None:
    actor = organisations.make().actor
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: act(app, actor, f"Folder {number}"), range(40)))
    numbers = sorted(event.sequence for event in events(app, actor))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_canonical_bytes_say_what_the_row_says(app: Flask, organisations: Organisations) -> None:
    actor = organisations.make().actor
    act(app, actor, "कर और लेखा", reason="ok", count=3)
    newest = events(app, actor)[0]
    assert newest.canonical == canonical_bytes(newest)
    said = json.loads(newest.canonical)
    assert (said["subject"]["name"], said["data"], said["sequence"]) == (
        "कर और लेखा",
        {"reason": "ok", "count": 3},
        newest.sequence,
    )


def test_another_organisation_sees_nothing_even_with_the_first_wall_gone(
    app: Flask, organisations: Organisations
) -> None:
    ours, theirs = organisations.make().actor, organisations.make().actor
    act(app, theirs, "Secret")
    with app.app_context(), tenancy.transaction(tenancy.tenant_of(ours), ours):
        seen = db.session.execute(text("SELECT DISTINCT organisation_id FROM events")).scalars().all()
    assert seen == [ours.organisation_id]
    with app.app_context(), pytest.raises(NotFound):
        service.list_events(replace(ours, grants=()), EventFilter())


def test_pages_lead_on_in_both_directions(app: Flask, organisations: Organisations) -> None:
    actor = organisations.make().actor
    for number in range(7):
        act(app, actor, f"Folder {number}")
    with app.app_context():
        first = service.list_events(actor, EventFilter(tag="folder:create"), limit=3)
        second = service.list_events(actor, EventFilter(tag="folder:create"), before=first.older_than, limit=3)
        back = service.list_events(actor, EventFilter(tag="folder:create"), after=second.newer_than, limit=3)
    assert [event.subject_name for event in first.events] == ["Folder 6", "Folder 5", "Folder 4"]
    assert [event.subject_name for event in second.events] == ["Folder 3", "Folder 2", "Folder 1"]
    assert [event.id for event in back.events] == [event.id for event in first.events]
    assert first.newer_than is None


def test_the_filter_takes_days_words_and_kinds(app: Flask, organisations: Organisations) -> None:
    actor = organisations.make().actor
    act(app, actor, "100% tax_papers")
    assert [event.subject_name for event in events(app, actor, EventFilter(text="0% TAX_"))] == ["100% tax_papers"]
    assert events(app, actor, EventFilter(text="tax%papers")) == []
    day = today()
    assert events(app, actor, EventFilter(from_day=day - timedelta(days=1), to_day=day + timedelta(days=1)))
    assert events(app, actor, EventFilter(to_day=day - timedelta(days=2))) == []


def test_the_export_disarms_formulas_and_is_itself_an_event(app: Flask, organisations: Organisations) -> None:
    actor = organisations.make().actor
    act(app, actor, '=HYPERLINK("http://evil.example")')
    with app.app_context():
        lines = service.export_events(actor, EventFilter()).splitlines()
    assert lines[0].startswith("sequence,at,actor")
    assert any("'=HYPERLINK" in line for line in lines)
    assert events(app, actor)[0].tag == EventTag.AUDIT_EXPORT


def test_every_tag_has_a_label_and_two_parts() -> None:
    assert set(LABELS) == set(EventTag)
    assert all(len(tag.split(":")) == 2 for tag in EventTag)


def test_the_page_filters_and_refuses_nonsense(organisations: Organisations) -> None:
    administrator = organisations.make()
    address = f"/organisations/{administrator.organisation_id}/activity"
    client = administrator.client()
    assert "registered the organisation" in client.get(address).text
    assert client.get(address, query_string={"tag": "nonsense"}).status_code == 422
    assert client.get(address, query_string={"text": "zzz"}).status_code == 200
    answer = client.get(f"{address}.csv")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == "attachment; filename=activity.csv"

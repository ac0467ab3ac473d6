"""What a directory asks for is found and paged by the database, and is the same as if each resource were asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, insert
from sqlalchemy.engine import Engine
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.extensions import db, utc_now
from entitylocker.federation import storage
from entitylocker.federation.filters import narrow
from entitylocker.federation.models import DirectoryGroup, DirectoryGroupMember, DirectoryUser
from entitylocker.tenancy import Tenant
from tests.federation.conftest import Directory

PEOPLE = 12


@pytest.fixture
def full(directory: Directory) -> tuple[Directory, list[str], list[str]]:
    """A directory with twelve people, every third of them in one of three groups."""
    place, now = directory.administrator.organisation_id, utc_now()
    people, groups = [uuid7() for _ in range(PEOPLE)], [uuid7() for _ in range(3)]
    with directory.app.app_context(), tenancy.transaction(Tenant(organisation_id=place)):
        shared: dict[str, Any] = {"organisation_id": place, "created_at": now, "changed_at": now, "version": 1}
        db.session.execute(insert(DirectoryUser), [
            {"id": each, "name_normalised": f"u{9 - number % 10}{number}@example.in", "email_normalised": "",
             "external_id": f"E-{number}", "active": True,
             "document": {"userName": f"U{9 - number % 10}{number}@example.in", "displayName": f"Person {number}"},
             **shared}
            for number, each in enumerate(people)
        ])  # fmt: skip
        db.session.execute(
            insert(DirectoryGroup), [{"id": each, "name": f"Büro {n}", **shared} for n, each in enumerate(groups)]
        )
        db.session.execute(insert(DirectoryGroupMember), [
            {"organisation_id": place, "group_id": groups[number % 3], "user_id": each}
            for number, each in enumerate(people)
        ])  # fmt: skip
    return directory, [str(each) for each in people], [str(each) for each in groups]


def ids_of(directory: Directory, path: str) -> list[str]:
    answer = directory.ask("GET", path)
    assert answer.status_code == 200, answer.data
    return [each["id"] for each in json.loads(answer.data).get("Resources", [])]


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is said to the database, and how many rows each statement brings."""
    said: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "FROM directory_" in statement:
            said.append(f"{cursor.rowcount} {statement}")

    event.listen(Engine, "after_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "after_cursor_execute", note)


def test_pages_hold_what_they_should_and_nothing_twice(full: tuple[Directory, list[str], list[str]]) -> None:
    directory, people, _ = full
    seen = []
    for start in range(1, PEOPLE + 1, 5):
        page = json.loads(directory.ask("GET", f"/Users?startIndex={start}&count=5").data)
        assert page["totalResults"] == PEOPLE and page["startIndex"] == start
        seen += [each["id"] for each in page["Resources"]]
    assert seen == people
    assert ids_of(directory, "/Users?startIndex=100&count=5") == []
    assert json.loads(directory.ask("GET", "/Users?count=0").data)["totalResults"] == PEOPLE


def test_no_more_rows_are_read_than_the_page_has(full: tuple[Directory, list[str], list[str]]) -> None:
    directory, people, _ = full
    with statements() as said:
        assert ids_of(directory, "/Users?startIndex=6&count=2") == people[5:7]
        assert ids_of(directory, '/Users?filter=externalId eq "E-7"') == [people[7]]
        assert directory.ask("GET", f"/Users/{people[3]}").status_code == 200
    assert said and all(int(line.split()[0]) <= 2 for line in said), said


def test_members_are_read_only_where_the_answer_holds_them(full: tuple[Directory, list[str], list[str]]) -> None:
    directory, people, groups = full
    for path in ("/Groups?excludedAttributes=members", f"/Groups/{groups[0]}?excludedAttributes=members",
                 "/Groups?attributes=displayName", "/Users?attributes=userName"):  # fmt: skip
        with statements() as said:
            assert directory.ask("GET", path).status_code == 200
        assert not [line for line in said if "directory_group_members" in line], path
    whole = json.loads(directory.ask("GET", f"/Groups/{groups[1]}").data)
    assert {each["value"] for each in whole["members"]} == set(people[1::3])
    mine = json.loads(directory.ask("GET", f"/Users/{people[4]}").data)
    assert [(each["value"], each["display"]) for each in mine["groups"]] == [(groups[1], "Büro 1")]


USERS = [
    'userName eq "u55@example.in"', 'userName eq "U55@EXAMPLE.in"', 'externalId eq "E-4"', 'externalId eq "e-4"',
    'externalId eq "E-4" or userName eq "u90@example.in"', 'externalId eq "E-4" and displayName co "4"',
    'externalId eq "E-4" and displayName co "5"', 'not (externalId eq "E-4")', 'userName sw "u1"', "externalId pr",
    'userName ne "u55@example.in"', 'groups.display eq "Büro 1"', 'id eq "nothing"', 'externalId eq ""',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "u55@example.in"', 'userName eq "a\\u0000b"',
]  # fmt: skip


@pytest.mark.parametrize("wanted", USERS)
def test_the_database_finds_what_the_library_would(
    full: tuple[Directory, list[str], list[str]], wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = full[0]
    path = f"/Users?filter={wanted.replace(' ', '%20')}"
    quick = ids_of(directory, path)
    monkeypatch.setattr(storage, "column_of", lambda kind, sort_by: None)
    monkeypatch.setattr(storage, "narrow", lambda kind, filtered: narrow(kind, None))
    assert quick == ids_of(directory, path)


@pytest.mark.parametrize(
    "wanted",
    ['displayName eq "büro 1"', 'id eq "{0}" and members eq "{1}"', 'members[value eq "{1}"]',
     'members.value eq "{1}"', 'id eq "{0}" and members eq "{0}"', 'displayName eq "Büro 1" and members pr'],
)  # fmt: skip
def test_the_database_finds_the_groups_that_the_library_would(
    full: tuple[Directory, list[str], list[str]], wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, people, groups = full
    path = f"/Groups?filter={wanted.format(groups[1], people[1]).replace(' ', '%20')}"
    quick = ids_of(directory, path)
    assert quick == ([] if wanted.count("{0}") == 2 else [groups[1]])
    monkeypatch.setattr(storage, "column_of", lambda kind, sort_by: None)
    monkeypatch.setattr(storage, "narrow", lambda kind, filtered: narrow(kind, None))
    assert quick == ids_of(directory, path)


@pytest.mark.parametrize("by", ["userName", "id", "meta.created", "displayName", "externalId"])
def test_what_is_sorted_is_paged_in_that_order(full: tuple[Directory, list[str], list[str]], by: str) -> None:
    directory = full[0]
    whole = ids_of(directory, f"/Users?sortBy={by}")
    assert ids_of(directory, f"/Users?sortBy={by}&sortOrder=descending") == whole[::-1]
    assert ids_of(directory, f"/Users?sortBy={by}&startIndex=4&count=3") == whole[3:6]


def test_the_root_is_searched_for_both_kinds(full: tuple[Directory, list[str], list[str]]) -> None:
    directory, people, groups = full
    assert ids_of(directory, '/?filter=externalId eq "E-2" or displayName eq "Büro 2"') == [people[2], groups[2]]


def test_a_filter_that_would_be_asked_of_too_many_is_refused(
    full: tuple[Directory, list[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 7644 section 3.12, scimType tooMany."""
    directory = full[0]
    monkeypatch.setattr(storage, "MOST_LOOKED_THROUGH", PEOPLE - 1)
    answer = directory.ask("GET", '/Users?filter=displayName co "Person"')
    assert answer.status_code == 400 and json.loads(answer.data)["scimType"] == "tooMany"
    assert len(ids_of(directory, '/Users?filter=displayName co "Person" and externalId eq "E-3"')) == 1
    assert len(ids_of(directory, "/Users")) == PEOPLE

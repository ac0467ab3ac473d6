"""The decision, and the list condition that must say the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, String, Uuid, column, create_engine, select, values

from entitylocker.access import (
    Actor,
    ActorKind,
    Columns,
    Denied,
    Facts,
    Grant,
    Means,
    OrganisationState,
    Permission,
    Reason,
    Role,
    decide,
    list_condition,
    permissions_of,
    require,
)
from entitylocker.access.permissions import (
    DIRECTORY_PERMISSIONS,
    JOB_PERMISSIONS,
    MEMBER_PERMISSIONS,
    OPERATOR_PERMISSIONS,
    PERSON_PERMISSIONS,
    PORTAL_PERMISSIONS,
    REMAINS,
)
from entitylocker.access.roles import ROLE_PERMISSIONS
from entitylocker.config import Settings
from entitylocker.errors import NotFound, PermissionDenied

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OURS = uuid4()
THEIRS = uuid4()
DOCUMENTS = [uuid4() for _ in range(3)]
PATHS = ["/", "/a/", "/a/b/", "/ab/", "/b/"]


def member(*grants: Grant, verified: bool = True, organisation_id: UUID = OURS) -> Actor:
    return Actor(
        kind=ActorKind.PERSON, means=Means.SESSION, organisation_id=organisation_id,
        organisation_verified=verified, grants=grants,
    )  # fmt: skip


def role(which: Role, **scope: object) -> Grant:
    return Grant(permissions_of(which), which, **scope)  # type: ignore[arg-type]


def test_a_role_allows_what_it_holds_and_nothing_else() -> None:
    reader = member(role(Role.READER))
    assert decide(reader, Permission.DOCUMENT_DOWNLOAD, Facts(OURS, "/"), NOW)
    assert decide(reader, Permission.DOCUMENT_DEPOSIT, Facts(OURS, "/"), NOW) == Denied(Reason.NO_ROLE)


def test_another_organisation_is_out_of_reach_for_every_permission() -> None:
    administrator = member(role(Role.ADMINISTRATOR))
    for permission in MEMBER_PERMISSIONS:
        assert decide(administrator, permission, Facts(THEIRS, "/"), NOW) == Denied(Reason.OTHER_ORGANISATION)


@pytest.mark.parametrize(
    ("begins", "ends", "reason"),
    [
        (NOW + DAY, None, Reason.NOT_YET),
        (None, NOW, Reason.ENDED),
        (NOW - DAY, NOW - timedelta(seconds=1), Reason.ENDED),
    ],
)
def test_a_delegation_holds_only_in_its_time(begins: datetime | None, ends: datetime | None, reason: Reason) -> None:
    actor = member(role(Role.READER, starts_at=begins, ends_at=ends))
    assert decide(actor, Permission.DOCUMENT_READ, Facts(OURS, "/"), NOW) == Denied(reason)


def test_a_folder_does_not_reach_its_neighbour_with_a_longer_name() -> None:
    actor = member(role(Role.READER, folder_path="/a/"))
    assert decide(actor, Permission.DOCUMENT_READ, Facts(OURS, "/a/b/"), NOW)
    assert decide(actor, Permission.DOCUMENT_READ, Facts(OURS, "/ab/"), NOW) == Denied(Reason.OUT_OF_SCOPE)


def test_a_stated_only_organisation_does_not_consent() -> None:
    actor = member(role(Role.ADMINISTRATOR), verified=False)
    assert decide(actor, Permission.CONSENT_GIVE, actor.facts, NOW) == Denied(Reason.NOT_VERIFIED)
    assert decide(actor, Permission.DOCUMENT_DEPOSIT, Facts(OURS, "/"), NOW)


def administrator_in(state: OrganisationState) -> Actor:
    return replace(member(role(Role.ADMINISTRATOR)), organisation_state=state)


@pytest.mark.parametrize("state", OrganisationState)
def test_a_state_leaves_exactly_what_is_written_down_for_it(state: OrganisationState) -> None:
    why = {"draft": Reason.DRAFT, "active": Reason.NOT_CLOSED, "suspended": Reason.SUSPENDED, "closed": Reason.CLOSED}
    for permission in MEMBER_PERMISSIONS:
        outcome = decide(administrator_in(state), permission, Facts(OURS, "/"), NOW)
        assert outcome if permission in REMAINS[state] else outcome == Denied(why[state.value]), permission


def test_in_suspension_everything_is_read_and_nothing_changed() -> None:
    acts = {"read", "list", "download", "export"}
    left = set(REMAINS[OrganisationState.SUSPENDED])
    assert {permission.value.split(":")[1] for permission in left - {Permission.PROPOSAL_MAKE}} <= acts
    reads = {p for p in MEMBER_PERMISSIONS if p.value.split(":")[1] in acts}
    assert reads <= left, "what reads stays"


def test_a_closed_organisation_keeps_its_trail_its_export_and_its_last_page() -> None:
    assert REMAINS[OrganisationState.CLOSED] == {
        Permission.ORGANISATION_READ, Permission.ORGANISATION_EXPORT, Permission.ORGANISATION_REOPEN,
        Permission.PROPOSAL_LIST, Permission.AUDIT_READ, Permission.AUDIT_EXPORT,
    }  # fmt: skip


@pytest.mark.parametrize("state", [s for s in OrganisationState if s is not OrganisationState.ACTIVE])
def test_portals_get_nothing_of_an_organisation_that_is_not_active(state: OrganisationState) -> None:
    grant = Grant(PORTAL_PERMISSIONS, document_ids=frozenset(DOCUMENTS))
    portal = Actor(ActorKind.PORTAL, Means.TOKEN, organisation_id=OURS, grants=(grant,), organisation_state=state)
    for permission in PORTAL_PERMISSIONS:
        assert not decide(portal, permission, Facts(OURS, "/", DOCUMENTS[0]), NOW)
        assert decide(replace(portal, organisation_state=OrganisationState.ACTIVE), permission,
                      Facts(OURS, "/", DOCUMENTS[0]), NOW)  # fmt: skip


def test_a_portal_reaches_exactly_the_consented_documents() -> None:
    grant = Grant(PORTAL_PERMISSIONS, document_ids=frozenset(DOCUMENTS[:1]), ends_at=NOW + DAY)
    portal = Actor(ActorKind.PORTAL, Means.TOKEN, organisation_id=OURS, grants=(grant,))
    assert decide(portal, Permission.DOCUMENT_FETCH, Facts(OURS, "/", DOCUMENTS[0]), NOW)
    assert not decide(portal, Permission.DOCUMENT_FETCH, Facts(OURS, "/", DOCUMENTS[1]), NOW)
    assert not decide(portal, Permission.DOCUMENT_DOWNLOAD, Facts(OURS, "/", DOCUMENTS[0]), NOW)
    assert not decide(portal, Permission.DOCUMENT_FETCH, Facts(OURS, "/", DOCUMENTS[0]), NOW + DAY)


def test_an_operator_opens_no_vault() -> None:
    operator = Actor(ActorKind.OPERATOR, Means.SESSION, organisation_id=OURS, grants=(role(Role.ADMINISTRATOR),))
    for permission in MEMBER_PERMISSIONS | PORTAL_PERMISSIONS:
        assert decide(operator, permission, Facts(OURS, "/"), NOW) == Denied(Reason.MEANS)
    for permission in OPERATOR_PERMISSIONS:
        assert decide(operator, permission, Facts(None), NOW)


def test_a_token_in_a_persons_hand_and_a_session_in_a_portals_are_worth_nothing() -> None:
    everything = Grant(frozenset(Permission))
    for kind, means in [
        (ActorKind.PERSON, Means.TOKEN),
        (ActorKind.PORTAL, Means.SESSION),
        (ActorKind.ANONYMOUS, Means.NONE),
    ]:
        actor = Actor(kind, means, organisation_id=OURS, organisation_verified=True, grants=(everything,))
        assert not any(decide(actor, permission, Facts(OURS, "/"), NOW) for permission in Permission)


def test_every_permission_has_exactly_one_kind_of_holder() -> None:
    kinds = [
        MEMBER_PERMISSIONS, PORTAL_PERMISSIONS, DIRECTORY_PERMISSIONS, OPERATOR_PERMISSIONS, JOB_PERMISSIONS,
        PERSON_PERMISSIONS,
    ]  # fmt: skip
    assert frozenset().union(*kinds) == frozenset(Permission)
    assert sum(len(kind) for kind in kinds) == len(Permission)


def test_roles_hold_only_what_members_may_ever_do() -> None:
    assert frozenset().union(*ROLE_PERMISSIONS.values()) <= MEMBER_PERMISSIONS
    assert ROLE_PERMISSIONS[Role.ADMINISTRATOR] == MEMBER_PERMISSIONS


def test_what_cannot_be_seen_is_not_found_and_what_can_is_refused() -> None:
    with pytest.raises(NotFound):
        require(member(role(Role.MEMBER)), Permission.DOCUMENT_BIN, Facts(OURS, "/"), NOW)
    with pytest.raises(PermissionDenied) as refused:
        require(member(role(Role.READER)), Permission.DOCUMENT_BIN, Facts(OURS, "/"), NOW)
    assert refused.value.reason == Reason.NO_ROLE


grants = st.builds(
    Grant,
    permissions=st.frozensets(
        st.sampled_from([Permission.DOCUMENT_READ, Permission.DOCUMENT_FETCH, Permission.CONSENT_GIVE])
    ),
    folder_path=st.none() | st.sampled_from(PATHS),
    document_ids=st.none() | st.frozensets(st.sampled_from(DOCUMENTS)),
    starts_at=st.sampled_from([None, NOW - DAY, NOW, NOW + DAY]),
    ends_at=st.sampled_from([None, NOW - DAY, NOW, NOW + DAY]),
)
actors = st.builds(
    Actor,
    kind=st.sampled_from(ActorKind),
    means=st.sampled_from(Means),
    organisation_id=st.sampled_from([OURS, THEIRS, None]),
    organisation_verified=st.booleans(),
    organisation_state=st.sampled_from(OrganisationState),
    grants=st.lists(grants, max_size=3).map(tuple),
)
_rows = [
    {"organisation_id": organisation, "folder_path": path, "document_id": document}
    for organisation in (OURS, THEIRS)
    for path in PATHS
    for document in DOCUMENTS
]
_things = values(
    column("organisation_id", Uuid), column("folder_path", String), column("document_id", Uuid), name="things"
).data([tuple(row.values()) for row in _rows])


@pytest.fixture(scope="module")
def database(settings: Settings) -> Iterator[Connection]:
    engine = create_engine(settings.database_app_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@given(
    actor=actors,
    permission=st.sampled_from([Permission.DOCUMENT_READ, Permission.DOCUMENT_FETCH, Permission.CONSENT_GIVE]),
)
def test_a_row_is_listed_exactly_when_it_is_allowed(database: Connection, actor: Actor, permission: Permission) -> None:
    columns = Columns(_things.c.organisation_id, _things.c.folder_path, _things.c.document_id)
    found = database.execute(select(_things).where(list_condition(actor, permission, columns, NOW))).all()
    listed = {tuple(row) for row in found}
    allowed = {
        (row["organisation_id"], row["folder_path"], row["document_id"])
        for row in _rows
        if decide(actor, permission, Facts(**row), NOW)  # type: ignore[arg-type]
    }
    assert listed == allowed

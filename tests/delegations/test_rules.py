"""What may be given, decided without any engine: never more than the giver has."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entitylocker.access import Actor, ActorKind, Facts, Grant, Means, Role, decide, permissions_of
from entitylocker.access.roles import FOLDER_ROLES
from entitylocker.delegations import rules
from entitylocker.delegations.errors import (
    EndsBeforeStart,
    EndsInThePast,
    LongerThanYours,
    NotYoursToGive,
    WrongRoleForFolder,
)
from entitylocker.delegations.rules import Phase, Span
from entitylocker.errors import LockerError

ORGANISATION = UUID(int=1)
NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PATHS = ["/", "/aaaa/", "/aaaa/bbbb/", "/aaab/"]

moments = st.integers(-5, 5).map(lambda days: NOW + days * DAY)


def actor_with(*grants: Grant) -> Actor:
    return Actor(ActorKind.PERSON, Means.SESSION, organisation_id=ORGANISATION, membership_id=uuid4(), grants=grants)


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    role = draw(st.sampled_from(list(Role)))
    starts_at, ends_at = draw(st.none() | moments), draw(st.none() | moments)
    return Grant(
        permissions=permissions_of(role),
        role=role,
        folder_path=draw(st.none() | st.sampled_from(PATHS)),
        starts_at=starts_at,
        ends_at=ends_at,
        delegation_id=draw(st.none() | st.just(uuid4())),
    )


@given(
    st.lists(grants(), max_size=4),
    st.sampled_from(list(Role)),
    st.none() | st.sampled_from(PATHS),
    moments,
    st.none() | st.integers(1, 6),
)
def test_what_is_given_never_exceeds_what_its_giver_may(
    held: list[Grant], role: Role, path: str | None, starts_at: datetime, days: int | None
) -> None:
    """At every moment and place at which the receiver could act, the giver could, too."""
    giver = actor_with(*held)
    span = Span(starts_at, None if days is None else starts_at + days * DAY)
    try:
        grant = rules.covering_grant(giver, role, path, span, NOW)
    except LockerError:
        return
    given_grant = Grant(permissions_of(role), role, path, starts_at=span.starts_at, ends_at=span.ends_at)
    receiver = actor_with(given_grant)
    assert grant in held
    for moment in (NOW + hours * DAY / 2 for hours in range(30)):
        for permission in permissions_of(role):
            for place in [None, *PATHS, "/aaaa/bbbb/cccc/"]:
                facts = Facts(ORGANISATION, folder_path=place)
                if decide(receiver, permission, facts, moment):
                    assert decide(giver, permission, facts, moment)


def test_the_membership_is_what_a_delegation_rests_on_where_it_can() -> None:
    base = Grant(permissions_of(Role.ADMINISTRATOR), Role.ADMINISTRATOR)
    lent = Grant(permissions_of(Role.ADMINISTRATOR), Role.ADMINISTRATOR, delegation_id=uuid4())
    span = Span(NOW, None)
    assert rules.covering_grant(actor_with(lent, base), Role.READER, None, span, NOW) is base


def test_the_reason_of_a_refusal_is_the_nearest() -> None:
    reader = Grant(permissions_of(Role.READER), Role.READER, folder_path="/aaaa/", ends_at=NOW + 3 * DAY)
    giver = actor_with(reader)
    fits = Span(NOW, NOW + 3 * DAY)
    assert rules.covering_grant(giver, Role.READER, "/aaaa/bbbb/", fits, NOW) is reader
    for role, path, span, refusal in [
        (Role.READER, "/aaaa/", Span(NOW, NOW + 4 * DAY), LongerThanYours),
        (Role.READER, "/aaaa/", Span(NOW, None), LongerThanYours),
        (Role.READER, "/aaab/", fits, NotYoursToGive),
        (Role.READER, "/", fits, NotYoursToGive),
        (Role.READER, None, fits, NotYoursToGive),
        (Role.SIGNATORY, "/aaaa/", fits, NotYoursToGive),
        (Role.ADMINISTRATOR, "/aaaa/", fits, WrongRoleForFolder),
    ]:
        with pytest.raises(refusal):
            rules.covering_grant(giver, role, path, span, NOW)


@pytest.mark.parametrize("role", [role for role in Role if role not in FOLDER_ROLES])
def test_roles_of_the_whole_organisation_are_not_for_a_folder(role: Role) -> None:
    base = Grant(permissions_of(Role.ADMINISTRATOR), Role.ADMINISTRATOR)
    with pytest.raises(WrongRoleForFolder):
        rules.covering_grant(actor_with(base), role, "/aaaa/", Span(NOW, None), NOW)


def test_days_are_days_in_india_and_the_last_one_counts() -> None:
    span = rules.span_of(date(2026, 4, 1), date(2026, 4, 1), NOW)
    assert span.starts_at == datetime(2026, 3, 31, 18, 30, tzinfo=UTC)
    assert span.ends_at == datetime(2026, 4, 1, 18, 30, tzinfo=UTC)
    assert rules.span_of(date(2026, 4, 1), None, NOW).ends_at is None
    with pytest.raises(EndsBeforeStart):
        rules.span_of(date(2026, 4, 2), date(2026, 4, 1), NOW)
    with pytest.raises(EndsInThePast):
        rules.span_of(date(2026, 3, 1), date(2026, 3, 31), NOW)


@pytest.mark.parametrize(
    ("starts", "ends", "revoked", "phase"),
    [
        (-1, 1, None, Phase.CURRENT),
        (0, None, None, Phase.CURRENT),
        (1, 2, None, Phase.COMING),
        (-2, 0, None, Phase.ENDED),
        (-1, None, 0, Phase.ENDED),
        (1, None, 0, Phase.ENDED),
    ],
)
def test_where_a_delegation_stands(starts: int, ends: int | None, revoked: int | None, phase: Phase) -> None:
    def at(days: int | None) -> datetime | None:
        return None if days is None else NOW + days * DAY

    begun = at(starts)
    assert begun is not None
    assert rules.phase_of(NOW, starts_at=begun, ends_at=at(ends), revoked_at=at(revoked)) is phase

"""Counting votes, as pure rules: no number of proposals and votes below the quorum ends an administrator."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entitylocker.organisations.life_rules import (
    EXPORT_KEEPS,
    OBJECTION_TIME,
    UNDO_WITHIN,
    Ballot,
    Count,
    count,
    is_export_good,
    may_undo_closing,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PEOPLE = [UUID(int=number) for number in range(1, 8)]
SECOND = timedelta(seconds=1)


def ballot(others: int, yes: int, no: int = 0, **rest: object) -> Ballot:
    """About the first of all: `others` have a vote, so many said yes and no."""
    voters = PEOPLE[1 : 1 + others]
    votes = {voter: index < yes for index, voter in enumerate(voters[: yes + no])}
    return Ballot(frozenset(PEOPLE[: 1 + others]), PEOPLE[0], votes, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(("others", "needed"), [(2, 2), (3, 2), (4, 3), (5, 3), (6, 4)], ids=lambda value: f"{value}")
def test_more_than_half_of_the_others_and_at_least_two_carry_it(others: int, needed: int) -> None:
    assert count(ballot(others, needed - 1), NOW) is Count.OPEN
    assert count(ballot(others, needed), NOW) is Count.PASSED


def test_what_can_no_longer_pass_is_declined() -> None:
    assert count(ballot(2, 1, 1), NOW) is Count.DECLINED
    assert count(ballot(3, 1, 1), NOW) is Count.OPEN
    assert count(ballot(3, 1, 2), NOW) is Count.DECLINED


def test_one_alone_waits_for_the_objection_of_the_other() -> None:
    assert count(ballot(1, 1), NOW) is Count.WAITING
    assert count(ballot(1, 1, alone_since=NOW - OBJECTION_TIME + SECOND), NOW) is Count.WAITING
    assert count(ballot(1, 1, alone_since=NOW - OBJECTION_TIME), NOW) is Count.PASSED
    assert count(ballot(1, 1, alone_since=NOW - OBJECTION_TIME, objected=True), NOW) is Count.OBJECTED


def test_an_objection_stops_nobody_but_one_alone() -> None:
    assert count(ballot(2, 2, objected=True), NOW) is Count.PASSED


def test_votes_of_those_who_are_no_administrators_now_do_not_count() -> None:
    gone = {PEOPLE[5]: True, PEOPLE[6]: True}
    assert count(Ballot(frozenset(PEOPLE[:3]), PEOPLE[0], {PEOPLE[1]: True, **gone}), NOW) is Count.OPEN
    own = {PEOPLE[0]: True, PEOPLE[1]: True}
    assert count(Ballot(frozenset(PEOPLE[:3]), PEOPLE[0], own), NOW) is Count.OPEN, "whom it concerns has no vote"


@pytest.mark.parametrize(("administrators", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3)])
def test_what_concerns_nobody_needs_more_than_half_of_all(administrators: int, needed: int) -> None:
    everybody = frozenset(PEOPLE[:administrators])
    few = dict.fromkeys(PEOPLE[: needed - 1], True)
    assert count(Ballot(everybody, None, few), NOW) is not Count.PASSED
    assert count(Ballot(everybody, None, dict.fromkeys(PEOPLE[:needed], True)), NOW) is Count.PASSED


def test_with_nobody_to_vote_nothing_passes() -> None:
    assert count(Ballot(frozenset(), None, {}), NOW) is Count.OPEN
    assert count(Ballot(frozenset(PEOPLE[:1]), PEOPLE[0], {}), NOW) is Count.OPEN


@dataclass
class Room:
    """Administrators who propose each other's end and vote, as the service does it, without a database."""

    administrators: set[UUID]
    votes: dict[UUID, dict[UUID, bool]] = field(default_factory=dict)
    alone: dict[UUID, datetime] = field(default_factory=dict)

    def say(self, who: UUID, about: UUID, yes: bool, now: datetime) -> None:
        if who not in self.administrators or about not in self.administrators or who == about:
            return
        self.votes.setdefault(about, {})[who] = yes
        found = Ballot(frozenset(self.administrators), about, self.votes[about], self.alone.get(about))
        result = count(found, now)
        if result is Count.WAITING:
            self.alone.setdefault(about, now)
        if result is Count.PASSED:
            self.administrators.discard(about)


steps = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans(), st.sampled_from([0, 0, 1, 7, 8])), max_size=60
)


@given(size=st.integers(2, 6), plotters=st.sets(st.integers(0, 5)), acts=steps)
def test_fewer_than_the_quorum_never_end_an_administrator(
    size: int, plotters: set[int], acts: list[tuple[int, int, bool, int]]
) -> None:
    """Whoever says yes, and how often: while they are too few, nobody is ended by them."""
    room, now = Room(set(PEOPLE[:size])), NOW
    for who, about, yes, days in acts:
        now += timedelta(days=days)
        if who in plotters:
            before, victim = frozenset(room.administrators), PEOPLE[about % size]
            room.say(PEOPLE[who % 7], victim, yes, now)
            if victim in before and victim not in room.administrators:
                others = before - {victim}
                said_yes = {voter for voter, vote in room.votes[victim].items() if vote and voter in others}
                assert said_yes <= {PEOPLE[plotter % 7] for plotter in plotters}
                assert 2 * len(said_yes) > len(others)
                assert len(said_yes) >= 2 or (len(others) == 1 and now - room.alone[victim] >= OBJECTION_TIME)
    assert room.administrators, "somebody always remains"


@given(size=st.integers(3, 6), acts=steps, lone=st.integers(0, 5))
def test_one_alone_among_three_or_more_ends_nobody(
    size: int, acts: list[tuple[int, int, bool, int]], lone: int
) -> None:
    room, now = Room(set(PEOPLE[:size])), NOW
    for _, about, yes, days in acts:
        now += timedelta(days=days)
        room.say(PEOPLE[lone % size], PEOPLE[about % size], yes, now)
    assert room.administrators == set(PEOPLE[:size])


def test_closing_can_be_undone_for_thirty_days() -> None:
    assert may_undo_closing(NOW, NOW + UNDO_WITHIN - SECOND)
    assert not may_undo_closing(NOW, NOW + UNDO_WITHIN)
    assert not may_undo_closing(None, NOW)


def test_an_export_is_good_while_it_is_fresh_and_whole() -> None:
    assert is_export_good(NOW, NOW - SECOND, NOW)
    assert is_export_good(NOW, None, NOW + EXPORT_KEEPS)
    assert not is_export_good(NOW, None, NOW + EXPORT_KEEPS + SECOND)
    assert not is_export_good(NOW, NOW + SECOND, NOW + SECOND), "something was deposited since"
    assert not is_export_good(None, None, NOW)


def test_who_was_seated_lately_decides_nothing_while_somebody_older_can() -> None:
    """One account that was taken over must not seat its own majority against the only other administrator."""
    old, seated = PEOPLE[1], PEOPLE[2:5]
    votes = dict.fromkeys([old, *seated], True)
    everybody = frozenset([PEOPLE[0], old, *seated])
    taken_over = Ballot(everybody, PEOPLE[0], votes, settled=frozenset([PEOPLE[0], old]))
    assert count(taken_over, NOW) is Count.WAITING
    objected = Ballot(everybody, PEOPLE[0], votes, NOW - OBJECTION_TIME, True, settled=frozenset([PEOPLE[0], old]))
    assert count(objected, NOW) is Count.OBJECTED


def test_who_was_seated_lately_cannot_block_either() -> None:
    old, seated = PEOPLE[1:3], PEOPLE[3:7]
    votes = {**dict.fromkeys(old, True), **dict.fromkeys(seated, False)}
    found = Ballot(frozenset(PEOPLE), PEOPLE[0], votes, settled=frozenset(PEOPLE[:3]))
    assert count(found, NOW) is Count.PASSED


def test_where_nobody_is_settled_yet_everybody_decides() -> None:
    found = Ballot(frozenset(PEOPLE[:3]), PEOPLE[0], dict.fromkeys(PEOPLE[1:3], True), settled=frozenset())
    assert count(found, NOW) is Count.PASSED


def test_what_concerns_nobody_still_needs_two_where_there_are_two() -> None:
    settled = frozenset(PEOPLE[:1])
    alone = Ballot(frozenset(PEOPLE[:2]), None, {PEOPLE[0]: True}, settled=settled)
    assert count(alone, NOW) is Count.OPEN
    both = Ballot(frozenset(PEOPLE[:2]), None, dict.fromkeys(PEOPLE[:2], True), settled=settled)
    assert count(both, NOW) is Count.PASSED


def test_people_seated_lately_do_not_remove_the_one_who_was_there_before_them() -> None:
    """The founder is the only settled administrator, and two who came yesterday want the founder out."""
    young = Ballot(frozenset(PEOPLE[:3]), PEOPLE[0], dict.fromkeys(PEOPLE[1:3], True), settled=frozenset(PEOPLE[:1]))
    assert count(young, NOW) is Count.WAITING
    votes = dict.fromkeys(PEOPLE[1:3], True)
    objected = Ballot(frozenset(PEOPLE[:3]), PEOPLE[0], votes, NOW - OBJECTION_TIME, True, frozenset(PEOPLE[:1]))
    assert count(objected, NOW) is Count.OBJECTED


def test_somebody_seated_lately_does_not_second_against_a_no() -> None:
    settled, honest, seated = PEOPLE[:3]
    votes = {settled: True, honest: False, seated: True}
    assert count(Ballot(frozenset(PEOPLE[:3]), None, votes, settled=frozenset([settled])), NOW) is Count.OPEN

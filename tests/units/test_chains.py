"""Whatever branches, letters and entries come after one another: nobody holds more than a source gives them today."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entitylocker.access import Permission, Role, decide, permissions_of
from entitylocker.errors import LockerError
from entitylocker.organisations import service as organisations_service
from entitylocker.units import service
from entitylocker.units.rules import AGENCY_ROLES
from tests.factories import Member, Organisations
from tests.units.world import acting, authorise, enter, give_branch, join, name_agent

ORGANISATIONS, PEOPLE = 4, 3
# Who is a member of what at the beginning: the state (0) has three people, the agency (3) two of them, too.
MEMBERS = ((0, 0), (1, 0), (2, 0), (1, 3), (2, 3), (0, 1))


@dataclass
class Branch:
    id: UUID
    giver: int
    person: int
    unit: int
    live: bool = True


@dataclass
class Letter:
    id: UUID
    department: int
    agency: int
    role: Role
    live: bool = True
    agents: dict[int, UUID] = field(default_factory=dict)


class Model:
    """What was done, kept in plain Python beside the real thing, and what follows from it."""

    def __init__(self, app: Flask, organisations: Organisations) -> None:
        self.app = app
        self.heads = [organisations.make(name=f"Organisation {number}") for number in range(ORGANISATIONS)]
        self.people = [organisations.person(f"Person {number}") for number in range(PEOPLE)]
        self.parent: dict[int, int] = {}
        self.links: dict[int, UUID] = {}
        # When each joined its parent, and when it last said yes to all above it.
        self.ticks = itertools.count()
        self.joined: dict[int, int] = {}
        self.agreed: dict[int, int] = {}
        self.plain: set[tuple[int, int]] = set()
        self.branches: list[Branch] = []
        self.letters: list[Letter] = []
        for person, place in MEMBERS:
            self._seat(person, place)
        self.join(0, 1)
        self.join(1, 2)

    def _seat(self, person: int, place: int) -> None:
        head, guest = self.heads[place], self.people[person]
        with self.app.test_request_context():
            issued = organisations_service.invite_member(head.actor, guest.email, Role.MEMBER)
            organisations_service.redeem_invitation(guest.actor, issued.link.rsplit("/", 1)[-1])
        self.plain.add((person, place))

    def member(self, person: int, place: int) -> Member:
        return Member(**{**vars(self.people[person]), "organisation_id": self.heads[place].organisation_id})

    # What can be done; each raises LockerError where it may not be.

    def join(self, above: int, below: int) -> None:
        self.links[below] = join(self.heads[above], self.heads[below])
        self.parent[below] = above
        self.joined[below] = self.agreed[below] = next(self.ticks)

    def agree(self, below: int) -> None:
        with self.app.test_request_context():
            service.agree_to_above(self.heads[below].actor)
        self.agreed[below] = next(self.ticks)

    def leave(self, below: int) -> None:
        if below in self.parent:
            with self.app.test_request_context():
                service.leave_parent(self.heads[below].actor, self.links[below])
            del self.parent[below]

    def give(self, giver: int, person: int, unit: int) -> None:
        if (person, giver) in self.plain:
            made = give_branch(self.heads[giver], self.member(person, giver), self.heads[unit].organisation_id)
            self.branches.append(Branch(made, giver, person, unit))

    def take_back(self, which: int) -> None:
        if self.branches:
            branch = self.branches[which % len(self.branches)]
            with self.app.test_request_context():
                service.revoke_branch(self.heads[branch.giver].actor, branch.id)
            branch.live = False

    def authorise(self, department: int, agency: int, role: int) -> None:
        chosen = AGENCY_ROLES[role % len(AGENCY_ROLES)]
        made = authorise(self.heads[department], self.heads[agency], chosen)
        self.letters.append(Letter(made, department, agency, chosen))

    def name(self, which: int, person: int) -> None:
        if self.letters:
            letter = self.letters[which % len(self.letters)]
            if (person, letter.agency) in self.plain:
                letter.agents[person] = name_agent(
                    self.heads[letter.agency], letter.id, self.member(person, letter.agency)
                )

    def end_letter(self, which: int) -> None:
        if self.letters:
            letter = self.letters[which % len(self.letters)]
            with self.app.test_request_context():
                service.end_authorisation(self.heads[letter.department].actor, letter.id)
            letter.live = False

    def end_agent(self, which: int, person: int) -> None:
        if self.letters:
            letter = self.letters[which % len(self.letters)]
            if person in letter.agents:
                with self.app.test_request_context():
                    service.end_agent(self.heads[letter.agency].actor, letter.id, letter.agents[person])
                del letter.agents[person]

    def enter(self, person: int, place: int) -> None:
        enter(self.people[person], self.heads[place].organisation_id)

    def go(self, person: int, place: int) -> None:
        if (person, place) in self.plain:
            with self.app.test_request_context():
                organisations_service.leave_organisation(self.member(person, place).actor)
            self.plain.discard((person, place))

    # What follows.

    def is_below(self, place: int, above: int) -> bool:
        while place in self.parent:
            place = self.parent[place]
            if place == above:
                return True
        return False

    def is_reached(self, place: int, above: int) -> bool:
        """Whether everything on the way said yes when `above` was above it already."""
        until = next(self.ticks)
        while place in self.parent and self.joined[place] <= until:
            until, place = min(until, self.agreed[place]), self.parent[place]
            if place == above:
                return True
        return False

    def sources(self, person: int, place: int) -> list[frozenset[Permission]]:
        """The permissions that each standing source gives the person there, today."""
        if (person, place) in self.plain:
            return [permissions_of(Role.MEMBER)]
        found = [
            permissions_of(Role.BRANCH_ADMINISTRATOR)
            for branch in self.branches
            if branch.live
            and branch.person == person
            and (person, branch.giver) in self.plain
            and self.is_below(branch.unit, branch.giver)
            and self.is_reached(place, branch.giver)
            and (place == branch.unit or self.is_below(place, branch.unit))
        ]
        return found + [
            permissions_of(letter.role)
            for letter in self.letters
            if letter.live
            and letter.department == place
            and person in letter.agents
            and (person, letter.agency) in self.plain
        ]

    def check(self) -> None:
        for person in range(PEOPLE):
            for place in range(ORGANISATIONS):
                actor = acting(self.people[person], self.heads[place].organisation_id)
                sources = self.sources(person, place)
                if actor is None:
                    assert (person, place) not in self.plain
                    continue
                held = frozenset(each for each in Permission if decide(actor, each, actor.facts))
                given = permissions_of(actor.roles[0])
                assert given in sources, f"person {person} in organisation {place} holds what nothing gives"
                assert held <= given | {
                    Permission.ACCOUNT_OWN,
                    Permission.ORGANISATION_REGISTER,
                    Permission.SESSION_OWN,
                }


Step = tuple[str, int, int, int]
NAMES = (
    "give",
    "take_back",
    "authorise",
    "name",
    "end_letter",
    "end_agent",
    "enter",
    "enter",
    "go",
    "leave",
    "join",
    "agree",
)


def _apply(model: Model, step: Step) -> None:
    what, a, b, c = step
    place, person, other = a % ORGANISATIONS, b % PEOPLE, c % ORGANISATIONS
    acts: dict[str, Callable[[], Any]] = {
        "give": lambda: model.give(place, person, other),
        "take_back": lambda: model.take_back(a),
        "authorise": lambda: model.authorise(place, other, b),
        "name": lambda: model.name(a, person),
        "end_letter": lambda: model.end_letter(a),
        "end_agent": lambda: model.end_agent(a, person),
        "enter": lambda: model.enter(person, place),
        "go": lambda: model.go(person, place),
        "leave": lambda: model.leave(place),
        "join": lambda: model.join(place, other),
        "agree": lambda: model.agree(place),
    }
    try:
        acts[what]()
    except LockerError:
        return


@settings(max_examples=4, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(NAMES), st.integers(0, 11), st.integers(0, 11), st.integers(0, 11)),
        min_size=8,
        max_size=16,
    )
)
def test_no_chain_gives_more_than_its_sources(app: Flask, organisations: Organisations, steps: list[Step]) -> None:
    model = Model(app, organisations)
    # Something to stand on, so that the steps meet it.
    for step in (("give", 0, 0, 1), ("enter", 1, 0, 0), ("authorise", 2, 1, 3), ("name", 0, 1, 0), ("enter", 2, 1, 0)):
        _apply(model, step)
    model.check()
    for step in steps:
        _apply(model, step)
    model.check()

"""Units, branches and agencies for the permission matrix: a parent above, and one of each thing in a house."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from entitylocker.access import Role
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.organisations import service as organisations_service
from entitylocker.units import service as units
from tests.factories import Member, Person
from tests.units.world import authorise, enter, give_branch, join, letter, name_agent, open_unit

if TYPE_CHECKING:
    from flask import Flask

    from tests.architecture.matrix import House
    from tests.factories import Organisations

_numbers = itertools.count(1)
UNIT_KINDS = ("unit_id", "link_id", "parent_link_id", "branch_id", "authorisation_id", "agency_letter_id",
              "vouched_unit_id")  # fmt: skip

UNIT_FIELDS = {
    "units.open_unit": lambda scene: {"name": f"Office {next(_numbers)}", "kind": "other"},
    "units.ask": lambda scene: {"organisation_code": scene.code_of_somebody()},
    "units.vouch": lambda scene: {"letter": (letter().stream, "order.pdf")},
    "units.give_branch": lambda scene: {
        "membership_id": str(scene.own.ids["membership_id"]), "unit_id": str(scene.own.ids["unit_id"]),
        "starts_on": "2026-01-01", "reason": "for the matrix",
    },
    "units.offer": lambda scene: scene.terms(),
    "units.propose": lambda scene: scene.terms(),
    "units.invite_head": lambda scene: {"email": f"head{next(_numbers)}@example.in"},
    "units.join": lambda scene: {"above": str(scene.asker_id)},
    "units.agree": lambda scene: {"above": str(scene.above.organisation_id)},
    "operator_vouchings.end": lambda scene: {"reason": "for the matrix"},
    "units.name_agent": lambda scene: {"membership_id": str(scene.own.ids["membership_id"])},
}  # fmt: skip
# Acts that use their thing up, and the kind that stands for it there.
UNIT_USED_UP = {
    "units.join": "link_id",
    "units.leave": "link_id",
    "units.end": "parent_link_id",
    "units.withdraw": "vouching_house_id",
    "operator_vouchings.end": "vouching_id",
    "units.revoke_branch": "branch_id",
    "units.end_agency": "authorisation_id",
    "units.end_agent": "agent_id",
}
# What an address calls them.
UNIT_ALIASES = {
    "parent_link_id": "link_id",
    "vouching_house_id": "organisation_id",
    "vouching_id": "identifier_id",
}


def stands_for(endpoint: str, name: str) -> str:
    """Under which kind a scene keeps what an address of these pages names."""
    if endpoint == "units.end" and name == "link_id":
        return "parent_link_id"
    if endpoint == "units.withdraw" and name == "unit_id":
        return "vouched_unit_id"
    if endpoint in ("units.name_agent", "units.end_agent") and name == "authorisation_id":
        return "agency_letter_id"
    return name


class UnitThings:
    """The part of a scene that this room needs."""

    app: Flask
    organisations: Organisations
    own: House
    guests: Member
    asker_id: UUID

    @functools.cached_property
    def above(self) -> Member:
        """The parent of one's own house."""
        parent = self.organisations.make(name="State of Tests")
        join(parent, self.own.administrator)
        return parent

    def seated(self) -> Member:
        """Somebody of the parent who administers one's own house from there."""
        member = self.organisations.add_member(Role.MEMBER, self.above.organisation_id, name="Meera Rao")
        give_branch(self.above, member, self.own.organisation_id)
        enter(member, self.own.organisation_id)
        return Member(**{**vars(member), "organisation_id": self.own.organisation_id})

    def entrance(self, person: Person) -> UUID:
        """A unit that the person may enter."""
        parent = self.organisations.make(name="Another State")
        unit_id = open_unit(parent, "Office to enter")
        with self.app.test_request_context():
            issued = organisations_service.invite_member(parent.actor, person.email, Role.MEMBER)
            guest = Person.actor.fget(person)  # type: ignore[attr-defined]
            organisations_service.redeem_invitation(guest, urlsplit(issued.link).path.rsplit("/", 1)[-1])
        member = Member(**{**vars(person), "organisation_id": parent.organisation_id})
        give_branch(parent, member, unit_id)
        return unit_id

    def code_of_somebody(self) -> str:
        """The code of an organisation that nobody has asked anything."""
        with self.app.test_request_context():
            return units.renew_code(self.organisations.make(name="To be asked").actor)

    def terms(self) -> dict[str, Any]:
        """What a letter of authorisation says."""
        with self.app.test_request_context():
            code = units.renew_code(self.guests.actor)
        return {
            "organisation_code": code, "role": "reader", "starts_on": "2026-11-01", "ends_on": "2027-06-30",
            "reason": "for the matrix", "letter": (letter().stream, "order.pdf"),
        }  # fmt: skip

    def _new_unit_id(self, house: House) -> UUID:
        return units.open_child(
            house.administrator.actor, name=f"Unit {next(_numbers)}", kind=OrganisationKind.OTHER, note=""
        )

    def _vouched(self, house: House) -> tuple[Member, UUID, UUID]:
        """A department of the house's administrator, its unit, and the identifier by which it vouches for that."""
        founder = Person.actor.fget(house.administrator)  # type: ignore[attr-defined]
        kind = OrganisationKind.GOVERNMENT_DEPARTMENT
        department_id = organisations_service.register_organisation(
            founder, name="Department that vouches", kind=kind, identifier_kind=IdentifierKind.DEPARTMENT,
            identifier=f"D-{uuid4().hex[:8].upper()}", letter=letter(),
        )  # fmt: skip
        self.organisations.verify(department_id)
        head = Member(**{**vars(house.administrator), "organisation_id": department_id})
        unit_id = units.open_child(head.actor, name=f"Unit {next(_numbers)}", kind=kind, note="")
        return head, unit_id, units.vouch_for(head.actor, unit_id, letter())

    def _new_vouched_unit_id(self, house: House) -> UUID:
        return self._vouched(house)[1]

    def _new_vouching_house_id(self, house: House) -> UUID:
        """Where the administrator of the house vouches for a unit, which addresses name from now on."""
        head, house.ids["vouched_unit_id"], _ = self._vouched(house)
        return head.organisation_id

    def _new_vouching_id(self, house: House) -> UUID:
        return self._vouched(house)[2]

    def _new_link_id(self, house: House) -> UUID:
        """A question to the house."""
        asker = self.organisations.make(name="Asks to be a parent")
        self.asker_id = asker.organisation_id
        return units.ask_to_join(asker.actor, code=units.renew_code(house.administrator.actor))

    def _new_parent_link_id(self, house: House) -> UUID:
        """A question by the house."""
        return units.ask_to_join(house.administrator.actor, code=self.code_of_somebody())

    def _new_branch_id(self, house: House) -> UUID:
        member = self.organisations.add_member(Role.MEMBER, house.organisation_id)
        return give_branch(house.administrator, member, house.ids["unit_id"])

    def _new_authorisation_id(self, house: House) -> UUID:
        return authorise(house.administrator, self.guests, Role.READER)

    def _new_agency_letter_id(self, house: House) -> UUID:
        return authorise(self.guests, house.administrator, Role.READER)

    def _new_agent_id(self, house: House) -> UUID:
        member = self.organisations.add_member(Role.MEMBER, house.organisation_id)
        return name_agent(house.administrator, house.ids["agency_letter_id"], member)

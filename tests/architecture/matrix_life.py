"""The life of organisations for the permission matrix: proposals in a house, and organisations that may be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from entitylocker.access import Role
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.organisations import service as organisations_service
from tests.factories import Member, Person, next_pan
from tests.organisations.helpers import about, close, put_export, suspend

if TYPE_CHECKING:
    from flask import Flask

    from tests.architecture.matrix import House
    from tests.factories import Organisations

REASON = "for the matrix"
NAME = "Organisation at its end"

LIFE_FIELDS = {
    "organisations.suspend": lambda scene: {"reason": REASON},
    "organisations.propose_lift": lambda scene: {"reason": REASON},
    "organisations.propose_close": lambda scene: {"reason": REASON, "name": NAME},
    "organisations.propose": lambda scene: {
        "reason": REASON, "kind": "remove", "concerned_id": str(scene.own.ids["membership_id"]),
    },
    "organisations.vote": lambda scene: {"vote": "yes"},
    "operator_organisations.suspend": lambda scene: {"reason": REASON},
    "operator_organisations.lift": lambda scene: {"reason": REASON},
    "operator_organisations.reopen": lambda scene: {"reason": REASON},
}  # fmt: skip
# Acts that use their thing up, and the kind that stands for it there.
LIFE_USED_UP = {
    "organisations.suspend": "life_organisation_id",
    "organisations.propose_lift": "suspended_organisation_id",
    "organisations.propose_close": "exported_organisation_id",
    "organisations.reopen": "closed_organisation_id",
    "organisations.vote": "proposal_id",
    "organisations.object_to": "concerning_proposal_id",
    "organisations.withdraw_proposal": "my_proposal_id",
    "organisations.carry_out": "proposal_id",
    "operator_organisations.suspend": "life_organisation_id",
    "operator_organisations.lift": "suspended_organisation_id",
    "operator_organisations.reopen": "closed_organisation_id",
}
# What an address calls them.
LIFE_ALIASES = {
    **{f"{state}_organisation_id": "organisation_id" for state in ("life", "suspended", "exported", "closed")},
    "concerning_proposal_id": "proposal_id",
    "my_proposal_id": "proposal_id",
}


class LifeThings:
    """The part of a scene that this subject needs."""

    app: Flask
    organisations: Organisations

    def another_administrator(self, house: House) -> Member:
        """One more administrator of a house."""
        return self.organisations.add_member(Role.ADMINISTRATOR, house.organisation_id)

    def _propose(self, house: House, by: Member, concerned: Member) -> UUID:
        del house
        return organisations_service.propose(by.actor, about(concerned))

    def _new_proposal_id(self, house: House) -> UUID:
        return self._propose(house, self.another_administrator(house), self.another_administrator(house))

    def _new_concerning_proposal_id(self, house: House) -> UUID:
        return self._propose(house, self.another_administrator(house), house.administrator)

    def _new_my_proposal_id(self, house: House) -> UUID:
        return self._propose(house, house.administrator, self.another_administrator(house))

    def _founded(self, house: House) -> Member:
        """An organisation of the house's administrator that may be lost."""
        founder = Person.actor.fget(house.administrator)  # type: ignore[attr-defined]
        organisation_id = organisations_service.register_organisation(
            founder, name=NAME, kind=OrganisationKind.COMPANY, identifier_kind=IdentifierKind.PAN, identifier=next_pan()
        )
        return Member(**{**vars(house.administrator), "organisation_id": organisation_id})

    def _new_life_organisation_id(self, house: House) -> UUID:
        return self._founded(house).organisation_id

    def _new_suspended_organisation_id(self, house: House) -> UUID:
        founded = self._founded(house)
        suspend(founded)
        return founded.organisation_id

    def _new_exported_organisation_id(self, house: House) -> UUID:
        founded = self._founded(house)
        put_export(founded)
        return founded.organisation_id

    def _new_closed_organisation_id(self, house: House) -> UUID:
        founded = self._founded(house)
        close(founded)
        return founded.organisation_id

"""Onboarding for the permission matrix: files looked at and worked through, slips, invitations that wait."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING
from uuid import UUID

from entitylocker.access import Means, Role
from entitylocker.onboarding import service as onboarding
from entitylocker.organisations import service as organisations_service
from tests.factories import Person

if TYPE_CHECKING:
    from flask import Flask

    from tests.architecture.matrix import House
    from tests.factories import Organisations

_numbers = itertools.count(1)


def officers() -> bytes:
    """A file with one officer, who gets a slip in a department that nobody has had yet."""
    number = next(_numbers)
    return f"Department,Officer,Role,Way\nOffice {number},Asha Rao {number},reader,slip\n".encode()


ONBOARDING_FIELDS = {
    "organisations.join": lambda scene: {"code": "0000-0000-0000-0000"},
    "organisations.issue_slip": lambda scene: {"guest_name": "Asha Rao", "role": "reader"},
    "organisations.invite_by_phone": lambda scene: {"guest_name": "Asha Rao", "phone": "9876543210", "role": "reader"},
    "onboarding.send_file": lambda scene: {"file": (io.BytesIO(officers()), "officers.csv")},
    "onboarding.set_target": lambda scene: {"officers": str(next(_numbers))},
}
ONBOARDING_KINDS = ("run_id", "slip_id")
ONBOARDING_USED_UP = {
    "onboarding.start": "run_id",
    "onboarding.undo": "worked_run_id",
    "onboarding.slips": "worked_run_id",
}
ONBOARDING_ALIASES = {"worked_run_id": "run_id"}


class OnboardingThings:
    """The part of a scene that this subject needs."""

    app: Flask
    organisations: Organisations

    def _new_run_id(self, house: House) -> UUID:
        return onboarding.keep_run(house.administrator.actor, onboarding.SentFile("officers.csv", officers()))

    def _new_worked_run_id(self, house: House) -> UUID:
        run_id, member = self._new_run_id(house), house.administrator
        onboarding.work(lambda: onboarding.load_runner(member.person_id, member.organisation_id, Means.COMMAND), run_id)
        return run_id

    def _new_slip_id(self, house: House) -> UUID:
        guest = organisations_service.ForWhom(guest_name="Asha Rao")
        return organisations_service.issue_slip(house.administrator.actor, guest, Role.READER).id

    def waiting(self, person: Person) -> UUID:
        """An invitation that waits for somebody, in an organisation of its own."""
        administrator = self.organisations.make(name="Waiting Room", verified=False)
        with self.app.test_request_context():
            return organisations_service.invite_member(administrator.actor, person.email, Role.READER).id

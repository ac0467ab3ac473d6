"""What the permission matrix needs of the room of citizen lockers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from tests.citizen import rows
from tests.factories import Person

CITIZEN_LOCKER = {
    "key": "sample", "name": "Sample", "adapter": "digilocker", "base_url": "https://citizen.example",
    "client_id": "entitylocker", "client_secret": "for nobody",
}  # fmt: skip

NAMED: dict[str, Any] = {"locker_key": CITIZEN_LOCKER["key"], "proof_id": UUID(int=7), "shown_id": UUID(int=7)}

# Addresses without an organisation: whoever comes, comes with a thing of their own.
OF_PERSONS = {
    "citizen.end_link", "citizen.lend", "citizen.remove_ekyc", "citizen.hide_proof", "citizen.withdraw",
    "citizen.allow_copy", "citizen.own_record",
}  # fmt: skip


def _shown(scene: Any, person: Person) -> UUID:
    return rows.put_shown(scene.app, person, scene.own.organisation_id, scene.fresh("membership_id", scene.own))


def lending(scene: Any, house: Any, person: Person | None = None) -> UUID:
    """A paper lent to the organisation of `house`, by its administrator or by `person`."""
    lender, member = person or house.administrator, house.ids["membership_id"]
    return rows.put_lending(scene.app, lender, house.organisation_id, member)


PERSONAL: dict[str, Callable[[Any, Person], UUID]] = {
    "link_id": lambda scene, person: rows.put_link(scene.app, person),
    "proof_id": lambda scene, person: rows.put_proof(scene.app, person),
    "shown_id": _shown,
    "lending_id": lambda scene, person: lending(scene, scene.own, person),
}

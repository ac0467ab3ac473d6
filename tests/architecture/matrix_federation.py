"""Directories and own sign-ins for the permission matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from entitylocker import tenancy
from entitylocker.accounts.people import tenant_of_person
from entitylocker.extensions import db, utc_now
from entitylocker.federation import providers, tokens
from entitylocker.federation.models import DirectoryGroup, FederatedIdentity, IdentityProvider
from entitylocker.tenancy import Tenant

if TYPE_CHECKING:
    from tests.architecture.matrix import House, Scene
    from tests.factories import Person

SLUG = f"way-{uuid4().hex[:12]}"

FEDERATION_KINDS = ("provider_id", "token_id", "group_id")
FEDERATION_FIELDS = {
    "federation.choose": lambda scene: {"way": SLUG},
    "federation.set_up_provider": lambda scene: {
        "name": "Another", "slug": f"way-{uuid4().hex[:12]}", "issuer": "https://login.invalid", "client_id": "x",
    },
    "federation.issue_token": lambda scene: {"name": "Directory"},
    "federation.set_group_role": lambda scene: {"role": "reader"},
}  # fmt: skip
FEDERATION_USED_UP = {"federation.end_provider": "provider_id", "federation.revoke_token": "token_id"}


def set_up(scene: Scene, issuer: str) -> None:
    """A sign-in of the house's own that answers."""
    with scene.app.test_request_context():
        providers.set_up_provider(
            scene.own.administrator.actor, name="Own", slug=SLUG, issuer=issuer, client_id="locker", client_secret="x"
        )


def connected(scene: Scene, person: Person) -> UUID:
    """A provider that is connected to a person's account."""
    row = FederatedIdentity(
        id=uuid4(), person_id=person.person_id, provider_id=scene.fresh("provider_id", scene.own),
        organisation_id=scene.own.organisation_id, organisation_name="Own", issuer="https://login.invalid",
        subject=str(uuid4()), called="",
    )  # fmt: skip
    with scene.app.app_context(), tenancy.transaction(tenant_of_person(person.person_id)):
        db.session.add(row)
    return row.provider_id


class FederationThings:
    """The part of a scene that this subject needs."""

    def _new_provider_id(self, house: House) -> UUID:
        return self._put(house, IdentityProvider(
            id=uuid4(), organisation_id=house.organisation_id, name="Own", slug=f"way-{uuid4().hex[:12]}",
            issuer="https://login.invalid", client_id="locker", wrapped_key=b"", encrypted_secret=b"",
            set_up_by_name="Asha",
        ))  # fmt: skip

    def _new_token_id(self, house: House) -> UUID:
        return tokens.issue_token(house.administrator.actor, "Directory").id

    def _new_group_id(self, house: House) -> UUID:
        return self._put(house, DirectoryGroup(
            id=uuid4(), organisation_id=house.organisation_id, name="Everybody", role=None, changed_at=utc_now(),
            version=1,
        ))  # fmt: skip

    @staticmethod
    def _put(house: House, row: Any) -> UUID:
        with tenancy.transaction(Tenant(organisation_id=house.organisation_id)):
            db.session.add(row)
        made: UUID = row.id
        return made

"""Finding a portal by its client_id, before anybody knows for whom it asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from entitylocker.access import OrganisationState
from entitylocker.extensions import db
from entitylocker.portals.models import PortalState


@dataclass(frozen=True)
class KnownPortal:
    """A portal as the authorization server sees it, whatever its state is."""

    id: UUID
    organisation_id: UUID
    keeper_name: str
    keeper_verified: bool
    client_id: str
    name: str
    homepage: str
    jwks: dict[str, Any]
    redirect_uris: tuple[str, ...]
    document_types: tuple[str, ...]
    state: PortalState
    keeper_state: OrganisationState

    @property
    def may_ask(self) -> bool:
        """Whether it is approved, and kept by a verified organisation that is active."""
        active = self.keeper_state is OrganisationState.ACTIVE
        return self.state is PortalState.APPROVED and self.keeper_verified and active


def find_portal(client_id: str) -> KnownPortal | None:
    """The portal with this client_id in whatever state, or None. Needs a running transaction, of whichever tenant."""
    found = db.session.execute(text("SELECT * FROM lookup_portal(:client_id)"), {"client_id": client_id})
    row = found.mappings().one_or_none()
    if row is None:
        return None
    values: dict[str, Any] = {
        **row,
        "redirect_uris": tuple(row["redirect_uris"]),
        "document_types": tuple(row["document_types"]),
        "state": PortalState(row["state"]),
        "keeper_state": OrganisationState(row["keeper_state"]),
    }
    return KnownPortal(**values)

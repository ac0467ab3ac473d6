"""Where a person may act through another organisation: units they administer from above, departments of agencies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.extensions import db
from entitylocker.tenancy import Tenant, open_use_case


@dataclass(frozen=True)
class Entrance:
    """An organisation one may act in through another. `source_kind`: branch or agency."""

    organisation_id: UUID
    name: str
    verified: bool
    role: Role
    source_kind: str
    source_id: UUID
    source_name: str
    ends_at: datetime | None


@open_use_case("where a person may act through another organisation is asked for no organisation")
def list_entrances(person_id: UUID) -> list[Entrance]:
    """Units of branches that the person administers, and departments they act for as an agency; entered or not."""
    with tenancy.transaction(Tenant(person_id=person_id)):
        rows = db.session.execute(text("SELECT * FROM lookup_enterable()")).mappings().all()
    return [Entrance(**{**row, "role": Role(row["role"])}) for row in rows]

"""What is known of an organisation: name, kind, identifiers, directors, signatories, names it had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Actor, Permission, require
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.identifiers import OrganisationKind
from entitylocker.organisations.directors import list_directors
from entitylocker.organisations.identity_models import Director, NameChange
from entitylocker.organisations.models import Organisation, StatedIdentifier
from entitylocker.organisations.names import list_name_changes
from entitylocker.organisations.signatories import Signatory, list_signatories
from entitylocker.organisations.states import IdentifierState, NameChangeState
from entitylocker.tenancy import use_case


@dataclass(frozen=True)
class OrganisationDetails:
    """What is known of an organisation. `identifiers`: newest first. `name_changes`: all of them, newest first."""

    id: UUID
    name: str
    kind: OrganisationKind
    created_at: datetime
    verified: bool
    identifiers: Sequence[StatedIdentifier]
    directors: Sequence[Director]
    signatories: Sequence[Signatory]
    name_changes: Sequence[NameChange]

    @property
    def formerly(self) -> list[NameChange]:
        """The changes that gave up an earlier name, newest first."""
        return [change for change in self.name_changes if change.state == NameChangeState.DONE]

    @property
    def pending_name(self) -> NameChange | None:
        """The change that waits for the operator."""
        return next((change for change in self.name_changes if change.state == NameChangeState.PENDING), None)

    @property
    def refused_name(self) -> NameChange | None:
        """The newest change, if the operator did not accept it."""
        newest = self.name_changes[0] if self.name_changes else None
        return newest if newest is not None and newest.state == NameChangeState.REFUSED else None


@use_case(Permission.ORGANISATION_READ)
def get_details(actor: Actor) -> OrganisationDetails:
    """The actor's organisation with everything that says who it is."""
    require(actor, Permission.ORGANISATION_READ, actor.facts)
    row = db.session.scalar(select(Organisation).where(Organisation.id == actor.organisation_id))
    if row is None:
        raise NotFound
    newest_first = (
        select(StatedIdentifier)
        .where(StatedIdentifier.organisation_id == actor.organisation_id)
        .order_by(StatedIdentifier.id.desc())
    )
    identifiers = list(db.session.scalars(newest_first))
    return OrganisationDetails(
        id=row.id,
        name=row.name,
        kind=OrganisationKind(row.kind),
        created_at=row.created_at,
        verified=any(identifier.state == IdentifierState.VERIFIED for identifier in identifiers),
        identifiers=identifiers,
        directors=list_directors(row.id),
        signatories=list_signatories(row.id),
        name_changes=list_name_changes(row.id),
    )

"""What an administrator gave in the units that stands without them: administrations of branches."""

from __future__ import annotations

from sqlalchemy import select

from entitylocker.audit.authors import find_authors
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.leavings import Giver, Left
from entitylocker.organisations.models import Membership
from entitylocker.units.models import BranchAdministration


def find_left(giver: Giver) -> list[Left]:
    """The branches that they gave and that stand, in the running transaction."""
    branch = BranchAdministration
    rows = db.session.execute(
        select(branch.id, Membership.person_name)
        .join(
            Membership,
            (Membership.organisation_id == branch.organisation_id) & (Membership.id == branch.membership_id),
        )
        .where(
            branch.organisation_id == giver.organisation_id,
            branch.revoked_at.is_(None),
            branch.ends_at.is_(None) | (branch.ends_at > utc_now()),
            Membership.ended_at.is_(None),
        )
        .order_by(branch.id)
    ).all()
    by = find_authors(giver.organisation_id, EventTag.BRANCH_GIVE, [row.id for row in rows])
    return [Left("branch", row.person_name, "units.branches") for row in rows if by.get(row.id) == giver.person_id]

"""Use cases of an organisation's policy: what suffices for sharing."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import use_case
from entitylocker.trust.models import TrustPolicy
from entitylocker.trust.rules import CLAIMED_TIME_SUFFICES
from entitylocker.trust.views import Policy


def policy_of(organisation_id: UUID | None) -> Policy:
    """What the organisation said, else the default; in a running transaction of it."""
    row = db.session.scalar(select(TrustPolicy).where(TrustPolicy.organisation_id == organisation_id))
    if row is None:
        return Policy(CLAIMED_TIME_SUFFICES)
    return Policy(row.claimed_time_suffices, row.set_at, row.set_by_name)


@use_case(Permission.TRUST_MANAGE, fresh=True)
def set_policy(actor: Actor, *, claimed_time_suffices: bool) -> Policy:
    """Say whether a signature that is valid only at the time it claims suffices for sharing. Holds at once.

    Said again, nothing changes.
    """
    require(actor, Permission.TRUST_MANAGE, actor.facts)
    before = policy_of(actor.organisation_id)
    if before.set_at is not None and before.claimed_time_suffices == claimed_time_suffices:
        return before
    said = Policy(claimed_time_suffices, utc_now(), actor.name)
    columns = asdict(said)
    statement = insert(TrustPolicy).values(organisation_id=actor.organisation_id, **columns)
    db.session.execute(statement.on_conflict_do_update(index_elements=[TrustPolicy.organisation_id], set_=columns))
    subject = Subject("organisation", actor.organisation_id, actor.organisation_name)
    record(
        actor,
        EventTag.TRUST_SET_POLICY,
        subject,
        claimed_time_suffices=claimed_time_suffices,
        before=before.claimed_time_suffices,
    )
    return said

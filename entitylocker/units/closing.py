"""What ends between organisations when one of them is closed, on either side. Suspension only lets it sleep."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from sqlalchemy import or_, select, text

from entitylocker.access import Actor, OrganisationState
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.events import OrganisationClosed
from entitylocker.units.agencies import end_row
from entitylocker.units.branches import end_branch
from entitylocker.units.errors import DraftsBelow, RequestEnded
from entitylocker.units.joining import tell_end
from entitylocker.units.models import Authorisation, BranchAdministration, UnitLink
from entitylocker.units.sweeping import sweep_below
from entitylocker.units.telling import MEMBER, tell
from entitylocker.units.tree import find_units
from entitylocker.units.vouching import end_vouching


def on_organisation_closed(event: OrganisationClosed) -> None:
    """End questions, vouchings, branches and letters of an organisation, in the transaction in which it is closed.

    Where it stands in the tree stays: whose unit it was is no right, and either side can still end that. What somebody
    else ends at the same moment is over all the same. Raises DraftsBelow.
    """
    _refuse_drafts()
    _end_vouchings(event.actor)
    _end_branches(event.actor, event.organisation_id)
    _end_letters(event.actor, event.organisation_id)
    _end_questions(event.actor)


def _refuse_drafts() -> None:
    """Nobody else could bring the first administrator in."""
    drafts = [unit.name for unit in find_units() if unit.depth == 1 and unit.state is OrganisationState.DRAFT]
    if drafts:
        raise DraftsBelow(units=", ".join(drafts))


def _end_vouchings(actor: Actor) -> None:
    for unit in find_units():
        if unit.depth == 1 and unit.vouched:
            with suppress(NotFound):
                end_vouching(actor, unit, closed=True)
    own = db.session.execute(text("SELECT * FROM claim_own_words_end()")).all()
    for word in own:
        subject = Subject("identifier", word.id, word.value)
        record(actor, EventTag.UNIT_WITHDRAW_VOUCHING, subject)
        facts = {"vouched": False, "unit": actor.organisation_name, "closed": True}
        tell(word.vouched_by_id, actor, EventTag.UNIT_WITHDRAW_VOUCHING, subject, facts=facts)
    if own and actor.organisation_id is not None:
        sweep_below(actor.organisation_id)


def _end_branches(actor: Actor, organisation_id: UUID) -> None:
    given = select(BranchAdministration).where(
        BranchAdministration.organisation_id == organisation_id,
        BranchAdministration.revoked_at.is_(None),
        BranchAdministration.ends_at.is_(None) | (BranchAdministration.ends_at > utc_now()),
    )
    for row in db.session.scalars(given.order_by(BranchAdministration.id).with_for_update()):
        end_branch(actor, row, closed=True)
    over = text("SELECT * FROM claim_branches_over_end(:who)")
    for ended in db.session.execute(over, {"who": actor.name}).all():
        subject = Subject("branch", ended.id, actor.organisation_name)
        record(actor, EventTag.BRANCH_REVOKE, subject)
        facts = {"unit": actor.organisation_name, "closed": True, MEMBER: str(ended.membership_id)}
        tell(ended.organisation_id, actor, EventTag.BRANCH_REVOKE, subject, facts=facts)


def _end_letters(actor: Actor, organisation_id: UUID) -> None:
    ours = or_(Authorisation.organisation_id == organisation_id, Authorisation.agent_organisation_id == organisation_id)
    standing = select(Authorisation).where(ours, Authorisation.ended_at.is_(None), Authorisation.ends_at > utc_now())
    for row in db.session.scalars(standing.order_by(Authorisation.id)).all():
        with suppress(RequestEnded):
            end_row(actor, row, closed=True)


def _end_questions(actor: Actor) -> None:
    ended = list(db.session.scalars(text("SELECT id FROM claim_questions_end(:who)"), {"who": actor.name}))
    for link in db.session.scalars(select(UnitLink).where(UnitLink.id.in_(ended)).order_by(UnitLink.id)).all():
        tell_end(actor, link, joined=False, closed=True)

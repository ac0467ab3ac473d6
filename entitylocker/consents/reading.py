"""What a portal does with its token: read the consent, read what is known of a document, fetch its bytes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import selectinload

from entitylocker.access import Actor, Facts, OrganisationState, Permission, require
from entitylocker.audit.recording import Subject, record_counted
from entitylocker.audit.tags import EventTag
from entitylocker.consents.errors import (
    BelowLeastVerdict,
    ConsentEnded,
    ConsentExpired,
    ConsentWithdrawn,
    FetchLimitReached,
    GiverNotActive,
)
from entitylocker.consents.models import Consent, ConsentItem
from entitylocker.consents.rules import ConsentState, is_good_enough, state_of
from entitylocker.consents.terms import ConsentView
from entitylocker.consents.views import view_of
from entitylocker.errors import LockerError, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.rights import lock_state
from entitylocker.signatures.verdicts import Verdict
from entitylocker.tenancy import use_case
from entitylocker.vault.errors import DocumentNotOffered
from entitylocker.vault.reading import describe_for_portal, open_for_portal
from entitylocker.vault.views import Content

Args = ParamSpec("Args")
Result = TypeVar("Result")
Read = Callable[Concatenate[Actor, Args], Result]

_REFUSALS = (ConsentEnded, FetchLimitReached, BelowLeastVerdict, DocumentNotOffered, NotFound)


def record_refused_read(actor: Actor, refusal: LockerError, document_id: UUID | None = None) -> None:
    """Write into the giver's trail that a portal was refused, after what it did was rolled back.

    A document is named only if the consent names it: with made-up ids a portal could fill the trail.
    """
    given = {granted for grant in actor.grants for granted in grant.document_ids or ()}
    record_counted(
        actor,
        EventTag.FETCH_REFUSED,
        Subject("consent", actor.consent_id, actor.name),
        reason=refusal.code,
        document=str(document_id) if document_id in given else None,
    )


def _refusals_recorded(read: Read[Args, Result]) -> Read[Args, Result]:
    """Around a use case: the event of a refusal is written once its transaction is over."""

    @functools.wraps(read)
    def run(actor: Actor, *args: Args.args, **kwargs: Args.kwargs) -> Result:
        try:
            return read(actor, *args, **kwargs)
        except _REFUSALS as refusal:
            document_id = args[1] if len(args) > 1 else None
            record_refused_read(actor, refusal, document_id)  # type: ignore[arg-type]
            raise

    return run


@_refusals_recorded
@use_case(Permission.CONSENT_READ)
def get_granted(actor: Actor, consent_id: UUID) -> ConsentView:
    """The consent that the actor's token stands for.

    Raises NotFound for any other, ConsentWithdrawn, ConsentExpired.
    """
    require(actor, Permission.CONSENT_READ, actor.facts)
    return view_of(_standing(actor, consent_id))


@_refusals_recorded
@use_case(Permission.DOCUMENT_FETCH)
def describe_document(actor: Actor, consent_id: UUID, document_id: UUID) -> dict[str, Any]:
    """What the portal may know of a consented document, its verdict and when that was reached. Counts as no fetch.

    Raises NotFound for a document that was not consented, ConsentWithdrawn, ConsentExpired.
    """
    consent = _standing(actor, consent_id)
    require(actor, Permission.DOCUMENT_FETCH, Facts(actor.organisation_id, document_id=document_id))
    return _described(actor, consent, document_id)


@_refusals_recorded
@use_case(Permission.CONSENT_READ)
def list_granted(actor: Actor, consent_id: UUID) -> list[dict[str, Any]]:
    """Every document of the consent as `describe_document` shows it."""
    require(actor, Permission.CONSENT_READ, actor.facts)
    consent = _standing(actor, consent_id)
    return [_described(actor, consent, item.document_id) for item in consent.items]


@_refusals_recorded
@use_case(Permission.DOCUMENT_FETCH)
def admit_fetch(actor: Actor, consent_id: UUID, document_id: UUID) -> Content:
    """Count one fetch of a consented document and open its bytes, to be read after the commit.

    The count, the event and the right to read commit together: no byte leaves that is not in the trail.
    Raises NotFound, ConsentWithdrawn, ConsentExpired, FetchLimitReached, BelowLeastVerdict, DocumentNotOffered.
    """
    consent = _standing(actor, consent_id)
    require(actor, Permission.DOCUMENT_FETCH, Facts(actor.organisation_id, document_id=document_id))
    content = open_for_portal(actor, document_id)
    if not is_good_enough(content.verdict, _least(consent)):
        raise BelowLeastVerdict(verdict=content.verdict.value)
    _count(consent, document_id)
    return content


def _standing(actor: Actor, consent_id: UUID) -> Consent:
    """The actor's consent, held until the end of the transaction so that a withdrawal comes before it or after it."""
    assert actor.organisation_id is not None
    # Held like the consent: of a suspension and a read at the same moment one comes first.
    state = lock_state(actor.organisation_id)
    mine = select(Consent).where(
        Consent.organisation_id == actor.organisation_id,
        Consent.id == consent_id,
        Consent.id == actor.consent_id,
    )
    consent = db.session.scalar(mine.options(selectinload(Consent.items)).with_for_update(read=True, of=Consent))
    if consent is None:
        raise NotFound
    check_standing(consent.ends_at, consent.revoked_at)
    if state is not OrganisationState.ACTIVE:
        raise GiverNotActive
    return consent


def check_standing(ends_at: datetime, revoked_at: datetime | None) -> None:
    """Raises ConsentWithdrawn or ConsentExpired for a consent that does not hold at this instant."""
    state = state_of(ends_at, revoked_at, utc_now())
    if state is ConsentState.WITHDRAWN:
        raise ConsentWithdrawn
    if state is ConsentState.EXPIRED:
        raise ConsentExpired


def _described(actor: Actor, consent: Consent, document_id: UUID) -> dict[str, Any]:
    """The facts of a document; one that fell below what the portal takes is not offered either."""
    facts = describe_for_portal(actor, document_id)
    if facts["offered"] and not is_good_enough(Verdict(facts["verdict"]), _least(consent)):
        return {**facts, "offered": False, "why_not": BelowLeastVerdict.code}
    return facts


def _least(consent: Consent) -> Verdict | None:
    return Verdict(consent.least_verdict) if consent.least_verdict is not None else None


def _count(consent: Consent, document_id: UUID) -> None:
    """One statement: of any number of fetches at once, no more are counted than the consent allows."""
    counted = (
        update(ConsentItem)
        .where(
            ConsentItem.organisation_id == consent.organisation_id,
            ConsentItem.consent_id == consent.id,
            ConsentItem.document_id == document_id,
            ConsentItem.fetches < consent.fetch_times,
        )
        .values(fetches=ConsentItem.fetches + 1, last_fetched_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[Any]", db.session.execute(counted)).rowcount == 0:
        raise FetchLimitReached(times=consent.fetch_times)

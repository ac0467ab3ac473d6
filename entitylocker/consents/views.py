"""Rows of consents as frozen views."""

from __future__ import annotations

from entitylocker.consents.models import Consent, ConsentItem
from entitylocker.consents.rules import state_of
from entitylocker.consents.terms import ConsentView, GivenDocument
from entitylocker.extensions import utc_now
from entitylocker.signatures.verdicts import Verdict


def view_of(consent: Consent) -> ConsentView:
    """The view of a consent whose items are loaded."""
    return ConsentView(
        id=consent.id,
        state=state_of(consent.ends_at, consent.revoked_at, utc_now()),
        organisation_name=consent.organisation_name,
        portal_name=consent.portal_name,
        portal_homepage=consent.portal_homepage,
        keeper_name=consent.keeper_name,
        purpose_code=consent.purpose_code,
        purpose_text=consent.purpose_text,
        until=consent.until,
        given_at=consent.created_at,
        given_by_name=consent.given_by_name,
        given_by_role=consent.given_by_role,
        ends_at=consent.ends_at,
        revoked_at=consent.revoked_at,
        revoked_by_name=consent.revoked_by_name,
        fetch_times=consent.fetch_times,
        retention_days=consent.retention_days,
        least_verdict=Verdict(consent.least_verdict) if consent.least_verdict is not None else None,
        documents=tuple(_document(item) for item in consent.items),
    )


def _document(item: ConsentItem) -> GivenDocument:
    return GivenDocument(
        document_id=item.document_id,
        document_type=item.document_type,
        title=item.title,
        verdict=Verdict(item.verdict),
        fetches=item.fetches,
        last_fetched_at=item.last_fetched_at,
    )

"""Fetching everything a consent gives, and writing down what came and what was refused."""

from __future__ import annotations

from datetime import UTC, datetime

from entitylocker.sandbox.faults import PortalFault, Refused
from entitylocker.sandbox.portal_client import PortalClient
from entitylocker.sandbox.records import Grant, SharedDocument
from entitylocker.sandbox.visits import Receipt, Visit


def fetch_all(client: PortalClient, visit: Visit) -> None:
    """Read the consent, list its documents and fetch each. Refusals are kept in the visit, not raised."""
    if visit.grant is None:
        return
    visit.tries += 1
    try:
        if visit.grant.is_stale():
            visit.grant = client.refresh(visit.grant)
        visit.consent = client.get_consent(visit.grant)
        documents = client.list_documents(visit.grant)
    except PortalFault as fault:
        visit.fault = fault.facts()
        return
    visit.fault = None
    visit.receipts = [_fetch(client, visit.grant, document) for document in documents]


def _fetch(client: PortalClient, grant: Grant, document: SharedDocument) -> Receipt:
    if not document.offered:
        fault = Refused("EntityLocker does not hand this document out now.", code=document.why_not or "not_offered")
        return Receipt(document, datetime.now(UTC), refusal=fault.facts())
    try:
        return Receipt.of(document, client.fetch_content(grant, document.id))
    except PortalFault as fault:
        return Receipt(document, datetime.now(UTC), refusal=fault.facts())

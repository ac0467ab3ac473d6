"""The key of an organisation: made when it registers, opened when its documents are written or read."""

from __future__ import annotations

import threading
from uuid import UUID

from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.organisations.models import OrganisationKeyRow
from entitylocker.storage.keys import OrganisationKey
from entitylocker.tenancy import NoTransaction, Tenant
from entitylocker.web.engine_room import engines

_KEPT_MAX = 1024
_kept: dict[UUID, tuple[int, bytes, OrganisationKey]] = {}
_lock = threading.Lock()


def make_key(organisation_id: UUID) -> None:
    """Make the key of a new organisation in the running transaction."""
    _, wrapped = engines().documents.new_organisation_key(organisation_id)
    db.session.add(OrganisationKeyRow(organisation_id=organisation_id, wrapped_key=wrapped, version=1))


def open_key(organisation_id: UUID) -> OrganisationKey:
    """The organisation's key, unwrapped; in its running transaction, or in one of its own.

    Kept in this process while the row stays the same. Raises NotFound, WrongOperatorKey, KeyUnwrapFailed.
    """
    row = _find_row(organisation_id)
    if row is None:
        raise NotFound
    with _lock:
        kept = _kept.get(organisation_id)
    if kept is not None and kept[:2] == (row.version, row.wrapped_key):
        return kept[2]
    key = engines().documents.open_organisation_key(row.wrapped_key, organisation_id)
    with _lock:
        if len(_kept) >= _KEPT_MAX:
            _kept.clear()
        _kept[organisation_id] = (row.version, row.wrapped_key, key)
    return key


def _find_row(organisation_id: UUID) -> OrganisationKeyRow | None:
    query = select(OrganisationKeyRow).where(OrganisationKeyRow.organisation_id == organisation_id)
    try:
        tenancy.current()
    except NoTransaction:
        with tenancy.transaction(Tenant(organisation_id=organisation_id)):
            return db.session.scalar(query)
    return db.session.scalar(query)

"""What a check relies on, put together: files that come along, the installation's list, the organisation's."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.extensions import db
from entitylocker.signatures.report import Report
from entitylocker.signatures.trust import TrustStore
from entitylocker.tenancy import Tenant, open_use_case
from entitylocker.trust.answers import answers_at_hand, wanted_by
from entitylocker.trust.models import ImportedList, OrganisationCertificate, TrustCertificate
from entitylocker.web.engine_room import engines


def trust_for(organisation_id: UUID) -> TrustStore:
    """Everything a check for this organisation relies on; in a running transaction of it."""
    return _installation().merged(_own(organisation_id))


def outward_trust_for(organisation_id: UUID) -> TrustStore | None:
    """What others rely on when the organisation shows them a verdict; in a running transaction of it.

    Certificates between count, roots of the organisation's own do not: nobody vouches for oneself before others. None
    where the organisation has no root of its own, so that `trust_for` is what others rely on too.
    """
    own = _own(organisation_id)
    return _installation().merged(TrustStore(intermediates=own.intermediates)) if own.roots else None


@open_use_case("whom the installation trusts is no secret: every report says it")
def installation_trust() -> TrustStore:
    """What a check for nobody in particular relies on. Inside a running transaction or outside of one."""
    try:
        tenancy.current()
    except tenancy.NoTransaction:
        with tenancy.transaction(Tenant()):
            return _installation()
    return _installation()


@open_use_case("what issuers publish about their certificates is public; nobody is asked anew")
def known_answers(report: Report) -> TrustStore:
    """The answers to what `report` misses that the locker has fetched for its own documents; no transaction is open."""
    with tenancy.transaction(Tenant()):
        crls, ocsps = answers_at_hand(wanted_by(report))
    return TrustStore(crls=crls, ocsps=ocsps)


def base_trust() -> TrustStore:
    """The files: those that come with the package, and those in the directory of the installation."""
    directory = engines().settings.trust_directory
    return _base(directory, _listing(directory))


def _installation() -> TrustStore:
    kept = _store_of(
        select(TrustCertificate.der, TrustCertificate.is_root)
        .where(TrustCertificate.removed_at.is_(None))
        .order_by(TrustCertificate.id)
    )
    crls = tuple(db.session.scalars(select(ImportedList.der).order_by(ImportedList.id)))
    return base_trust().merged(kept).merged(TrustStore(crls=crls))


def _listing(directory: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes with every change in the directory: names, sizes, times."""
    files = sorted(directory.iterdir()) if directory.is_dir() else []
    return tuple((path.name, status.st_size, status.st_mtime_ns) for path in files for status in [path.stat()])


@lru_cache(maxsize=8)
def _base(directory: Path, listing: tuple[tuple[str, int, int], ...]) -> TrustStore:
    # `listing` is only the key: the same listing, the same files.
    del listing
    return TrustStore.load([directory]).merged(TrustStore.shipped())


def _own(organisation_id: UUID) -> TrustStore:
    return _store_of(
        select(OrganisationCertificate.der, OrganisationCertificate.is_root)
        .where(OrganisationCertificate.organisation_id == organisation_id, OrganisationCertificate.removed_at.is_(None))
        .order_by(OrganisationCertificate.id)
    )


def _store_of(query: Any) -> TrustStore:
    rows = [(der, is_root) for der, is_root in db.session.execute(query)]
    roots = tuple(der for der, is_root in rows if is_root)
    return TrustStore(roots=roots, intermediates=tuple(der for der, is_root in rows if not is_root))

"""Taking certificates over and removing them, alike for the installation and for an organisation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.signatures.trust import TrustStore
from entitylocker.trust.errors import NothingToAdd, TooManyAtOnce, TrustIsFull
from entitylocker.trust.events import TrustChanged
from entitylocker.trust.models import OrganisationCertificate, TrustCertificate
from entitylocker.trust.reading import (
    MOST_AT_ONCE,
    Findings,
    Found,
    PassedOver,
    Why,
    issuer_of,
    read_files,
    with_issuer,
)
from entitylocker.trust.rules import MOST_OF_INSTALLATION, MOST_OF_ORGANISATION
from entitylocker.trust.views import Candidate, Look, Novelty

# A page sends them back when they are confirmed, in a form: it must hold them.
_MOST_BYTES = 1024 * 1024

Model = type[TrustCertificate] | type[OrganisationCertificate]


class TrustList:
    """The list that an actor's changes go to: of the actor's organisation, else of the installation."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.organisation_id: UUID | None = actor.organisation_id
        self.model: Model = TrustCertificate if self.organisation_id is None else OrganisationCertificate
        self.most = MOST_OF_INSTALLATION if self.organisation_id is None else MOST_OF_ORGANISATION

    def rows(self, *conditions: ColumnElement[bool]) -> Sequence[Any]:
        """The rows of the list that meet `conditions`, roots first, then by name."""
        query = select(self.model).where(*self._mine(), *conditions)
        return db.session.scalars(query.order_by(self.model.is_root.desc(), self.model.name, self.model.id)).all()

    def added(self) -> Sequence[Any]:
        """The certificates that count."""
        return self.rows(self.model.removed_at.is_(None))

    def removed(self) -> Sequence[Any]:
        """Those that were removed."""
        return self.rows(self.model.removed_at.is_not(None))

    def put(self, certificates: Iterable[Found], **facts: Any) -> list[str]:
        """Take over `certificates`; the names of those that were not there. Raises TrustIsFull."""
        changed = []
        for found in certificates:
            row_id = db.session.execute(self._upsert(found)).scalar()
            if row_id is not None:
                changed.append(found.name)
                subject = Subject("certificate", row_id, found.name)
                record(self.actor, EventTag.TRUST_ADD, subject, **_said(found, facts))
        self._check_room()
        if changed:
            self._tell()
        return changed

    def remove(self, certificate_id: UUID) -> Any:
        """Trust a certificate no longer. Raises NotFound, also for one that was removed already."""
        row = self._locked(certificate_id)
        if row.removed_at is not None:
            raise NotFound
        row.removed_at, row.removed_by_name = utc_now(), self.actor.name
        record(self.actor, EventTag.TRUST_REMOVE, Subject("certificate", row.id, row.name), **_said(row, {}))
        self._tell()
        return row

    def restore(self, certificate_id: UUID) -> Any:
        """Trust a removed certificate again. Raises NotFound, TrustIsFull; for one that counts nothing changes."""
        row = self._locked(certificate_id)
        if row.removed_at is None:
            return row
        row.removed_at, row.removed_by_name = None, ""
        row.added_at, row.added_by_name = utc_now(), self.actor.name
        db.session.flush()
        record(self.actor, EventTag.TRUST_ADD, Subject("certificate", row.id, row.name), **_said(row, {"again": True}))
        self._check_room()
        self._tell()
        return row

    def _mine(self) -> list[ColumnElement[bool]]:
        if self.model is OrganisationCertificate:
            return [OrganisationCertificate.organisation_id == self.organisation_id]
        return []

    def _locked(self, certificate_id: UUID) -> Any:
        wanted = select(self.model).where(*self._mine(), self.model.id == certificate_id)
        row = db.session.scalar(wanted.with_for_update())
        if row is None:
            raise NotFound
        return row

    def _upsert(self, found: Found) -> Any:
        """One that was removed comes back; of one that counts nothing is changed, and no id answered."""
        mine = {"organisation_id": self.organisation_id} if self.model is OrganisationCertificate else {}
        said = {"added_at": utc_now(), "added_by_name": self.actor.name, "removed_at": None, "removed_by_name": ""}
        statement = insert(self.model).values(id=uuid7(), **vars_of(found), **mine, **said)
        statement = statement.on_conflict_do_update(
            index_elements=[*mine, "fingerprint"], set_=said, where=self.model.removed_at.is_not(None)
        )
        return statement.returning(self.model.id)

    def _check_room(self) -> None:
        counted = select(func.count()).where(*self._mine(), self.model.removed_at.is_(None))
        if int(db.session.scalar(counted) or 0) > self.most:
            raise TrustIsFull(field="files", most=self.most)

    def _tell(self) -> None:
        tenancy.publish(TrustChanged(self.actor, self.organisation_id))


def vars_of(found: Found) -> dict[str, Any]:
    """The columns that a certificate fills."""
    return {name: getattr(found, name) for name in Found.__dataclass_fields__}


def _said(row: Any, facts: dict[str, Any]) -> dict[str, Any]:
    """What an event keeps of a certificate."""
    return {
        "fingerprint": row.fingerprint,
        "issuer": row.issuer,
        "root": row.is_root,
        "not_after": row.not_after.date().isoformat(),
        **facts,
    }


def read_for_page(files: Iterable[tuple[str, bytes]]) -> Findings:
    """What is in `files`, as far as a page takes it. To be called with no transaction open. Raises TooManyAtOnce."""
    findings = read_files(files)
    size = sum(len(found.der) for found in findings.certificates)
    if len(findings.certificates) > MOST_AT_ONCE or size > _MOST_BYTES:
        raise TooManyAtOnce(field="files", most=MOST_AT_ONCE)
    return findings


def look_at(the_list: TrustList, findings: Findings, known: TrustStore) -> Look:
    """What taking over `findings` would change. `known`: everything that is trusted already."""
    trusted = known.fingerprints()
    removed = {row.fingerprint for row in the_list.removed()}
    sent = [found.der for found in findings.certificates]
    leading_on = with_issuer(sent, [*known.roots, *known.intermediates, *sent])
    candidates = [
        Candidate(found, _novelty(found, trusted, removed), found.is_root or found.der in leading_on)
        for found in findings.certificates
    ]
    candidates.sort(key=lambda one: (not one.found.is_root, one.found.name))
    lists = tuple(PassedOver(issuer_of(crl), Why.REVOCATION_LIST) for crl in findings.crls)
    return Look(tuple(candidates), findings.passed_over + lists, utc_now())


def chosen(ders: Iterable[bytes]) -> Findings:
    """The certificates that were confirmed, read anew: what comes back from a page is as strange as before.

    Raises NothingToAdd, TooManyAtOnce.
    """
    sent = [("certificate", der) for der in ders]
    if len(sent) > MOST_AT_ONCE:
        raise TooManyAtOnce(field="files", most=MOST_AT_ONCE)
    findings = read_files(sent)
    if not findings.certificates:
        raise NothingToAdd(field="files")
    return findings


def _novelty(found: Found, trusted: frozenset[str], removed: set[str]) -> Novelty:
    if found.fingerprint in trusted:
        return Novelty.KNOWN
    return Novelty.REMOVED_BEFORE if found.fingerprint in removed else Novelty.NEW

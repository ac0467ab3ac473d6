"""Use cases of the operator: whom the whole installation trusts."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from importlib import resources
from uuid import UUID

from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db
from entitylocker.signatures.trust import TrustStore
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.trust.changing import TrustList, chosen, look_at, read_for_page
from entitylocker.trust.events import TrustChanged
from entitylocker.trust.lists import put_lists
from entitylocker.trust.models import ImportedList, TrustCertificate
from entitylocker.trust.reading import Findings
from entitylocker.trust.store import base_trust, installation_trust
from entitylocker.trust.views import BaseCertificate, InstallationTrust, Look


@use_case(Permission.OPERATOR_REVIEW)
def list_installation(actor: Actor) -> InstallationTrust:
    """Whom the installation trusts: by file, and by the operators' word; and whom no longer."""
    require(actor, Permission.OPERATOR_REVIEW, actor.facts)
    the_list = TrustList(actor)
    lists = db.session.scalars(select(ImportedList).order_by(ImportedList.issuer, ImportedList.id)).all()
    return InstallationTrust(_base(), the_list.added(), the_list.removed(), lists)


@open_use_case("the files are read with no transaction open; what it calls asks for the permission, before and after")
def look_for_installation(actor: Actor, files: Iterable[tuple[str, bytes]]) -> Look:
    """What taking over `files` (name, content) would change. Nothing counts yet. Raises TooManyAtOnce."""
    _admit(actor)
    return _compare(actor, read_for_page(files))


@use_case(Permission.OPERATOR_APPROVE)
def _admit(actor: Actor) -> None:
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)


@use_case(Permission.OPERATOR_APPROVE)
def _compare(actor: Actor, findings: Findings) -> Look:
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    return look_at(TrustList(actor), findings, installation_trust())


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def add_to_installation(actor: Actor, certificates: Iterable[bytes]) -> list[str]:
    """Trust these certificates (DER) from now on; the names of those that were not there.

    Raises NothingToAdd, TooManyAtOnce, TrustIsFull.
    """
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    findings = chosen(certificates)
    known = base_trust().fingerprints()
    return TrustList(actor).put(found for found in findings.certificates if found.fingerprint not in known)


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def import_to_installation(actor: Actor, findings: Findings) -> tuple[list[str], list[str]]:
    """Take over certificates and CRLs that were read already: the names of what was not there, of either.

    Raises TrustIsFull, ListsTooLarge.
    """
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    known = base_trust().fingerprints()
    new = [found for found in findings.certificates if found.fingerprint not in known]
    certificates = TrustList(actor).put(new)
    lists = put_lists(actor, findings.crls)
    for row in lists:
        subject = Subject("revocation_list", row.id, row.issuer)
        record(actor, EventTag.TRUST_IMPORT_LIST, subject, produced_at=row.produced_at.isoformat())
    if lists:
        tenancy.publish(TrustChanged(actor, None))
    return certificates, [row.issuer for row in lists]


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def remove_from_installation(actor: Actor, certificate_id: UUID) -> TrustCertificate:
    """Trust a certificate no longer. Raises NotFound."""
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    row: TrustCertificate = TrustList(actor).remove(certificate_id)
    return row


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def restore_to_installation(actor: Actor, certificate_id: UUID) -> TrustCertificate:
    """Trust a removed certificate again. Raises NotFound, TrustIsFull."""
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    row: TrustCertificate = TrustList(actor).restore(certificate_id)
    return row


def _base() -> tuple[BaseCertificate, ...]:
    along = TrustStore.shipped().fingerprints()
    sources = _sources()
    return tuple(
        BaseCertificate(one, one.fingerprint in along, sources.get(one.fingerprint, ""))
        for one in base_trust().list_certificates()
    )


@functools.cache
def _sources() -> dict[str, str]:
    """Where the certificates that come along were taken from, by fingerprint."""
    file = resources.files("entitylocker.signatures") / "data" / "india" / "SOURCES.json"
    written = json.loads(file.read_text("utf-8"))["certificates"]
    return {one["sha256"]: str(one["source"]) for one in written.values()}

"""Use cases of an organisation: whom it trusts besides the installation."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from entitylocker.access import Actor, Permission, require
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.trust.changing import TrustList, chosen, look_at, read_for_page
from entitylocker.trust.models import OrganisationCertificate
from entitylocker.trust.policy import policy_of
from entitylocker.trust.reading import Findings
from entitylocker.trust.store import installation_trust, trust_for
from entitylocker.trust.views import Look, OrganisationTrust


@use_case(Permission.TRUST_READ)
def list_trust(actor: Actor) -> OrganisationTrust:
    """Whom the organisation trusts, whom no longer, whom the installation trusts, and what suffices for sharing."""
    require(actor, Permission.TRUST_READ, actor.facts)
    the_list = TrustList(actor)
    common = installation_trust().list_certificates()
    return OrganisationTrust(the_list.added(), the_list.removed(), common, policy_of(actor.organisation_id))


@open_use_case("the files are read with no transaction open; what it calls asks for the permission, before and after")
def look(actor: Actor, files: Iterable[tuple[str, bytes]]) -> Look:
    """What taking over `files` (name, content) would change. Nothing counts yet. Raises TooManyAtOnce."""
    _admit(actor)
    return _compare(actor, read_for_page(files))


@use_case(Permission.TRUST_MANAGE)
def _admit(actor: Actor) -> None:
    require(actor, Permission.TRUST_MANAGE, actor.facts)


@use_case(Permission.TRUST_MANAGE)
def _compare(actor: Actor, findings: Findings) -> Look:
    require(actor, Permission.TRUST_MANAGE, actor.facts)
    assert actor.organisation_id is not None
    return look_at(TrustList(actor), findings, trust_for(actor.organisation_id))


@use_case(Permission.TRUST_MANAGE, fresh=True)
def add_certificates(actor: Actor, certificates: Iterable[bytes]) -> list[str]:
    """Trust these certificates (DER) from now on, within the organisation; the names of those that were not there.

    Raises NothingToAdd, TooManyAtOnce, TrustIsFull.
    """
    require(actor, Permission.TRUST_MANAGE, actor.facts)
    findings = chosen(certificates)
    known = installation_trust().fingerprints()
    return TrustList(actor).put(found for found in findings.certificates if found.fingerprint not in known)


@use_case(Permission.TRUST_MANAGE, fresh=True)
def remove_certificate(actor: Actor, certificate_id: UUID) -> OrganisationCertificate:
    """Trust a certificate no longer. Raises NotFound."""
    require(actor, Permission.TRUST_MANAGE, actor.facts)
    row: OrganisationCertificate = TrustList(actor).remove(certificate_id)
    return row


@use_case(Permission.TRUST_MANAGE, fresh=True)
def restore_certificate(actor: Actor, certificate_id: UUID) -> OrganisationCertificate:
    """Trust a removed certificate again. Raises NotFound, TrustIsFull."""
    require(actor, Permission.TRUST_MANAGE, actor.facts)
    row: OrganisationCertificate = TrustList(actor).restore(certificate_id)
    return row

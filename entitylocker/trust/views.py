"""What the pages of trust show: frozen, with everything they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from entitylocker.signatures.trust import TrustedCertificate
from entitylocker.trust.models import ImportedList, OrganisationCertificate, TrustCertificate
from entitylocker.trust.reading import Found, PassedOver


class Novelty(StrEnum):
    """What taking a certificate over would change."""

    NEW = "new"
    KNOWN = "known"
    REMOVED_BEFORE = "removed_before"


@dataclass(frozen=True)
class Candidate:
    """A certificate that would be taken over.

    `leads_on`: its issuer is trusted here, or among those sent with it; a root needs none.
    """

    found: Found
    novelty: Novelty
    leads_on: bool

    @property
    def counts(self) -> bool:
        """Whether taking it over changes anything."""
        return self.novelty is not Novelty.KNOWN


@dataclass(frozen=True)
class Look:
    """What is in the files that were sent, before any of it counts."""

    candidates: tuple[Candidate, ...]
    passed_over: tuple[PassedOver, ...]
    now: datetime

    @property
    def new(self) -> tuple[Candidate, ...]:
        return tuple(one for one in self.candidates if one.counts)


@dataclass(frozen=True)
class BaseCertificate:
    """A certificate out of a file: `source` where it is known whence those that come along were taken."""

    certificate: TrustedCertificate
    comes_along: bool
    source: str


@dataclass(frozen=True)
class InstallationTrust:
    """Whom the installation trusts."""

    base: tuple[BaseCertificate, ...]
    added: Sequence[TrustCertificate]
    removed: Sequence[TrustCertificate]
    lists: Sequence[ImportedList]


@dataclass(frozen=True)
class Policy:
    """What suffices for sharing. `set_at` None: nobody has said anything, the default holds."""

    claimed_time_suffices: bool
    set_at: datetime | None = None
    set_by_name: str = ""


@dataclass(frozen=True)
class OrganisationTrust:
    """Whom an organisation trusts besides the installation, and what it lets suffice."""

    added: Sequence[OrganisationCertificate]
    removed: Sequence[OrganisationCertificate]
    of_installation: Sequence[TrustedCertificate]
    policy: Policy

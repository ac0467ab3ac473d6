"""Which kinds of organisation there are, and which numbers each of them can have."""

from __future__ import annotations

from enum import StrEnum

from entitylocker.errors import N_


class IdentifierKind(StrEnum):
    """A register's number for an organisation. The value is stored; it never changes."""

    CIN = "cin"
    LLPIN = "llpin"
    PAN = "pan"
    GSTIN = "gstin"
    UDYAM = "udyam"
    DEPARTMENT = "department"

    @property
    def label(self) -> str:
        """What people call it, in English, to be translated where it is shown."""
        return _IDENTIFIER_LABELS[self]

    @property
    def example(self) -> str:
        """A made-up, well-formed sample to show beside a form field."""
        return _EXAMPLES[self]


class OrganisationKind(StrEnum):
    """What an organisation is in law. The value is stored; it never changes."""

    COMPANY = "company"
    LLP = "llp"
    PARTNERSHIP = "partnership"
    PROPRIETORSHIP = "proprietorship"
    TRUST = "trust"
    SOCIETY = "society"
    MSME = "msme"
    GOVERNMENT_DEPARTMENT = "government_department"
    OTHER = "other"

    @property
    def label(self) -> str:
        """What people call it, in English, to be translated where it is shown."""
        return _ORGANISATION_LABELS[self]


def kinds_for(organisation_kind: OrganisationKind) -> tuple[IdentifierKind, ...]:
    """Identifiers such an organisation can have, the one to ask for first in front."""
    return _KINDS_FOR[organisation_kind]


_IDENTIFIER_LABELS = {
    IdentifierKind.CIN: N_("CIN"),
    IdentifierKind.LLPIN: N_("LLPIN"),
    IdentifierKind.PAN: N_("PAN"),
    IdentifierKind.GSTIN: N_("GSTIN"),
    IdentifierKind.UDYAM: N_("Udyam number"),
    IdentifierKind.DEPARTMENT: N_("Department code"),
}

_EXAMPLES = {
    IdentifierKind.CIN: "U72900MH2020PTC000001",
    IdentifierKind.LLPIN: "AAA-0001",
    IdentifierKind.PAN: "AAACA0001A",
    IdentifierKind.GSTIN: "27AAACA0001A1ZX",
    IdentifierKind.UDYAM: "UDYAM-MH-26-0000001",
    IdentifierKind.DEPARTMENT: "PWD-MH",
}

_ORGANISATION_LABELS = {
    OrganisationKind.COMPANY: N_("Company"),
    OrganisationKind.LLP: N_("Limited liability partnership (LLP)"),
    OrganisationKind.PARTNERSHIP: N_("Partnership firm"),
    OrganisationKind.PROPRIETORSHIP: N_("Proprietorship"),
    OrganisationKind.TRUST: N_("Trust"),
    OrganisationKind.SOCIETY: N_("Society"),
    OrganisationKind.MSME: N_("Micro, small or medium enterprise (MSME)"),
    OrganisationKind.GOVERNMENT_DEPARTMENT: N_("Government department"),
    OrganisationKind.OTHER: N_("Other"),
}

_TAX_AND_UDYAM = (IdentifierKind.PAN, IdentifierKind.GSTIN, IdentifierKind.UDYAM)

_KINDS_FOR: dict[OrganisationKind, tuple[IdentifierKind, ...]] = {
    OrganisationKind.COMPANY: (IdentifierKind.CIN, *_TAX_AND_UDYAM),
    OrganisationKind.LLP: (IdentifierKind.LLPIN, *_TAX_AND_UDYAM),
    OrganisationKind.PARTNERSHIP: _TAX_AND_UDYAM,
    OrganisationKind.PROPRIETORSHIP: (IdentifierKind.UDYAM, IdentifierKind.GSTIN, IdentifierKind.PAN),
    OrganisationKind.TRUST: _TAX_AND_UDYAM,
    OrganisationKind.SOCIETY: _TAX_AND_UDYAM,
    OrganisationKind.MSME: (
        IdentifierKind.UDYAM,
        IdentifierKind.PAN,
        IdentifierKind.GSTIN,
        IdentifierKind.CIN,
        IdentifierKind.LLPIN,
    ),
    OrganisationKind.GOVERNMENT_DEPARTMENT: (
        IdentifierKind.DEPARTMENT,
        IdentifierKind.PAN,
        IdentifierKind.GSTIN,
    ),
    OrganisationKind.OTHER: _TAX_AND_UDYAM,
}

"""Which kinds of organisation there are, and which numbers each of them can have."""

from __future__ import annotations

from enum import StrEnum

from entitylocker.errors import N_


class IdentifierKind(StrEnum):
    """A register's number for an organisation, or (DIN) for its people. The value is stored; it never changes."""

    CIN = "cin"
    LLPIN = "llpin"
    PAN = "pan"
    GSTIN = "gstin"
    UDYAM = "udyam"
    DEPARTMENT = "department"
    TAN = "tan"
    IEC = "iec"
    FSSAI = "fssai"
    LEI = "lei"
    DIN = "din"

    @property
    def label(self) -> str:
        """What people call it, in English, to be translated where it is shown."""
        return _IDENTIFIER_LABELS[self]

    @property
    def example(self) -> str:
        """A made-up, well-formed sample to show beside a form field."""
        return _EXAMPLES[self]

    @property
    def help(self) -> str:
        """Who gives it, how it looks and where it is found, in English, to be translated where it is shown."""
        return _HELP[self]

    @property
    def of_organisation(self) -> bool:
        """Whether it names an organisation. A director's number alone says nothing about one."""
        return self is not IdentifierKind.DIN

    @property
    def usually_ends(self) -> bool:
        """Whether its register gives it for a time, so that the last day is worth asking for."""
        return self in (IdentifierKind.LEI, IdentifierKind.FSSAI)


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

    @property
    def has_directors(self) -> bool:
        """Whether its directors or designated partners have numbers (DIN)."""
        return self in _WITH_DIRECTORS


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
    IdentifierKind.TAN: N_("TAN"),
    IdentifierKind.IEC: N_("IEC"),
    IdentifierKind.FSSAI: N_("FSSAI number"),
    IdentifierKind.LEI: N_("LEI"),
    IdentifierKind.DIN: N_("DIN"),
}

_EXAMPLES = {
    IdentifierKind.CIN: "U72900MH2020PTC000001",
    IdentifierKind.LLPIN: "AAA-0001",
    IdentifierKind.PAN: "AAACA0001A",
    IdentifierKind.GSTIN: "27AAACA0001A1ZX",
    IdentifierKind.UDYAM: "UDYAM-MH-26-0000001",
    IdentifierKind.DEPARTMENT: "PWD-MH",
    IdentifierKind.TAN: "MUMA00001A",
    IdentifierKind.IEC: "AAACA0001A",
    IdentifierKind.FSSAI: "10020022000001",
    IdentifierKind.LEI: "335800EXAMPLE0000129",
    IdentifierKind.DIN: "00000001",
}

_HELP = {
    IdentifierKind.CIN: N_(
        "Corporate identity number, 21 characters. It stands on the certificate of incorporation of a company."
    ),
    IdentifierKind.LLPIN: N_("Number of a limited liability partnership: three letters and four digits."),
    IdentifierKind.PAN: N_(
        "Permanent account number of the income tax department, 10 characters. The fourth letter says whose it is."
    ),
    IdentifierKind.GSTIN: N_(
        "Number of a registration for the goods and services tax, 15 characters. The PAN is inside it. "
        "An organisation has one for each state; state as many as you need."
    ),
    IdentifierKind.UDYAM: N_(
        "Number on the Udyam certificate of a micro, small or medium enterprise: UDYAM, state, district, seven digits."
    ),
    IdentifierKind.DEPARTMENT: N_(
        "The code by which a government department is known in its orders. It needs the order letter as a PDF."
    ),
    IdentifierKind.TAN: N_(
        "Number of who deducts or collects tax at source: four letters, five digits, a letter. "
        "Government departments have one even without a PAN."
    ),
    IdentifierKind.IEC: N_("Importer-exporter code. Since 2018 it is the PAN; older codes have ten digits."),
    IdentifierKind.FSSAI: N_(
        "Licence or registration for a food business, 14 digits. It is given for some years: state the last day, too."
    ),
    IdentifierKind.LEI: N_(
        "Legal entity identifier for banks and markets, 20 characters. It is renewed yearly: state the last day, too."
    ),
    IdentifierKind.DIN: N_(
        "Number of a director or designated partner, eight digits. It describes a person and verifies nothing alone."
    ),
}

_ORGANISATION_LABELS = {
    OrganisationKind.COMPANY: N_("Company"),
    OrganisationKind.LLP: N_("Limited liability partnership (LLP)"),
    OrganisationKind.PARTNERSHIP: N_("Partnership firm"),
    OrganisationKind.PROPRIETORSHIP: N_("Proprietorship"),
    OrganisationKind.TRUST: N_("Trust"),
    OrganisationKind.SOCIETY: N_("Society"),
    OrganisationKind.MSME: N_("Startup, or micro, small or medium enterprise (MSME)"),
    OrganisationKind.GOVERNMENT_DEPARTMENT: N_("Government department"),
    OrganisationKind.OTHER: N_("Other"),
}

_WITH_DIRECTORS = frozenset(
    {OrganisationKind.COMPANY, OrganisationKind.LLP, OrganisationKind.MSME, OrganisationKind.OTHER}
)

_TAX_AND_UDYAM = (IdentifierKind.PAN, IdentifierKind.GSTIN, IdentifierKind.UDYAM)
# Whoever pays, trades abroad, sells food or deals with banks can have these.
_ANYBODY = (IdentifierKind.TAN, IdentifierKind.IEC, IdentifierKind.FSSAI, IdentifierKind.LEI)

_KINDS_FOR: dict[OrganisationKind, tuple[IdentifierKind, ...]] = {
    OrganisationKind.COMPANY: (IdentifierKind.CIN, *_TAX_AND_UDYAM, *_ANYBODY),
    OrganisationKind.LLP: (IdentifierKind.LLPIN, *_TAX_AND_UDYAM, *_ANYBODY),
    OrganisationKind.PARTNERSHIP: (*_TAX_AND_UDYAM, *_ANYBODY),
    OrganisationKind.PROPRIETORSHIP: (
        IdentifierKind.UDYAM,
        IdentifierKind.GSTIN,
        IdentifierKind.PAN,
        *_ANYBODY,
    ),
    OrganisationKind.TRUST: (*_TAX_AND_UDYAM, *_ANYBODY),
    OrganisationKind.SOCIETY: (*_TAX_AND_UDYAM, *_ANYBODY),
    OrganisationKind.MSME: (
        IdentifierKind.UDYAM,
        IdentifierKind.PAN,
        IdentifierKind.GSTIN,
        IdentifierKind.CIN,
        IdentifierKind.LLPIN,
        *_ANYBODY,
    ),
    OrganisationKind.GOVERNMENT_DEPARTMENT: (
        IdentifierKind.DEPARTMENT,
        IdentifierKind.TAN,
        IdentifierKind.PAN,
        IdentifierKind.GSTIN,
        IdentifierKind.IEC,
        IdentifierKind.FSSAI,
        IdentifierKind.LEI,
    ),
    OrganisationKind.OTHER: (*_TAX_AND_UDYAM, *_ANYBODY),
}

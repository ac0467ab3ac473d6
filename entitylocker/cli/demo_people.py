"""Who is in a demo: invented people and organisations. Nobody here exists."""

from __future__ import annotations

from dataclasses import dataclass

from entitylocker.access import Role
from entitylocker.identifiers import IdentifierKind, OrganisationKind


@dataclass(frozen=True)
class DemoPerson:
    """Somebody who can sign in. `part` is what the list says of them."""

    name: str
    email: str
    role: Role
    part: str


@dataclass(frozen=True)
class DemoOrganisation:
    """An organisation with its first administrator and the others."""

    key: str
    name: str
    kind: OrganisationKind
    identifier_kind: IdentifierKind
    identifier: str
    people: tuple[DemoPerson, ...]


COMPANY = DemoOrganisation(
    key="company",
    name="Sahyadri Agro Exports Private Limited",
    kind=OrganisationKind.COMPANY,
    identifier_kind=IdentifierKind.CIN,
    identifier="U01100PN2019PTC184532",
    people=(
        DemoPerson("Meera Joshi", "meera@sahyadri.example", Role.ADMINISTRATOR, "administrator"),
        DemoPerson("Rohan Kulkarni", "rohan@sahyadri.example", Role.RECORDS_OFFICER, "records_officer"),
        DemoPerson("Farhan Shaikh", "farhan@sahyadri.example", Role.SIGNATORY, "signatory"),
        DemoPerson("Anita Deshpande", "anita@sahyadri.example", Role.AUDITOR, "auditor"),
        # Holds nothing but what a delegation gives for one folder and a time.
        DemoPerson("Kiran Patil", "kiran@sahyadri.example", Role.MEMBER, "delegate"),
    ),
)
DEPARTMENT = DemoOrganisation(
    key="department",
    name="Department of Public Works",
    kind=OrganisationKind.GOVERNMENT_DEPARTMENT,
    identifier_kind=IdentifierKind.DEPARTMENT,
    identifier="PWD-07",
    people=(
        DemoPerson("Lata Kadam", "lata@pwd.example", Role.ADMINISTRATOR, "administrator"),
        DemoPerson("Suresh Pawar", "suresh@pwd.example", Role.RECORDS_OFFICER, "records_officer"),
    ),
)
ORGANISATIONS = (COMPANY, DEPARTMENT)
# A unit of the department, which vouches for it; the second of its people administers it from there.
UNIT_NAME = "Public Works Division, Pune"
OPERATOR = ("Olivia D’Souza", "operator@locker.example")
PORTAL_NAME = "State e-Tender Portal"
PORTAL_TYPES = ("CINCR", "GSTRC", "PANCR", "BORES", "BALSH")

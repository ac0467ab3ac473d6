"""Makes files as officers make them. All names are invented."""

from __future__ import annotations

import csv
import io
import itertools
import random
from dataclasses import dataclass, field

DEPARTMENTS = (
    "Health and Family Welfare", "School Education", "Public Works", "Revenue", "Agriculture", "Finance", "Home",
    "Forests", "Rural Development", "Urban Development", "Water Resources", "Energy", "Transport", "Labour",
    "Social Justice", "Women and Child Development", "Food and Civil Supplies", "Cooperation", "Fisheries",
    "Animal Husbandry", "Industries", "Tourism", "Information Technology", "Law and Justice", "Planning",
    "General Administration", "Higher Education", "Skill Development", "Sports", "Culture", "Minority Affairs",
    "Tribal Welfare", "Environment", "Housing", "Mines",
)  # fmt: skip
FIRST = (
    "Asha", "Ravi", "Meena", "Suresh", "Lata", "Mohan", "Sunita", "Vikram", "Anjali", "Deepak", "Kavita", "Ramesh",
    "Farida", "Imran", "Gurpreet", "Harjit", "Thomas", "Mercy", "Lakshmi", "Krishnan", "Bhaskar", "Ishita",
)  # fmt: skip
LAST = (
    "Rao", "Kumar", "Kulkarni", "Pawar", "Deshmukh", "Sharma", "Verma", "Patil", "Khan", "Shaikh", "Singh", "Kaur",
    "D'Souza", "Fernandes", "Iyer", "Nair", "Reddy", "Das", "Mukherjee", "Bora", "McDonald", "Sarkar",
)  # fmt: skip
ROLES = ("administrator", "records officer", "reader", "signatory", "auditor")
ENGLISH = ("Department", "Officer", "E-mail", "Mobile", "Role", "Language", "Way")
HINDI = ("विभाग", "अधिकारी का नाम", "ई-मेल", "मोबाइल नंबर", "भूमिका", "भाषा", "माध्यम")
MIXED = ("विभाग / Department", "Name of Officer", "ईमेल", "Mobile No.", "Role (भूमिका)", "भाषा", "Way")


@dataclass
class Officer:
    """A row."""

    department: str
    name: str
    email: str = ""
    phone: str = ""
    role: str = "records officer"
    language: str = "English"
    way: str = ""

    @property
    def cells(self) -> list[str]:
        return [self.department, self.name, self.email, self.phone, self.role, self.language, self.way]


@dataclass
class Sheet:
    """A file to be saved in many ways."""

    officers: list[Officer]
    header: tuple[str, ...] = ENGLISH
    titles: list[list[str]] = field(default_factory=list)

    def text(self, delimiter: str = ",", line_end: str = "\r\n", trailing: int = 0) -> str:
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=delimiter, lineterminator=line_end)
        writer.writerows(self.titles)
        writer.writerow([*self.header, *[""] * trailing])
        writer.writerows([*officer.cells, *[""] * trailing] for officer in self.officers)
        writer.writerows([[""] * (len(self.header) + trailing)] * (3 if trailing else 0))
        return buffer.getvalue()

    def bytes(self, encoding: str = "utf-8", **shape: object) -> bytes:
        return self.text(**shape).encode(encoding)  # type: ignore[arg-type]


def make_officers(departments: int = 35, officers: int = 65, seed: int = 7, host: str = "state.example") -> Sheet:
    """So many officers in so many departments, each with an address of their own; the first administers."""
    chance = random.Random(seed)
    names = [f"{a} {b}" for a, b in itertools.product(FIRST, LAST)]
    chance.shuffle(names)
    made = []
    for number in range(officers):
        name = names[number % len(names)]
        local = "".join(letter for letter in name.lower() if letter.isalpha())
        made.append(
            Officer(
                f"Department of {DEPARTMENTS[number % departments]}",
                name,
                f"{local}{number}@{host}",
                role="administrator" if number < departments else chance.choice(ROLES[1:]),
                language=chance.choice(["English", "Hindi", ""]),
            )
        )
    return Sheet(made)

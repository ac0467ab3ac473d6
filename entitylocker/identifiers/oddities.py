"""What is unusual about an organisation's identifiers without being impossible: for whoever verifies them."""

from __future__ import annotations

from collections.abc import Sequence

from entitylocker.identifiers.disagreements import LicenceBeforeCompany, ListedThoughPrivate, Oddity, StatesDiffer
from entitylocker.identifiers.kinds import IdentifierKind
from entitylocker.identifiers.parts import Identifier

# Private companies, those of one person, companies without profit: their shares are on no exchange.
_NEVER_LISTED = frozenset({"PTC", "OPC", "NPL", "FTC", "GAT", "ULT"})


def oddities(identifiers: Sequence[Identifier]) -> list[Oddity]:
    """What to look at twice in one organisation's identifiers; empty when nothing strikes."""
    found: list[Oddity] = []
    for cin in identifiers:
        if cin.kind is IdentifierKind.CIN:
            found += _listing(cin)
            found += _states(cin, identifiers)
            found += _years(cin, identifiers)
    return found


def _listing(cin: Identifier) -> list[Oddity]:
    company_type = cin.facts["company_type"]
    odd = cin.facts["listed"] and company_type in _NEVER_LISTED
    return [ListedThoughPrivate(company_type=company_type)] if odd else []


def _states(cin: Identifier, identifiers: Sequence[Identifier]) -> list[Oddity]:
    """The letters in the CIN against the first two digits of the GSTINs that name a state."""
    states = {
        str(gstin.facts["state"]): str(gstin.facts["state_name"])
        for gstin in identifiers
        if gstin.kind is IdentifierKind.GSTIN and "state" in gstin.facts
    }
    if not states or cin.facts["state"] in states:
        return []
    return [StatesDiffer(state=cin.facts["state_name"], other=", ".join(states.values()))]


def _years(cin: Identifier, identifiers: Sequence[Identifier]) -> list[Oddity]:
    licences = [each for each in identifiers if each.kind is IdentifierKind.FSSAI]
    return [
        LicenceBeforeCompany(licence_year=licence.facts["year"], company_year=cin.facts["year"])
        for licence in licences
        if int(licence.facts["year"]) < int(cin.facts["year"])
    ]

"""Numbers by which an Indian organisation is known: reading, checking, comparing. No database, no web."""

from entitylocker.identifiers.agreement import checked_against_one_another
from entitylocker.identifiers.disagreements import Disagreement, Oddity
from entitylocker.identifiers.kinds import IdentifierKind, OrganisationKind, kinds_for
from entitylocker.identifiers.oddities import oddities
from entitylocker.identifiers.parse import parse_identifier
from entitylocker.identifiers.parts import Identifier
from entitylocker.identifiers.problems import InvalidIdentifier

__all__ = [
    "Disagreement",
    "Identifier",
    "IdentifierKind",
    "InvalidIdentifier",
    "Oddity",
    "OrganisationKind",
    "checked_against_one_another",
    "kinds_for",
    "oddities",
    "parse_identifier",
]

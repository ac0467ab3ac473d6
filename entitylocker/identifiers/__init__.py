"""Numbers by which an Indian organisation is known: reading, checking, comparing. No database, no web."""

from entitylocker.identifiers.agreement import Disagreement, checked_against_one_another
from entitylocker.identifiers.kinds import IdentifierKind, OrganisationKind, kinds_for
from entitylocker.identifiers.parse import Identifier, parse_identifier
from entitylocker.identifiers.problems import InvalidIdentifier

__all__ = [
    "Disagreement",
    "Identifier",
    "IdentifierKind",
    "InvalidIdentifier",
    "OrganisationKind",
    "checked_against_one_another",
    "kinds_for",
    "parse_identifier",
]

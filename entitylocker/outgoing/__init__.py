"""The one guarded way out: every HTTP(S) call the locker makes to an address that somebody else wrote."""

from entitylocker.outgoing.addresses import Hosts, is_public
from entitylocker.outgoing.client import Answer, Limits, Outgoing
from entitylocker.outgoing.errors import (
    AddressRefused,
    BadAnswer,
    CertificateRefused,
    NotPublic,
    OutgoingError,
    TooLarge,
    TooSlow,
    UnknownHost,
    Unreachable,
)

__all__ = [
    "AddressRefused",
    "Answer",
    "BadAnswer",
    "CertificateRefused",
    "Hosts",
    "Limits",
    "NotPublic",
    "Outgoing",
    "OutgoingError",
    "TooLarge",
    "TooSlow",
    "UnknownHost",
    "Unreachable",
    "is_public",
]

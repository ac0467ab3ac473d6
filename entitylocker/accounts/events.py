"""What happens to people's accounts, told to the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class AddressChanged:
    """A person has another e-mail address now; the running transaction is theirs."""

    person_id: UUID


@dataclass(frozen=True)
class AccountRecovered:
    """The owner of an address took the account back from whoever changed it; the running transaction is theirs."""

    person_id: UUID

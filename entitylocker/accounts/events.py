"""What happens to people's accounts, told to the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class AddressChanged:
    """A person has another e-mail address now; the running transaction is theirs."""

    person_id: UUID


@dataclass(frozen=True)
class AccountRecovered:
    """The owner of an address took the account back from whoever changed it; the running transaction is theirs.

    `since`: what was added to the account from then on may be that person's, and goes.
    """

    person_id: UUID
    since: datetime

"""How citizen lockers are spoken to: one adapter for each kind, all behind the same promise."""

from __future__ import annotations

from entitylocker.citizen.adapters.contract import (
    AdapterMaker,
    CitizenLocker,
    Identity,
    IssuedDocument,
    Tokens,
    TokensRefused,
)
from entitylocker.citizen.adapters.digilocker import DigiLocker

ADAPTERS: dict[str, AdapterMaker] = {"digilocker": DigiLocker}

__all__ = ["ADAPTERS", "CitizenLocker", "Identity", "IssuedDocument", "Tokens", "TokensRefused"]

"""What a check found, as frozen records that survive JSON unchanged. None always means: not checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from entitylocker.signatures.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was added or changed after a signature.

    `kind`: long_term_data, signature_added, field_filled_in, addition (all of which a signer may permit),
    not_permitted or not_covered. `detail` names it: a field, or nothing.
    """

    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GateFinding:
    """An observation about the file as such. `verdict` None: a note that decides nothing."""

    code: str
    verdict: Verdict | None = None
    reason: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose certificate a signature carries, by the certificate's own words."""

    name: str
    organisation: str = ""
    serial: str = ""
    issuer: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """All answers about one signature. `kind`: signature or timestamp; `fault`: what went wrong."""

    field: str
    verdict: Verdict
    reason: str | None = None
    kind: str = "signature"
    signer: Signer | None = None
    claimed_at: datetime | None = None
    proven_at: datetime | None = None
    revoked_at: datetime | None = None
    level: str | None = None
    coverage: str | None = None
    permission: str | None = None
    changes: tuple[Change, ...] = ()
    intact: bool | None = None
    trusted: bool | None = None
    still_good: bool | None = None
    chain: tuple[str, ...] = ()
    algorithm: str | None = None
    indication: str | None = None
    fault: str | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; `from_json` gives back an equal record."""
        dumped: dict[str, Any] = _dump(self)
        return dumped

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SignatureReport:
        """The record `to_json` was called on."""
        signer = value["signer"]
        return cls(
            **{
                **value,
                "verdict": Verdict(value["verdict"]),
                "signer": Signer(**signer) if signer is not None else None,
                **{name: _instant(value[name]) for name in ("claimed_at", "proven_at", "revoked_at")},
                "changes": tuple(Change(**change) for change in value["changes"]),
                "chain": tuple(value["chain"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Report:
    """All answers about one file: signed? intact? by whom? trusted? still good? what changed since?"""

    verdict: Verdict
    checked_at: datetime
    reason: str | None = None
    signed: bool | None = None
    intact: bool | None = None
    by_whom: tuple[str, ...] = ()
    trusted: bool | None = None
    still_good: bool | None = None
    changes: tuple[Change, ...] = ()
    signatures: tuple[SignatureReport, ...] = ()
    gate: tuple[GateFinding, ...] = ()
    active_content: tuple[str, ...] = ()
    pages: int | None = None
    encrypted: bool | None = None
    size: int | None = None
    sha256: str | None = None
    policy: str = "if-known"
    valid_on: datetime | None = None
    engine: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; `from_json` gives back an equal record."""
        dumped: dict[str, Any] = _dump(self)
        return dumped

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Report:
        """The record `to_json` was called on."""
        return cls(
            **{
                **value,
                "verdict": Verdict(value["verdict"]),
                "checked_at": datetime.fromisoformat(value["checked_at"]),
                "valid_on": _instant(value["valid_on"]),
                "changes": tuple(Change(**change) for change in value["changes"]),
                "signatures": tuple(SignatureReport.from_json(one) for one in value["signatures"]),
                "gate": tuple(_finding(one) for one in value["gate"]),
                **{name: tuple(value[name]) for name in ("by_whom", "active_content")},
                "engine": dict(value["engine"]),
            }
        )


def _finding(value: Mapping[str, Any]) -> GateFinding:
    verdict = value["verdict"]
    return GateFinding(**{**value, "verdict": Verdict(verdict) if verdict is not None else None})


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value is not None else None


def _dump(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: _dump(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Verdict):
        return value.value
    if isinstance(value, tuple):
        return [_dump(one) for one in value]
    return dict(value) if isinstance(value, Mapping) else value

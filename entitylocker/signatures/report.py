"""What a check found, as frozen records that survive JSON unchanged. None always means: not checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from entitylocker.signatures.verdicts import Verdict

_TEXTS = ("by_whom", "active_content", "active_later", "hidden_layers")


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was added or changed after a signature.

    `kind`: long_term_data, signature_added, field_filled_in, addition (all of which a signer may permit),
    not_permitted, not_covered, or not_looked_at: there may be worse than is named. `detail` names it: a field, or
    nothing. `pages`: the pages it touched, from 1.
    """

    kind: str
    detail: str = ""
    pages: tuple[int, ...] = ()


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
class Revocation:
    """How it is known that the signer's certificate was, or was not, revoked.

    `source`: crl or ocsp. `embedded`: the document itself brought it. Times are those of the answer.
    """

    source: str
    embedded: bool
    produced_at: datetime
    next_update: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What would have to be fetched to know more: `kind` crl or ocsp.

    `request`: the OCSP request (RFC 6960, DER) in base64; empty for a CRL, which is simply got (RFC 5280, 4.2.1.13).
    """

    kind: str
    url: str
    request: str = ""


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """All answers about one signature. `kind`: signature or timestamp; `fault`: what went wrong.

    `indication` and `sub_indication` are the words of ETSI EN 319 102-1; `signed_bytes`: how long the file was when
    this was signed; `issuer_missing`: whose certificate the path lacks; `wanted`: revocation answers not at hand.
    """

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
    sub_indication: str | None = None
    signed_bytes: int | None = None
    issuer_missing: str | None = None
    revocation: Revocation | None = None
    wanted: tuple[Wanted, ...] = ()
    fault: str | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; `from_json` gives back an equal record."""
        dumped: dict[str, Any] = _dump(self)
        return dumped

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SignatureReport:
        """The record `to_json` was called on."""
        signer, revocation = value["signer"], value.get("revocation")
        return cls(
            **{
                **value,
                "verdict": Verdict(value["verdict"]),
                "signer": Signer(**signer) if signer is not None else None,
                **{name: _instant(value[name]) for name in ("claimed_at", "proven_at", "revoked_at")},
                "changes": tuple(map(_change, value["changes"])),
                "chain": tuple(value["chain"]),
                "revocation": _revocation(revocation) if revocation is not None else None,
                "wanted": tuple(Wanted(**one) for one in value.get("wanted", ())),
            }
        )


@dataclass(frozen=True, slots=True)
class Report:
    """All answers about one file: signed? intact? by whom? trusted? still good? what changed since?

    `active_content`: kinds of content that acts by itself; `active_later`: those of them that came after the last
    signature. `hidden_layers`: names of optional layers that are not shown.
    """

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
    active_later: tuple[str, ...] = ()
    hidden_layers: tuple[str, ...] = ()
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
                "changes": tuple(map(_change, value["changes"])),
                "signatures": tuple(SignatureReport.from_json(one) for one in value["signatures"]),
                "gate": tuple(_finding(one) for one in value["gate"]),
                **{name: tuple(value.get(name, ())) for name in _TEXTS},
                "engine": dict(value["engine"]),
            }
        )


def _change(value: Mapping[str, Any]) -> Change:
    return Change(**{**value, "pages": tuple(value.get("pages", ()))})


def _revocation(value: Mapping[str, Any]) -> Revocation:
    times = {name: _instant(value[name]) for name in ("produced_at", "next_update")}
    return Revocation(**{**value, **times})


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

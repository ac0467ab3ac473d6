"""What an export holds, known before its first byte: files with their places, sizes and checksums."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from entitylocker.exports.names import Names, suffix_of
from entitylocker.web.spreadsheets import csv_file

CURRENT, EARLIER, BINNED = "documents", "earlier-versions", "in-the-bin"
MANIFEST_VERSION = 1


@dataclass(frozen=True)
class Paper:
    """A version of a document as the export needs it. `folders`: names from the top down."""

    document_id: UUID
    version_id: UUID
    number: int
    is_current: bool
    is_binned: bool
    title: str
    type_code: str | None
    document_number: str
    issued_on: date | None
    expires_on: date | None
    folders: tuple[str, ...]
    filename: str
    media_type: str
    size: int
    sha256: str
    verdict: str
    checked_at: datetime | None
    deposited_by: str
    deposited_at: datetime


@dataclass(frozen=True)
class Placed:
    """A version and where it lies in the archive."""

    path: str
    paper: Paper


@dataclass(frozen=True)
class Plan:
    """Everything an export needs to know. `last_sequence`: up to which event it takes the trail."""

    export_id: UUID
    organisation_id: UUID
    organisation_name: str
    made_at: datetime
    made_by: str
    papers: tuple[Placed, ...]
    consents: tuple[dict[str, Any], ...]
    last_sequence: int

    @property
    def documents(self) -> int:
        """How many documents there are, whatever number of versions they have."""
        return len({placed.paper.document_id for placed in self.papers})

    @property
    def size(self) -> int:
        """The bytes of all versions."""
        return sum(placed.paper.size for placed in self.papers)


def place(papers: Iterable[Paper]) -> tuple[Placed, ...]:
    """Give every version a place of its own in the archive."""
    names = Names()
    return tuple(Placed(_path(names, paper), paper) for paper in papers)


def _path(names: Names, paper: Paper) -> str:
    top = CURRENT if paper.is_current else EARLIER
    title = paper.title if paper.is_current else f"{paper.title} (version {paper.number})"
    return names.path((BINNED if paper.is_binned else top, *paper.folders), title, suffix_of(paper.filename))


def manifest_json(plan: Plan) -> bytes:
    """The manifest for programs."""
    whole = {
        "manifest_version": MANIFEST_VERSION,
        "organisation": {"id": str(plan.organisation_id), "name": plan.organisation_name},
        "made_at": plan.made_at.isoformat(),
        "made_by": plan.made_by,
        "documents": plan.documents,
        "versions": len(plan.papers),
        "bytes": plan.size,
        "last_event": plan.last_sequence,
        "files": [_line(placed) for placed in plan.papers],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def manifest_csv(plan: Plan) -> bytes:
    """The same list for spreadsheets, with cells that would run as formulas made plain text."""
    names = list(_line(plan.papers[0])) if plan.papers else ["path"]
    return csv_file([names, *(list(_line(placed).values()) for placed in plan.papers)])


def _line(placed: Placed) -> dict[str, Any]:
    paper = placed.paper
    return {
        "path": placed.path,
        "title": paper.title,
        "type": paper.type_code,
        "number": paper.document_number,
        "issued_on": _iso(paper.issued_on),
        "expires_on": _iso(paper.expires_on),
        "folder": "/".join(paper.folders),
        "version": paper.number,
        "current": paper.is_current,
        "in_bin": paper.is_binned,
        "filename": paper.filename,
        "media_type": paper.media_type,
        "size": paper.size,
        "sha256": paper.sha256,
        "verdict": paper.verdict,
        "checked_at": _iso(paper.checked_at),
        "deposited_by": paper.deposited_by,
        "deposited_at": _iso(paper.deposited_at),
        "document_id": str(paper.document_id),
        "version_id": str(paper.version_id),
    }


def consents_json(plan: Plan) -> bytes:
    """Every consent that was given, with what became of it."""
    return json.dumps(list(plan.consents), ensure_ascii=False, indent=1).encode()


def consents_csv(plan: Plan) -> bytes:
    """A line for each document of each consent."""
    names = ["consent", "portal", "keeper", "purpose", "given_at", "given_by", "until", "state", "withdrawn_by",
             "document", "document_type", "fetches"]  # fmt: skip
    lines = [
        [consent["id"], consent["portal"], consent["keeper"], consent["purpose"], consent["given_at"],
         consent["given_by"], consent["until"], consent["state"], consent["withdrawn_by"],
         document["title"], document["type"], document["fetches"]]
        for consent in plan.consents
        for document in consent["documents"]
    ]  # fmt: skip
    return csv_file([names, *lines])


def _iso(value: date | datetime | None) -> str | None:
    return None if value is None else value.isoformat()

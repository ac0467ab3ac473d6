"""Papers that are with an issuer and not yet in a locker: what there is, how it is found, fetching it; and counts."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from entitylocker.sandbox.citizen_errors import WireError
from entitylocker.sandbox.citizen_house import caller, house
from entitylocker.sandbox.citizen_people import CITIZENS, UNCLAIMED, IssuedPaper
from entitylocker.sandbox.citizen_tokens import read_fields

OLDEST_SECONDS = 30 * 60
_SEARCH = "doc_no"

pages = Blueprint("citizen_pull", __name__)


@pages.post("/public/oauth2/1/pull/issuers")
def issuers() -> Response:
    """Who issues what can be pulled."""
    _read("clientid", "ts")
    offices = dict.fromkeys((paper.issuer_id, paper.issuer) for paper in UNCLAIMED)
    listed = [
        {
            "orgid": _org_id(issuer_id),
            "issuerid": issuer_id,
            "name": name,
            "categories": "Sample",
            "description": f"{name}, which does not exist",
        }
        for issuer_id, name in offices
    ]
    return jsonify({"issuers": listed})


@pages.post("/public/oauth2/1/pull/doctype")
def doctype() -> Response:
    """What kinds of papers an issuer has."""
    papers = _papers_of(_read("clientid", "orgid", "ts"))
    return jsonify({"documents": [{"doctype": paper.doctype, "description": paper.description} for paper in papers]})


@pages.post("/public/oauth2/1/pull/parameters")
def parameters() -> Response:
    """By what a paper is searched."""
    fields = _read("clientid", "orgid", "doctype", "ts")
    paper = _paper_of(fields)
    return jsonify([{"label": "Number", "paramname": _SEARCH, "valuelist": "", "example": paper.number}])


@pages.post("/public/oauth2/1/pull/pulldocument")
def pull_document() -> Response:
    """Search a paper and put it into the locker of the person whose token this is."""
    who = caller("pull", about_documents=True)
    who.need("files.issueddocs")
    fields = read_fields()
    if fields.get("consent") != "Y":
        raise WireError(400, "invalid_parameter", "The consent parameter must be Y")
    paper = _paper_of(fields)
    if fields.get(_SEARCH) != paper.number:
        raise WireError(404, "record_not_found", "No record found in issuer database for given criteria.")
    if not house().shelves.pull(who.citizen, paper):
        raise WireError(400, "uri_exists", "This document already exists in your Issued Documents.")
    return jsonify({"uri": paper.uri})


@pages.post("/public/statistics/1/counts")
def counts() -> Response:
    """How much there is in the sandbox. (`registations` is the spelling of the published text.)"""
    _read("clientid", "ts")
    today = datetime.fromtimestamp(house().clock(), ZoneInfo("Asia/Kolkata"))
    papers = sum(len(house().shelves.papers(citizen)) for citizen in CITIZENS)
    month = {"id": 1, "month": today.month, "year": today.year, "count": len(CITIZENS)}
    said: dict[str, Any] = {
        "users": str(len(CITIZENS)),
        "authentic_documents": str(papers),
        "issuers": str(len({paper.issuer_id for citizen in CITIZENS for paper in citizen.papers})),
        "requestors": "1",
        "count_as_on": f"{today:%d%m%Y}",
        "monthwise_registations": [month],
        "yearwise_authentic_documents": [{"id": 1, "year": today.year, "count": papers}],
    }
    return jsonify(said)


def _read(*names: str) -> dict[str, str]:
    """The fields of a call that is signed by a hash over secret and `names`. Raises WireError for what does not fit."""
    fields = read_fields()
    client = house().clients.find(fields.get("clientid"))
    if client is None:
        raise WireError(401, "invalid_client_id", "The client_id parameter is invalid")
    wrong = []
    if not _is_recent(fields.get("ts", "")):
        wrong.append("Timestamp parameter is missing or invalid")
    if not client.hash_matches(fields.get("hmac", ""), *(fields.get(name, "") for name in names)):
        wrong.append("HMAC parameter is missing or invalid")
    wrong += [f"{name} parameter is missing or invalid" for name in names if not fields.get(name)]
    if wrong:
        raise WireError(400, "invalid_parameter", "; ".join(wrong))
    return fields


def _is_recent(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,12}", text)) and abs(house().clock() - int(text)) <= OLDEST_SECONDS


def _org_id(issuer_id: str) -> str:
    """A number in six digits that stays the same."""
    return f"{sum(map(ord, issuer_id)):06d}"


def _papers_of(fields: dict[str, str]) -> list[IssuedPaper]:
    papers = [paper for paper in UNCLAIMED if _org_id(paper.issuer_id) == fields.get("orgid")]
    if not papers:
        raise WireError(400, "invalid_orgid", "The orgid parameter is missing or invalid.")
    return papers


def _paper_of(fields: dict[str, str]) -> IssuedPaper:
    for paper in _papers_of(fields):
        if paper.doctype == fields.get("doctype"):
            return paper
    raise WireError(400, "invalid_doctype", "The doctype parameter is missing or invalid.")

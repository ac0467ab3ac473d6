"""The public check over JSON."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_smorest import Blueprint

from entitylocker.extensions import csrf
from entitylocker.sharing import service
from entitylocker.sharing.limits import limit_checks
from entitylocker.sharing.receiving import check_body, check_form, refuse_other_sites
from entitylocker.sharing.schemas import PublicReportSchema
from entitylocker.signatures.report import Report
from entitylocker.web.api import ProblemSchema
from entitylocker.web.arrival import open_to_all

blueprint = Blueprint("public_check_api", __name__, url_prefix="/api/v1", description="Checking a PDF, for anybody.")

_FILE = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/pdf": {"schema": _FILE},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "description": "The file comes last.",
                "properties": {
                    "password": {"type": "string", "description": "Of a file that opens only with one."},
                    "file": _FILE,
                },
                "required": ["file"],
            }
        },
    },
}


# No cookie is looked at, so there is nothing that a page of another site could make use of.
@csrf.exempt
@blueprint.post("/check")
@open_to_all("anybody may have a PDF checked")
@limit_checks
@blueprint.doc(requestBody=_BODY)
@blueprint.response(200, PublicReportSchema)
@blueprint.alt_response(413, schema=ProblemSchema, description="The file is larger than this installation checks.")
@blueprint.alt_response(422, schema=ProblemSchema, description="There is no file, or it is empty.")
@blueprint.alt_response(429, schema=ProblemSchema, description="Too many from one network; see Retry-After.")
@blueprint.alt_response(503, schema=ProblemSchema, description="Too many at once; see Retry-After.")
def check() -> dict[str, Any]:
    """Check a PDF: who signed it, is it intact, is the signer trusted. Nothing of it is kept.

    Whatever the bytes are, the answer is a report: what is no sound PDF is `not_checkable`.
    """
    service.require_public_check()
    refuse_other_sites(request)
    report: Report = check_form(request).report if request.mimetype == "multipart/form-data" else check_body(request)
    return report.to_json()

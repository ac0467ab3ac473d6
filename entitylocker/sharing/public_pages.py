"""Pages for anybody: have a PDF checked, look at a check page. They show nothing of who is signed in."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from entitylocker.errors import InvalidInput, LockerError, NotFound
from entitylocker.extensions import csrf
from entitylocker.sharing import service
from entitylocker.sharing.blueprint import pages
from entitylocker.sharing.codes import show_code
from entitylocker.sharing.limits import limit_checks, limit_codes
from entitylocker.sharing.public_words import to_do
from entitylocker.sharing.receiving import Answer, check_form, refuse_other_sites
from entitylocker.sharing.schemas import CodeSchema
from entitylocker.signatures.report import Report
from entitylocker.vault.errors import EmptyFile
from entitylocker.vault.presenting import present
from entitylocker.web.arrival import open_to_all
from entitylocker.web.engine_room import engines
from entitylocker.web.errors import words
from entitylocker.web.forms import load
from entitylocker.web.uploads import FileTooLarge

_WHY_CHECK = "anybody may have a PDF checked"


@pages.get("/check")
@open_to_all(_WHY_CHECK)
def check() -> AnyResponse | tuple[str, int]:
    """The form for a file; a code that was typed here leads to its page."""
    service.require_public_check()
    if "code" not in request.args:
        return _form({}), 200
    try:
        asked = load(CodeSchema, {"code": request.args["code"]})
    except InvalidInput as wrong:
        return _form(wrong.problems), wrong.status
    return redirect(url_for(".check_page", code=show_code(asked["code"])), 303)


# Nothing is changed and nobody is told, so there is nothing for a token to protect; looking for one the usual way
# would read the whole body into memory.
@csrf.exempt
@pages.post("/check")
@open_to_all(_WHY_CHECK)
@limit_checks
def check_file() -> tuple[str, int]:
    """Check a file and show what was found. Nothing of it is kept."""
    service.require_public_check()
    refuse_other_sites(request)
    try:
        return _result(check_form(request)), 200
    except (InvalidInput, FileTooLarge, EmptyFile) as refusal:
        return _form(_problems(refusal)), refusal.status


@pages.get("/check/<code>")
@open_to_all("whoever holds the code of a check page may look at it")
@limit_codes
def check_page(code: str) -> Response:
    """What an organisation chose to show of a document: the verdict, and what it is of."""
    view = service.look(code, counted=request.method == "GET")
    response = make_response(render_template("sharing/check_page.html", view=view, limit=_limit()))
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def _limit() -> int:
    return engines().settings.public_check_bytes


def _problems(refusal: LockerError) -> dict[str, list[str]]:
    if isinstance(refusal, InvalidInput):
        return refusal.problems
    return {"file": [words(refusal)]}


def _form(problems: dict[str, list[str]]) -> str:
    return render_template("sharing/check.html", problems=problems, limit=_limit(), typed=request.args.get("code", ""))


def _result(answer: Answer) -> str:
    report = answer.report
    shown = replace(present(report), to_do=gettext(to_do(report.verdict, report.reason)))
    compared = _compare(report, answer.code)
    return render_template(
        "sharing/result.html", report=report, shown=shown, compared=compared, code=answer.code, limit=_limit()
    )


def _compare(report: Report, code: str) -> str:
    """Whether the file is the one behind `code`: same, other, or unknown where there is no such page."""
    if not code:
        return ""
    try:
        view = service.look(code, counted=False)
    except NotFound:
        return "unknown"
    return "same" if report.sha256 == view.sha256 else "other"

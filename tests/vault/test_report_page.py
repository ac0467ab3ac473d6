"""The page of a report and what can be taken along: every answer, old versions, the file as signed, the sealed PDF."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pikepdf
import pytest
from flask import Flask
from flask_babel import force_locale

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.audit.models import Event
from entitylocker.config import Settings
from entitylocker.extensions import db
from entitylocker.signatures.report import Change, GateFinding, Report, Revocation, SignatureReport, Signer
from entitylocker.signatures.verdicts import Verdict
from entitylocker.vault import presenting, report_words, service
from tests.factories import Organisations
from tests.vault.helpers import Sender, code_of, text_of, upload_of

SIGNATURES = Path(presenting.__file__).parents[1] / "signatures"
QUESTIONS = ("Is it signed?", "Is it intact?", "Signed by whom?", "Is the signer trusted?",
             "Is the signature still good?", "What changed after signing?")  # fmt: skip
AT = datetime(2026, 11, 21, 10, 30, 5, tzinfo=UTC)
Paper = Callable[[str], bytes]


def checked(sender: Sender, content: bytes, **fields: str) -> str:
    """A document with its check done."""
    document_id = str(sender.deposit(content, **fields)["document_id"])
    sender.check(document_id)
    return document_id


def report_path(document_id: str, number: int = 1, suffix: str = "") -> str:
    return f"/documents/{document_id}/versions/{number}/report{suffix}"


def events(sender: Sender, tag: str) -> list[dict[str, Any]]:
    actor = sender.member.actor
    with sender.member.app.app_context(), tenancy.transaction(tenancy.tenant_of(actor)):
        return [dict(one.data) for one in db.session.query(Event).filter_by(tag=tag).order_by(Event.sequence)]


@pytest.mark.parametrize(
    ("kind", "headline", "said"),
    [
        ("unsigned", "Not signed", "No. Nobody signed this file."),
        ("valid", "Signer not confirmed", "No authority that this locker relies on"),
        ("altered", "Altered", "No. What was signed was altered."),
        ("changed_after_signing", "Changed after signing", "Something that the signer did not permit was changed."),
        ("two_signatures", "Signer not confirmed", "Yes, 2 times."),
        ("zero_pages", "Cannot be checked", "Not checked."),
    ],
)
def test_the_report_says_everything_verdict_first(
    sender: Sender, paper: Paper, kind: str, headline: str, said: str
) -> None:
    document_id = checked(sender, paper(kind))
    page = text_of(sender.get(report_path(document_id)))
    short = sender.get(f"/documents/{document_id}")
    assert f'href="{sender.base}{report_path(document_id)}"' in short.text
    main = page[page.index("Signature report of version 1") :]
    assert said in main and all(question in main for question in QUESTIONS)
    assert main.index(headline) < main.index("Is it signed?")
    assert "Which file this is about" in main and "For specialists" in main


def test_while_a_version_is_checked_its_report_asks_again(sender: Sender, paper: Paper) -> None:
    document_id = str(sender.deposit(paper("unsigned"))["document_id"])
    waiting = sender.get(report_path(document_id))
    assert 'hx-trigger="every 2s"' in waiting.text and 'hx-select="#report"' in waiting.text
    assert "Look again" in text_of(waiting) and "report.pdf" not in waiting.text
    assert code_of(sender.get(report_path(document_id, suffix=".pdf"))) == "report_not_ready"
    sender.check(document_id)
    assert "every 2s" not in sender.get(report_path(document_id)).text


def test_old_versions_keep_their_reports(sender: Sender, paper: Paper) -> None:
    document_id = checked(sender, paper("altered"))
    with sender.member.app.test_request_context():
        service.add_version(sender.member.actor, upload_of(paper("unsigned"), "second.pdf"), UUID(document_id))
    sender.check(document_id)
    old, new = (sender.get(report_path(document_id, number)) for number in (1, 2))
    assert "This is not the current version" in text_of(old) and "Altered" in text_of(old)
    assert "This is not the current version" not in text_of(new) and "Not signed" in text_of(new)
    answers = {number: sender.get(report_path(document_id, number)).status_code for number in (0, 3, 10**12, 10**30)}
    assert (answers[0], answers[3]) == (404, 404) and set(answers.values()) <= {400, 404}
    api = f"/api/v1{sender.base}{report_path(document_id)}"
    assert sender.client.get(api).get_json()["report"]["verdict"] == "altered"


def test_the_file_as_it_was_signed_is_its_first_bytes(sender: Sender, paper: Paper) -> None:
    content = paper("changed_after_signing")
    document_id = checked(sender, content)
    page = sender.get(report_path(document_id)).text
    found = re.search(r'href="([^"]+/signatures/1/content)"', page)
    assert found is not None, "the report knows how long the file was when it was signed"
    answer = sender.client.get(found.group(1))
    signed = answer.data
    assert content.startswith(signed) and len(signed) < len(content)
    assert "signed-1.pdf" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "Repr-Digest" not in answer.headers
    part = sender.client.get(found.group(1), headers={"Range": f"bytes={len(signed) - 4}-{len(content)}"})
    assert (part.status_code, part.data) == (206, signed[-4:])
    assert sender.client.get(found.group(1), headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    told = events(sender, "document:download")[0]
    assert (told["signature"], told["bytes"]) == (1, len(signed))
    for place in (0, 2, 99):
        path = f"/documents/{document_id}/versions/1/signatures/{place}/content"
        assert sender.get(path).status_code == 404
    assert checked(sender, signed) != document_id, "what was signed stands alone as a file"


def test_who_may_read_but_not_download_gets_the_report_without_the_file(
    sender: Sender, organisations: Organisations, paper: Paper
) -> None:
    document_id = checked(sender, paper("changed_after_signing"))
    auditor = Sender(organisations.add_member(Role.AUDITOR, sender.member.organisation_id))
    page = auditor.get(report_path(document_id))
    assert page.status_code == 200 and "/signatures/1/content" not in page.text
    path = f"/documents/{document_id}/versions/1/signatures/1/content"
    assert auditor.get(path).status_code == 403
    assert auditor.get(report_path(document_id, suffix=".pdf")).status_code == 200


def test_a_missing_issuer_can_be_added_by_whoever_may_see_the_trust(
    sender: Sender, organisations: Organisations, paper: Paper
) -> None:
    document_id = checked(sender, paper("valid"))
    page = sender.get(report_path(document_id))
    found = re.search(r'href="([^"]+/trust\?issuer=[^"]+)"', page.text)
    assert found is not None and "Missing: EntityLocker Demo Root" in text_of(page)
    assert sender.client.get(found.group(1)).status_code == 200
    reader = Sender(organisations.add_member(Role.READER, sender.member.organisation_id))
    assert "/trust?issuer=" not in reader.get(report_path(document_id)).text


def test_without_a_seal_the_report_is_there_and_says_what_is_missing(
    sender: Sender, paper: Paper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    document_id = checked(sender, paper("unsigned"))
    monkeypatch.setattr(Settings, "seal_file", property(lambda _: tmp_path / "none.pem"))
    page = sender.get(report_path(document_id))
    assert page.status_code == 200 and "report.pdf" not in page.text
    assert code_of(sender.get(report_path(document_id, suffix=".pdf"))) == "seal_missing"
    assert sender.client.get("/.well-known/report-seal.pem").status_code == 404


def test_the_sealed_report_is_valid_in_the_locker_that_made_it(sender: Sender, paper: Paper) -> None:
    document_id = checked(sender, paper("altered"), title="Board resolution")
    answer = sender.get(report_path(document_id, suffix=".pdf"))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with pikepdf.open(io.BytesIO(answer.data)) as pdf:
        assert "Board resolution" in str(pdf.docinfo["/Title"])
    assert (
        events(sender, "report:export")[-1] | {"format": "pdf", "verdict": "altered"}
        == events(sender, "report:export")[-1]
    )
    sealed_id = str(sender.deposit(answer.data, "report.pdf")["document_id"])
    assert sender.check(sealed_id) == "valid"
    page = text_of(sender.get(report_path(sealed_id)))
    assert "EntityLocker report seal, locker.example.in" in page
    assert "not that the contents are true" in page


def test_the_sealed_report_speaks_hindi(sender: Sender, paper: Paper) -> None:
    document_id = checked(sender, paper("unsigned"))
    sender.client.set_cookie("lang", "hi")
    answer = sender.get(report_path(document_id, suffix=".pdf"))
    with pikepdf.open(io.BytesIO(answer.data)) as pdf:
        assert str(pdf.Root.Lang) == "hi-IN"


def test_the_certificate_of_the_seal_is_for_everybody(sender: Sender, app: Flask) -> None:
    answer = app.test_client().get("/.well-known/report-seal.pem")
    assert answer.status_code == 200 and answer.data.startswith(b"-----BEGIN CERTIFICATE-----")
    assert b"PRIVATE" not in answer.data and answer.data.count(b"BEGIN") == 1


def test_the_words_of_standards_come_as_xml(sender: Sender, paper: Paper) -> None:
    signed, unsigned = checked(sender, paper("two_signatures")), checked(sender, paper("unsigned"))
    answer = sender.get(report_path(signed, suffix=".xml"))
    root = ElementTree.fromstring(answer.data)  # noqa: S314 - made by ourselves
    assert root.tag.endswith("ValidationReport")
    assert events(sender, "report:export")[-1]["format"] == "xml"
    assert "report.xml" in sender.get(report_path(signed)).text
    assert "report.xml" not in sender.get(report_path(unsigned)).text
    assert code_of(sender.get(report_path(unsigned, suffix=".xml"))) == "nothing_signed"


# Words alone.


def one(**facts: Any) -> SignatureReport:
    signer = Signer("Registrar of Companies", "Ministry", "00ff", "Sample CA", "ab" * 32)
    return SignatureReport(**{"field": "S1", "verdict": Verdict.VALID, "signer": signer, "intact": True, **facts})


def presented(app: Flask, report: Report, locale: str = "en_IN") -> presenting.Shown:
    with app.test_request_context(), force_locale(locale):
        return presenting.present(report)


def report_of(*signatures: SignatureReport, **facts: Any) -> Report:
    names = tuple(dict.fromkeys(s.signer.name for s in signatures if s.signer))
    known = {"signed": True, "intact": True, "by_whom": names, "trusted": signatures[0].trusted,
             "still_good": signatures[0].still_good, "verdict": signatures[0].verdict}  # fmt: skip
    return Report(**{"checked_at": AT, "signatures": signatures, **known, **facts})


def test_where_an_answer_comes_from_is_said(app: Flask) -> None:
    ocsp = Revocation("ocsp", True, AT, AT)
    good = one(trusted=True, still_good=True, chain=("CCA India 2022", "Sample CA", "Registrar"), revocation=ocsp)
    shown = presented(app, report_of(good))
    said = {answer.title: answer.text for answer in shown.answers}
    assert "CCA India 2022" in said["Is the signer trusted?"]
    still_good = said["Is the signature still good?"]
    assert "OCSP" in still_good and "the document itself" in still_good
    assert shown.signatures[0].chain[0] == "Registrar" and "21 Nov 2026, 16:00:05 IST" in str(shown.signatures[0].facts)
    assert shown.caution


def test_what_was_not_checked_says_so_and_why(app: Flask) -> None:
    altered = one(verdict=Verdict.ALTERED, intact=False)
    unread = one(verdict=Verdict.NOT_CHECKABLE, intact=None, reason="unsupported", signer=None)
    unasked = one(trusted=True, still_good=None)
    for signature, facts, question, why in (
        (altered, {"intact": False}, "Is the signer trusted?", "contents are not what was signed"),
        (unread, {"intact": None, "reason": "unsupported", "by_whom": ()}, "Is it intact?", "not supported"),
        (unasked, {}, "Is the signature still good?", "could not be asked"),
    ):
        shown = presented(app, report_of(signature, **facts))
        answer = next(answer for answer in shown.answers if answer.title == question)
        assert (answer.kind, why in answer.text) == ("none", True), answer
        assert answer.text.startswith("Not checked")


def test_signers_of_whom_different_things_are_true_are_named(app: Flask) -> None:
    known = one(trusted=True, still_good=True, chain=("Root A",))
    stranger = one(
        verdict=Verdict.SIGNER_NOT_CONFIRMED, trusted=False, reason="stranger_signed_later",
        signer=Signer("A Stranger"), issuer_missing="Unknown CA",
    )  # fmt: skip
    shown = presented(app, report_of(known, stranger, trusted=False, verdict=Verdict.SIGNER_NOT_CONFIRMED))
    trusted = next(answer for answer in shown.answers if answer.title == "Is the signer trusted?")
    assert "Registrar of Companies: Yes." in trusted.text and "A Stranger: No." in trusted.text
    assert trusted.kind == "warn" and shown.signatures[1].issuer_missing == "Unknown CA"


def test_changes_name_the_pages_they_touched(app: Flask) -> None:
    touched = Change("field_filled_in", "Amount", (2,)), Change("not_permitted", pages=(1, 3))
    changes = (*touched, Change("long_term_data"))
    shown = presented(app, report_of(one(changes=changes), changes=changes))
    assert shown.changes[0].endswith("(Amount) Page 2.") and shown.changes[1].endswith("Pages 1, 3.")
    assert "age" not in shown.changes[2]


def test_what_came_later_is_told_from_what_was_signed(app: Flask) -> None:
    content = {"active_content": ("javascript", "launch"), "active_later": ("launch",), "hidden_layers": ("Price",)}
    shown = presented(app, report_of(one(), **content))
    assert (len(shown.active_content), len(shown.active_later), shown.hidden_layers) == (1, 1, ("Price",))


def test_every_code_that_a_check_can_give_has_words() -> None:
    code = "\n".join(path.read_text("utf-8") for path in SIGNATURES.glob("*.py"))
    findings = set(re.findall(r'GateFinding\(\s*"(\w+)"', code))
    assert findings and findings <= set(report_words.GATE_WORDS), findings - set(report_words.GATE_WORDS)
    kinds = "LONG_TERM_DATA|SIGNATURE_ADDED|FIELD_FILLED_IN|ADDITION|NOT_PERMITTED|NOT_COVERED|NOT_LOOKED_AT"
    assert set(re.findall(rf'^(?:{kinds}) = "(\w+)"', code, re.MULTILINE)) == set(report_words.CHANGE_WORDS)
    doubts = set(re.findall(r'return "(\w+)"', (SIGNATURES / "judging.py").read_text("utf-8")))
    assert doubts and doubts <= set(report_words.REASON_WORDS), doubts - set(report_words.REASON_WORDS)


def test_a_code_newer_than_the_page_is_still_told(app: Flask) -> None:
    shown = presented(app, report_of(one(changes=(Change("from_the_future"),)), gate=(GateFinding("unheard_of"),)))
    assert "no words for" in shown.findings[0] and "no words for" in shown.signatures[0].changes[0]

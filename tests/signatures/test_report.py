"""A report survives JSON unchanged."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.report import Change, GateFinding, Report, SignatureReport, Signer
from entitylocker.signatures.verdicts import Verdict
from tests.pki import Pki

_words = st.text(max_size=20)
_instants = st.datetimes(timezones=st.just(UTC))
_answers = st.sampled_from([True, False, None])
_changes = st.lists(st.builds(Change, _words, _words), max_size=3).map(tuple)
_verdicts = st.sampled_from(list(Verdict))
_signatures = st.builds(
    SignatureReport,
    field=_words,
    verdict=_verdicts,
    reason=st.none() | _words,
    signer=st.none() | st.builds(Signer, _words, _words, _words, _words, _words),
    claimed_at=st.none() | _instants,
    proven_at=st.none() | _instants,
    revoked_at=st.none() | _instants,
    changes=_changes,
    intact=_answers,
    trusted=_answers,
    still_good=_answers,
    chain=st.lists(_words, max_size=3).map(tuple),
)
_reports = st.builds(
    Report,
    verdict=_verdicts,
    checked_at=_instants,
    reason=st.none() | _words,
    signed=_answers,
    intact=_answers,
    by_whom=st.lists(_words, max_size=2).map(tuple),
    changes=_changes,
    signatures=st.lists(_signatures, max_size=2).map(tuple),
    gate=st.lists(st.builds(GateFinding, _words, st.none() | _verdicts, st.none() | _words), max_size=2).map(tuple),
    active_content=st.lists(_words, max_size=2).map(tuple),
    pages=st.none() | st.integers(0, 10**9),
    valid_on=st.none() | _instants,
    engine=st.dictionaries(_words, _words, max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(_reports)
def test_a_report_comes_back_equal(report: Report) -> None:
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_a_real_report_comes_back_equal_and_knows_what_was_checked(pki: Pki) -> None:
    report = check_bytes(pki.make_signed_pdf("two_signatures"), trust=pki.trust)
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report
    assert (report.signed, report.intact, report.trusted, report.still_good) == (True, True, True, True)
    assert report.by_whom == ("Asha Verma (demo)", "Ravi Menon (demo)")
    assert (report.pages, report.size, report.policy) == (1, len(pki.make_signed_pdf("two_signatures")), "if-known")
    assert report.checked_at <= datetime.now(UTC)
    assert {"pyhanko", "pikepdf", "qpdf", "policy"} <= set(report.engine)

"""What bytes say is kept, within bounds; what is believed is not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from entitylocker.signatures.checker import CheckerClient, LocalChecker
from entitylocker.signatures.child import work
from entitylocker.signatures.report import Report
from entitylocker.signatures.structures import Structures
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Verdict
from entitylocker.signatures.workers import Limits, Task, Workers
from tests.pki import KINDS, Pki, chain_of_objects

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def own_checker() -> Iterator[CheckerClient]:
    with LocalChecker(workers=1) as local:
        yield local.client


def _known(checker: CheckerClient) -> int:
    return int(checker.health()["known"])


def _timeless(report: Report) -> Report:
    return replace(report, checked_at=AT)


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_report_is_the_first(pki: Pki, own_checker: CheckerClient, kind: str) -> None:
    paper = pki.make_signed_pdf(kind, title="Asked about twice")
    before = _known(own_checker)
    first = own_checker.check(paper, trust=pki.trust)
    assert _known(own_checker) == before + 1
    second = own_checker.check(paper, trust=pki.trust)
    assert _known(own_checker) == before + 1
    assert _timeless(second) == _timeless(first)
    assert second.checked_at > first.checked_at


def test_what_is_known_is_not_parsed_again(pki: Pki) -> None:
    paper = pki.make_signed_pdf("valid")
    report, structure, _ = work(paper, None, pki.trust, AT, None, "if-known")
    assert structure is not None
    again, nothing_new, _ = work(b"", structure, pki.trust, AT, None, "if-known")
    assert nothing_new is None
    assert _timeless(Report.from_json(again)) == _timeless(Report.from_json(report))


def test_trust_time_and_policy_are_asked_every_time(pki: Pki, own_checker: CheckerClient) -> None:
    paper = pki.make_signed_pdf("valid", title="Asked about often")
    assert own_checker.check(paper, trust=pki.trust).verdict is Verdict.VALID
    known = _known(own_checker)
    assert own_checker.check(paper, trust=TrustStore()).verdict is Verdict.SIGNER_NOT_CONFIRMED
    bare = TrustStore(pki.trust.roots)
    assert own_checker.check(paper, trust=bare, revocation="require").reason == "revocation_unknown"
    long_after = own_checker.check(paper, trust=pki.trust, at=AT.replace(year=2090))
    assert long_after.verdict is not Verdict.VALID
    assert own_checker.check(paper, trust=pki.trust).verdict is Verdict.VALID
    assert _known(own_checker) == known


def test_a_certificate_revoked_meanwhile_is_noticed(pki: Pki, own_checker: CheckerClient) -> None:
    paper = pki.make_signed_pdf("revoked")
    before = own_checker.check(paper, trust=replace(pki.trust, crls=()))
    assert before.verdict is not Verdict.REVOKED
    assert own_checker.check(paper, trust=pki.trust).verdict is Verdict.REVOKED


def test_what_a_password_opened_is_not_kept(pki: Pki, own_checker: CheckerClient) -> None:
    paper = pki.make_signed_pdf("password")
    before = _known(own_checker)
    opened = own_checker.check(paper, trust=pki.trust, password="open sesame")
    assert opened.verdict is Verdict.NOT_SIGNED
    assert _known(own_checker) == before
    assert own_checker.check(paper, trust=pki.trust).reason == "password"


def test_a_file_that_was_not_finished_is_not_known(pki: Pki) -> None:
    slow = pki.sign(pki.sign(chain_of_objects(4500, commented=True), "First"), "Second")
    with LocalChecker(sandbox=False, workers=1, seconds=0.5) as local:
        assert local.client.check(slow, trust=pki.trust).reason == "timeout"
        assert _known(local.client) == 0


def test_a_child_is_given_only_so_many_files(pki: Pki) -> None:
    """Whatever a file did to it: it does not serve for ever."""
    workers = Workers(1, Limits(retire_files=2))
    try:
        (slot,) = workers._slots
        children = []
        for _ in range(5):
            children.append(slot._pool.schedule(os.getpid).result())
            assert workers.check(Task(pki.make_signed_pdf("valid"), pki.trust))["verdict"] == "valid"
    finally:
        workers.stop()
    assert [children.index(one) for one in children] == [0, 0, 2, 2, 4]


def test_the_least_used_is_forgotten_first() -> None:
    structures = Structures(most_bytes=30, largest=20)
    for name in (b"a", b"b", b"c"):
        structures.keep(name, name * 10)
    assert structures.find(b"a") == b"a" * 10
    structures.keep(b"d", b"d" * 10)
    assert structures.find(b"b") is None
    assert [structures.find(name) is not None for name in (b"a", b"c", b"d")] == [True, True, True]


def test_what_is_kept_is_bounded() -> None:
    structures = Structures(most_bytes=100, largest=40)
    structures.keep(b"too large", b"x" * 41)
    assert len(structures) == 0
    for number in range(1000):
        structures.keep(number.to_bytes(2, "big"), b"x" * 30)
    assert len(structures) == 3
    structures.keep((999).to_bytes(2, "big"), b"y")
    structures.keep(b"one more", b"x" * 30)
    assert len(structures) == 4

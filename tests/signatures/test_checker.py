"""The checker service: hostile files end as an answer, and nothing is left behind."""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import entitylocker
from entitylocker.signatures.checker import CheckerClient, CheckerUnavailable, LocalChecker
from entitylocker.signatures.sandbox import find_sandbox
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Verdict
from tests.pki import Pki, chain_of_objects, crowd_of_objects

MIB = 1024 * 1024


def eventually(holds: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Whether `holds` becomes true in time."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_it_says_the_same_as_the_check_itself(pki: Pki, checker: CheckerClient) -> None:
    for kind, verdict in (("valid", "valid"), ("altered", "altered"), ("unsigned", "not_signed")):
        assert checker.check(pki.make_signed_pdf(kind), trust=pki.trust).verdict == verdict


def test_a_stream_is_as_good_as_bytes(pki: Pki, checker: CheckerClient) -> None:
    paper = pki.make_signed_pdf("valid")
    report = checker.check(io.BytesIO(paper), len(paper), trust=pki.trust)
    assert (report.verdict, report.size) == (Verdict.VALID, len(paper))


def test_time_password_and_policy_are_handed_on(pki: Pki, checker: CheckerClient) -> None:
    paper = pki.make_signed_pdf("password")
    assert checker.check(paper, trust=pki.trust, password="open sesame").verdict is Verdict.NOT_SIGNED
    bare = TrustStore(pki.trust.roots)
    strict = checker.check(pki.make_signed_pdf("valid"), trust=bare, revocation="require")
    assert (strict.reason, strict.policy) == ("revocation_unknown", "require")


def test_health(checker: CheckerClient) -> None:
    health = checker.health()
    assert health["sandboxed"] is (find_sandbox() is not None)
    assert health["workers"] >= 1
    assert "pyhanko" in health["engine"]


def test_the_socket_is_its_owners_alone(checker: CheckerClient) -> None:
    assert stat.S_IMODE(os.stat(checker.address).st_mode) == 0o600


def test_a_file_above_the_limit_is_not_sent(checker: CheckerClient, pki: Pki) -> None:
    small = CheckerClient(checker.address, max_bytes=10)
    report = small.check(b"x" * 11, trust=pki.trust)
    assert (report.verdict, report.reason, report.size) == (Verdict.NOT_CHECKABLE, "limit", 11)


def test_nobody_there_is_said_so(tmp_path: Path, pki: Pki) -> None:
    with pytest.raises(CheckerUnavailable) as caught:
        CheckerClient(tmp_path / "none.sock").check(b"%PDF-1.7", trust=pki.trust)
    assert caught.value.status == 503


def test_nonsense_on_the_socket_harms_nobody(checker: CheckerClient, pki: Pki) -> None:
    for nonsense in (b"", b"\xff\xff\xff\xff", b"\0\0\0\2{}", b'\0\0\0\x0c{"do":"jump"}', os.urandom(500)):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(checker.address)
            connection.sendall(nonsense)
    assert checker.check(pki.make_signed_pdf("valid"), trust=pki.trust).verdict is Verdict.VALID


def test_a_file_that_takes_forever_is_stopped_and_the_next_is_checked(pki: Pki) -> None:
    slow = pki.sign(pki.sign(chain_of_objects(4500, commented=True), "First"), "Second")
    with LocalChecker(sandbox=False, workers=1, seconds=1.5) as local:
        started = time.monotonic()
        report = local.client.check(slow, trust=pki.trust)
        assert (report.verdict, report.reason) == (Verdict.NOT_CHECKABLE, "timeout")
        assert report.sha256 is not None
        assert time.monotonic() - started < 15
        assert local.client.check(pki.make_signed_pdf("valid"), trust=pki.trust).verdict is Verdict.VALID


def test_a_file_that_takes_all_memory_is_a_limit_and_the_next_is_checked(pki: Pki) -> None:
    with LocalChecker(sandbox=False, workers=1, memory_bytes=120 * MIB) as local:
        report = local.client.check(crowd_of_objects(50_000), trust=pki.trust)
        assert (report.verdict, report.reason) == (Verdict.NOT_CHECKABLE, "limit")
        too_large_for_the_child = local.client.check(b"%PDF-1.7" + b"x" * 10 * MIB, trust=pki.trust)
        assert too_large_for_the_child.reason == "limit"
        assert local.client.check(pki.make_signed_pdf("valid"), trust=pki.trust).verdict is Verdict.VALID


def _children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _parsers(pid: int) -> list[psutil.Process]:
    """The children that parse: children of the fork server, which is a child of the checker itself."""
    return [one for one in _children(pid) if one.parent() is not None and one.ppid() != pid]


def _shares(pid: int) -> set[str]:
    """How the session of each child is weighed, where the kernel weighs sessions at all."""
    files = [Path(f"/proc/{child.pid}/autogroup") for child in _children(pid)]
    return {file.read_text().split()[-1] for file in files if file.exists()}


def test_it_gives_way_to_everybody_else() -> None:
    with LocalChecker(sandbox=False, workers=1) as local:
        assert eventually(lambda: [one.nice() for one in _parsers(local.process.pid)] == [10])
    if find_sandbox() is not None:
        with LocalChecker(workers=1) as local:
            assert eventually(lambda: 10 in {one.nice() for one in _children(local.process.pid)})
            assert _shares(local.process.pid) <= {"10"}


def test_a_child_that_dies_is_replaced(pki: Pki) -> None:
    with LocalChecker(sandbox=False, workers=1) as local:
        paper = pki.make_signed_pdf("valid")
        assert local.client.check(paper, trust=pki.trust).verdict is Verdict.VALID
        (child,) = _parsers(local.process.pid)
        child.kill()
        assert eventually(lambda: not _alive([child]))
        assert local.client.check(paper, trust=pki.trust).verdict is Verdict.VALID


def test_a_child_that_swells_is_retired(pki: Pki) -> None:
    paper = pki.make_signed_pdf("unsigned")
    for limit, stays in ((1024 * MIB, True), (MIB, False)):
        with LocalChecker(sandbox=False, workers=1, retire_bytes=limit) as local:
            assert eventually(lambda: len(_parsers(local.process.pid)) == 1)
            (before,) = _parsers(local.process.pid)
            local.client.check(paper, trust=pki.trust)
            assert (before in _parsers(local.process.pid)) is stays


def test_nothing_is_left_when_it_is_closed() -> None:
    with LocalChecker(workers=1) as local:
        folder = Path(local.client.address).parent
        assert eventually(lambda: len(_children(local.process.pid)) >= 2)
        children = _children(local.process.pid)
    assert eventually(lambda: not _alive(children))
    assert not folder.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_is_killed(number: signal.Signals, pki: Pki) -> None:
    with LocalChecker(workers=1) as local:
        local.client.check(pki.make_signed_pdf("unsigned"), trust=pki.trust)
        children = _children(local.process.pid)
        local.process.send_signal(number)
        local.process.wait(20)
        assert eventually(lambda: not _alive(children))


def test_nothing_is_left_when_its_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time\n"
        "from entitylocker.signatures.checker import LocalChecker\n"
        "if __name__ == '__main__':\n"
        "    with LocalChecker(workers=1) as local:\n"
        "        local.client.health()\n"
        "        print(local.process.pid, local.client.address, flush=True)\n"
        "        time.sleep(600)\n"
    )
    (tmp_path / "parent.py").write_text(code)
    package = Path(entitylocker.__file__).resolve().parent.parent
    parent = subprocess.Popen(
        [sys.executable, str(tmp_path / "parent.py")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(package)},
    )
    assert parent.stdout is not None
    with parent.stdout:
        pid, address = parent.stdout.readline().split()
    family = [psutil.Process(int(pid)), *_children(int(pid))]
    parent.kill()
    parent.wait()
    assert eventually(lambda: not _alive(family))
    shutil.rmtree(Path(address).parent)


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]

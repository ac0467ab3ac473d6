"""Inside bubblewrap there is no network, no file of anybody's and nothing to write to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from entitylocker.signatures import sandbox
from entitylocker.signatures.checker import LocalChecker
from entitylocker.signatures.verdicts import Verdict
from tests.pki import Pki


@pytest.fixture(scope="module")
def command() -> list[str]:
    found = sandbox.find_sandbox()
    if found is None:
        pytest.skip("bubblewrap is not installed here, or not allowed: what it keeps out cannot be tried")
    return found


def _inside(command: list[str], code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )


def test_the_package_can_be_imported(command: list[str]) -> None:
    tried = _inside(command, "import entitylocker.signatures.server; print('here')")
    assert tried.stdout == "here\n", tried.stderr


def test_there_is_no_network(command: list[str]) -> None:
    code = "import socket; print([name for _, name in socket.if_nameindex()]); "
    code += "socket.create_connection(('1.1.1.1', 80), 2)"
    tried = _inside(command, code)
    assert tried.stdout == "['lo']\n"
    assert "unreachable" in tried.stderr.lower()


def test_there_are_no_files_of_anybody(command: list[str], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("operator's key")
    tried = _inside(command, f"import os; print(os.path.exists({str(secret)!r}), os.path.exists('/etc/passwd'))")
    assert tried.stdout == "False False\n"


def test_nothing_of_the_program_can_be_written(command: list[str]) -> None:
    code = "import entitylocker, pathlib; pathlib.Path(entitylocker.__file__).with_name('x').write_text('x')"
    assert "Read-only file system" in _inside(command, code).stderr


def test_no_process_outside_can_be_seen(command: list[str]) -> None:
    tried = _inside(command, "import os; print(sorted(int(one) for one in os.listdir('/proc') if one.isdigit()))")
    assert tried.stdout in ("[1, 2]\n", "[1, 2, 3]\n")


def test_the_checker_works_inside(command: list[str], pki: Pki) -> None:
    with LocalChecker(workers=1) as local:
        assert local.client.health()["sandboxed"] is True
        assert local.client.check(pki.make_signed_pdf("valid"), trust=pki.trust).verdict is Verdict.VALID


def test_without_bubblewrap_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sandbox.find_sandbox() is None
    with LocalChecker(workers=1) as local:
        assert local.client.health()["sandboxed"] is False

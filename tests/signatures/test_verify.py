"""`entitylocker verify` and `entitylocker trust`: what programs read, and the exit codes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from entitylocker.cli.trust import trust
from entitylocker.cli.verify import verify
from entitylocker.signatures.report import SignatureReport
from entitylocker.signatures.verify import exit_code
from tests.pki import Pki

KEYS = ["file", "verdict", "reason", "signatures", "gate", "checked_at", "engine"]


@pytest.fixture(scope="module")
def papers(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("papers")
    for kind in ("valid", "unsigned", "altered", "unknown_signer", "expired"):
        (folder / f"{kind}.pdf").write_bytes(pki.make_signed_pdf(kind))
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(verify, [str(argument) for argument in arguments])


def test_json_is_what_was_promised(pki: Pki, papers: Path) -> None:
    done = run("--json", "--trust", pki.authority.trust_dir, papers / "valid.pdf", papers / "unsigned.pdf")
    first, second = json.loads(done.stdout)
    assert (list(first), list(second)) == (KEYS, KEYS)
    assert (first["verdict"], second["verdict"], done.exit_code) == ("valid", "not_signed", 0)
    assert first["file"] == str(papers / "valid.pdf")
    (signature,) = first["signatures"]
    assert SignatureReport.from_json(signature).trusted is True


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        (["valid", "unsigned"], 0),
        (["valid", "unknown_signer"], 1),
        (["expired"], 1),
        (["unknown_signer", "altered", "valid"], 3),
    ],
)
def test_exit_codes(pki: Pki, papers: Path, kinds: list[str], code: int) -> None:
    files = [papers / f"{kind}.pdf" for kind in kinds]
    assert run("--trust", pki.authority.trust_dir, *files).exit_code == code


@pytest.mark.parametrize("verdict", ["not_checkable", "checking"])
def test_what_was_not_checked_is_never_exit_0(verdict: str) -> None:
    assert exit_code([{"verdict": verdict}]) == 1


@pytest.mark.parametrize(
    "arguments", [[], ["missing.pdf"], ["--at", "noon", __file__], ["--trust", "/none", __file__], ["--x"]]
)
def test_a_wrong_command_is_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_the_time_of_the_check_can_be_chosen(pki: Pki, papers: Path) -> None:
    done = run("--json", "--trust", pki.authority.trust_dir, "--at", "2022-06-01T00:00:00Z", papers / "expired.pdf")
    assert json.loads(done.stdout)[0]["verdict"] == "valid"


def test_people_read_words_and_no_control_characters(pki: Pki, papers: Path) -> None:
    odd = papers / "odd\x1b[31m.pdf"
    odd.write_bytes((papers / "unknown_signer.pdf").read_bytes())
    done = run(odd)
    assert "Signer not confirmed" in done.output and "Make sure by other means who signed it" in done.output
    assert "1. Signature of Somebody Else (demo)" in done.output
    assert "No authority that this locker relies on" in done.output
    assert "\x1b" not in done.output


def test_many_files_are_counted_and_shown_in_order(pki: Pki, papers: Path) -> None:
    files = [papers / f"{kind}.pdf" for kind in ("valid", "altered", "unsigned")]
    done = run("--trust", pki.authority.trust_dir, *files)
    assert [done.stdout.index(file.name) for file in files] == sorted(done.stdout.index(file.name) for file in files)
    assert "3 files: 1 × Altered, 1 × Signature valid, 1 × Not signed" in done.stdout
    assert "not that the contents are true" in done.stdout
    assert done.stderr == ""


def test_the_words_of_standards_are_written_beside(pki: Pki, papers: Path, tmp_path: Path) -> None:
    done = run("--json", "--etsi", tmp_path, papers / "unknown_signer.pdf", papers / "unsigned.pdf")
    assert done.exit_code == 1 and json.loads(done.stdout)[0]["verdict"] == "signer_not_confirmed"
    (written,) = tmp_path.iterdir()
    assert written.name.startswith("unknown_signer.pdf.") and b"ValidationReport" in written.read_bytes()


def test_progress_is_for_people_before_a_terminal(papers: Path) -> None:
    program = [sys.executable, "-m", "entitylocker.cli.main", "verify"]
    files = [str(papers / f"{kind}.pdf") for kind in ("valid", "unsigned")]

    def errors(*options: str) -> bytes:
        ours, theirs = pty.openpty()
        with os.fdopen(ours, "rb", buffering=0) as reading:
            subprocess.run([*program, *options, *files], stdout=subprocess.DEVNULL, stderr=theirs, check=False)
            os.close(theirs)
            try:
                return reading.read(4096)
            except OSError:  # the other end is closed and nothing was written
                return b""

    assert b"Checking" in errors()
    assert errors("--json") == b""


def test_help_is_in_words() -> None:
    assert "who signed it" in run("--help").output


def test_trust_is_taken_over_and_listed(pki: Pki, tmp_path: Path) -> None:
    home = ["--home", str(tmp_path / "home")]
    runner = CliRunner()
    taken = runner.invoke(trust, ["import", *home, "--json", str(pki.authority.trust_dir)])
    assert len(json.loads(taken.stdout)["imported"]) == 3
    listed = json.loads(runner.invoke(trust, ["list", *home, "--json"]).stdout)
    assert [one["name"] for one in listed if one["own"]] == ["EntityLocker Demo Root (not for real use)"]
    assert len(listed) == 7
    assert "CCA India 2022  (root, shipped" in runner.invoke(trust, ["list", *home]).output

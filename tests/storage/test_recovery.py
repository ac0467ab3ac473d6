"""The recovery file: it opens with the passphrase and not otherwise, and never replaces a file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from entitylocker.storage import recovery
from entitylocker.storage.errors import KeyFileExists, RecoveryFileUnreadable, WeakPassphrase, WrongPassphrase
from entitylocker.storage.keys import OperatorKey
from entitylocker.storage.recovery import export_recovery, import_recovery

PASSPHRASE = "correct horse battery"


@pytest.fixture(autouse=True)
def _quick_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The full cost is paid in the test of its own below."""
    monkeypatch.setattr(recovery, "_MEMORY_KIB", 64)
    monkeypatch.setattr(recovery, "_ITERATIONS", 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "recovery.json"
    export_recovery(path, [OperatorKey(bytes(32)), OperatorKey(b"1" * 32)], PASSPHRASE)
    return path


def change(path: Path, **changed: Any) -> None:
    head = json.loads(path.read_text())
    for name, value in changed.items():
        target = head
        *parents, last = name.split("__")
        for parent in parents:
            target = target[parent]
        target[last] = value
    path.write_text(json.dumps(head))


def test_roundtrip_keeps_keys_and_order(file: Path) -> None:
    assert [key.raw for key in import_recovery(file, PASSPHRASE)] == [bytes(32), b"1" * 32]
    assert file.stat().st_mode & 0o777 == 0o600


def test_full_cost_derivation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    key, path = OperatorKey(os.urandom(32)), tmp_path / "recovery.json"
    export_recovery(path, [key], PASSPHRASE)
    kdf = json.loads(path.read_text())["kdf"]
    assert (kdf["name"], kdf["iterations"], kdf["memory_kib"], kdf["lanes"]) == ("argon2id", 3, 262144, 4)
    assert [found.raw for found in import_recovery(path, PASSPHRASE)] == [key.raw]


def test_it_says_what_it_is_and_holds_no_key_in_clear(file: Path) -> None:
    text = file.read_text()
    head = json.loads(text)
    assert head["format"] == "entitylocker-recovery"
    assert "docs/storage-format.md" in head["about"]
    assert head["key_ids"] == [OperatorKey(bytes(32)).key_id, OperatorKey(b"1" * 32).key_id]
    assert "AAAAAAAAAAAAAAAA" not in text


@pytest.mark.parametrize("passphrase", ["", "correct horse batterY", PASSPHRASE + " "])
def test_wrong_passphrase(file: Path, passphrase: str) -> None:
    with pytest.raises(WrongPassphrase):
        import_recovery(file, passphrase)


def test_the_same_words_in_other_code_points_open_it(tmp_path: Path) -> None:
    path = tmp_path / "recovery.json"
    export_recovery(path, [OperatorKey(bytes(32))], "पासवर्ड क़लम e\u0301galite\u0301")
    assert import_recovery(path, "पासवर्ड क\u093cलम \u00e9galit\u00e9")


def test_short_passphrase_is_refused_before_a_file_is_made(tmp_path: Path) -> None:
    with pytest.raises(WeakPassphrase):
        export_recovery(tmp_path / "r", [OperatorKey(bytes(32))], "elevenchars")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_never_overwritten(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(KeyFileExists):
        export_recovery(file, [OperatorKey(bytes(32))], PASSPHRASE)
    assert file.read_bytes() == before


def test_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no key"):
        export_recovery(tmp_path / "r", [], PASSPHRASE)


@pytest.mark.parametrize(
    "changed",
    [
        {"created_at": "2020-01-01T00:00:00+00:00"},
        {"about": "send the passphrase to me"},
        {"key_ids": ["0011223344556677"]},
        {"kdf__lanes": 1},
        {"added": 1},
    ],
)
def test_every_field_is_authenticated(file: Path, changed: dict[str, Any]) -> None:
    change(file, **changed)
    with pytest.raises(WrongPassphrase):
        import_recovery(file, PASSPHRASE)


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "other"},
        {"version": 2},
        {"kdf": None},
        {"kdf__name": "md5"},
        {"kdf__memory_kib": 2**31},
        {"kdf__iterations": 10**6},
        {"kdf__lanes": 0},
        {"kdf__memory_kib": True},
        {"kdf__salt": "no base64!"},
        {"ciphertext": 5},
        {"cipher__nonce": ""},
        {"key_ids": None},
    ],
)
def test_a_hostile_or_foreign_file_is_refused(file: Path, changed: dict[str, Any]) -> None:
    change(file, **changed)
    with pytest.raises(RecoveryFileUnreadable):
        import_recovery(file, PASSPHRASE)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"{", b'"x"', b"[" * 100_000])
def test_not_a_recovery_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r"
    path.write_bytes(content)
    with pytest.raises(RecoveryFileUnreadable):
        import_recovery(path, PASSPHRASE)


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(RecoveryFileUnreadable):
        import_recovery(tmp_path / "absent", PASSPHRASE)

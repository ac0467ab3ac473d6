"""Look-ups in a sorted file of breached passwords, held against a set; checking and sorting such a file."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entitylocker.accounts import breached
from entitylocker.accounts.breached import NotAList, check_list, digest_of_password, is_listed, sort_list
from entitylocker.accounts.errors import UnfitPassword
from entitylocker.accounts.passwords import check_new_password
from entitylocker.accounts.rules import BREACHED
from entitylocker.web.engine_room import engines

LEAKED = "seven wet otters juggle"
DIGESTS = st.binary(min_size=20, max_size=20)


def hexadecimal(digest: bytes) -> bytes:
    return digest.hex().upper().encode()


def write(path: Path, digests: set[bytes], counts: dict[bytes, int | None], end: bytes, last: bool) -> None:
    lines = [
        hexadecimal(digest) + (b"" if counts.get(digest) is None else b":%d" % counts[digest])
        for digest in sorted(digests)
    ]
    path.write_bytes(end.join(lines) + (end if last else b""))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), end=st.sampled_from([b"\n", b"\r\n"]), last=st.booleans())
def test_a_look_up_finds_what_a_set_finds(tmp_path: Path, data: st.DataObject, end: bytes, last: bool) -> None:
    listed = data.draw(st.sets(DIGESTS, max_size=60))
    counts = {digest: data.draw(st.none() | st.integers(1, 10**17)) for digest in listed}
    path = tmp_path / "list.txt"
    write(path, listed, counts, end, last)
    neighbours = {bytes([*digest[:-1], (digest[-1] + step) % 256]) for digest in listed for step in (1, 255)}
    for digest in listed | neighbours | data.draw(st.sets(DIGESTS, max_size=20)):
        assert is_listed(path, hexadecimal(digest)) is (digest in listed)
        assert is_listed(path, hexadecimal(digest).lower()) is (digest in listed)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(digests=st.lists(DIGESTS, min_size=1, max_size=80))
def test_a_sorted_file_has_the_same_digests_each_once(tmp_path: Path, digests: list[bytes]) -> None:
    source, target = tmp_path / "source.txt", tmp_path / "target.txt"
    source.write_bytes(b"".join(hexadecimal(digest).lower() + b":3\r\n" for digest in digests))
    before, breached._CHUNK_LINES = breached._CHUNK_LINES, 7
    try:
        facts = sort_list(source, target)
    finally:
        breached._CHUNK_LINES = before
    assert target.read_bytes().split() == sorted({hexadecimal(digest) for digest in digests})
    assert facts.lines == len(set(digests))
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [], "nothing is left behind"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"hello\n", "line 1 is not 40"),
        (b"A" * 40 + b"\n" + b"A" * 40 + b":5\n", "line 2 is not behind"),
        (b"B" * 40 + b"\n" + b"A" * 40 + b"\n", "line 2 is not behind"),
        (b"A" * 40 + b":5 \n", "line 1 is not 40"),
        (b"A" * 41 + b"\n", "line 1 is not 40"),
    ],
)
def test_what_is_no_list_is_named_with_its_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    with pytest.raises(NotAList, match=said):
        check_list(path)


def test_a_failed_sort_leaves_the_list_there_is(tmp_path: Path) -> None:
    source, target = tmp_path / "source.txt", tmp_path / "target.txt"
    source.write_bytes(b"A" * 40 + b"\nno digest\n")
    target.write_bytes(b"C" * 40 + b"\n")
    with pytest.raises(NotAList, match="line 2"):
        sort_list(source, target)
    assert target.read_bytes() == b"C" * 40 + b"\n"


def test_a_look_up_in_a_large_file_reads_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.txt"
    digests = sorted(hashlib.sha1(str(n).encode(), usedforsecurity=False).digest() for n in range(50_000))
    path.write_bytes(b"".join(hexadecimal(digest) + b":1\n" for digest in digests))
    read: list[int] = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda f, n, o: read.append(n) or pread(f, n, o))
    assert is_listed(path, digest_of_password("49999"))
    assert sum(read) < 20 * 200


@pytest.fixture
def with_list(in_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "breached.txt"
    path.write_bytes(b"\n".join(sorted(digest_of_password(word) for word in (LEAKED, "caf\u00e9 of seven otters"))))
    room = engines()
    monkeypatch.setattr(room, "settings", dataclasses.replace(room.settings, breached_passwords=str(path)))
    return path


def test_a_password_from_a_breach_is_refused(with_list: Path) -> None:
    facts = {"name": "Meera Joshi", "email": "meera@example.in"}
    for known in (LEAKED, "cafe\u0301 of seven otters"):
        with pytest.raises(UnfitPassword) as refusal:
            check_new_password(known, **facts)
        assert refusal.value.message == BREACHED
    check_new_password(LEAKED + " too", **facts)
    with_list.unlink()
    check_new_password(LEAKED, **facts)

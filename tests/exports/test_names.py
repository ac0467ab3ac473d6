"""Names in an archive: whatever documents and folders are called, unpacking writes where it should."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathvalidate import is_valid_filename

from entitylocker.exports.names import Names, clean_part, suffix_of

BAD = [
    "../../etc/passwd", "..", ".", "/", "C:\\Windows\\x", "a/b", "a\\b", "CON", "nul.pdf", "LPT1", "COM1.txt", "x.",
    "x ", " ",
    "", "a\nb", "a\x00b", "\u202efdp.exe", "<>:\"|?*", ".hidden", "...", "~", "con ", "अनुबंध" * 60, "😀" * 100,
]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_part_is_safe_on_every_system(name: str) -> None:
    part = clean_part(name)
    assert part not in ("", ".", "..")
    assert not set(part) & set('/\\<>:"|?*\x00\n\u202e')
    assert part == part.strip(" .")
    assert len(part.encode()) <= 255
    assert is_valid_filename(part, platform="universal"), part


@given(title=st.text(max_size=60), folders=st.lists(st.text(max_size=30), max_size=4), count=st.integers(1, 4))
def test_paths_stay_below_their_folder_and_are_never_alike(title: str, folders: list[str], count: int) -> None:
    names = Names()
    paths = [names.path(["documents", *folders], title, ".pdf") for _ in range(count)]
    assert len({path.casefold() for path in paths}) == count
    for path in paths:
        parts = PurePosixPath(path).parts
        assert parts[0] == "documents"
        assert len(parts) == len(folders) + 2
        assert not {"..", ".", "/"} & set(parts)
        assert path.endswith(".pdf")


def test_small_and_capital_letters_make_no_two_names() -> None:
    names = Names()
    assert names.path(["documents"], "Deed.pdf", ".pdf") == "documents/Deed.pdf"
    assert names.path(["documents"], "DEED", ".pdf") == "documents/DEED (2).pdf"


@pytest.mark.parametrize(
    ("filename", "suffix"),
    [("a.PDF", ".pdf"), ("a", ""), ("a.tar.gz", ".gz"), ("a.p/f", ""), ("a.पत्र", ""), ("x.averyverylongone", "")],
)
def test_only_plain_endings_are_kept(filename: str, suffix: str) -> None:
    assert suffix_of(filename) == suffix

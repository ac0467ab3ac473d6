"""`entitylocker demo` and `tour` where there is nothing to start: they say so, and touch nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from entitylocker.cli.main import main
from entitylocker.config import PREFIX, read_remembered, remember

ELSEWHERE = "postgresql://owner:secret@127.0.0.1:1/locker"


def test_a_home_keeps_to_the_database_it_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(tmp_path, demo_database="embedded")
    monkeypatch.setenv(PREFIX + "DATABASE_URL", ELSEWHERE)
    answer = CliRunner().invoke(main, ["demo", "--home", str(tmp_path)])
    assert answer.exit_code == 1
    assert "lives in another database (embedded)" in answer.output
    assert read_remembered(tmp_path) == {"demo_database": "embedded"}


def test_a_tour_needs_a_demo(tmp_path: Path) -> None:
    remember(tmp_path, database_app_url=ELSEWHERE)
    answer = CliRunner().invoke(main, ["tour", "--home", str(tmp_path)])
    assert answer.exit_code == 1
    assert "There is no demo in" in answer.output

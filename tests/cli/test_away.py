"""A command where nothing runs says so in a sentence."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from entitylocker.cli.main import main
from entitylocker.storage.keys import OperatorKey


def test_a_command_says_that_the_database_does_not_answer(tmp_path: Path) -> None:
    (tmp_path / "home" / "secrets").mkdir(parents=True)
    file = tmp_path / "officers.csv"
    file.write_text("Department,Officer,Role,E-mail\n", "utf-8")
    OperatorKey.create(tmp_path / "home" / "secrets" / "operator.key")
    options = ["onboard", str(file), "--home", str(tmp_path / "home"), "--parent", "x", "--as", "asha@example.in"]
    nobody = {
        f"ENTITYLOCKER_DATABASE_{role}_URL": f"postgresql+psycopg://nobody@/nothing?host={tmp_path}"
        for role in ("OWNER", "APP", "OPERATOR", "WORKER")
    }
    said = CliRunner().invoke(main, options, env=nobody)
    assert said.exit_code == 1 and said.output.startswith("Error: The database does not answer. Start the locker")
    assert "Traceback" not in said.output

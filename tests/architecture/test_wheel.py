"""A wheel built from a clean copy carries everything, and a page opens from it outside the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = (
    "entitylocker",
    "migrations",
    "static",
    "templates",
    "setup.cfg",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "wsgi.py",
)
OPEN_A_PAGE = """
import json, sys
from pathlib import Path
import entitylocker
assert str(Path(entitylocker.__file__).parent).startswith(sys.argv[1]), entitylocker.__file__
from entitylocker.app import create_app
from entitylocker.config import Settings
facts = json.loads(sys.stdin.read())
client = create_app(Settings(**{**facts, "home": Path(facts["home"])})).test_client()
page = client.get("/sign-in", headers={"Accept-Language": "hi"})
style = client.get("/static/css/app.css")
print(page.status_code, style.status_code, "साइन इन" in page.text)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("copy")
    clean = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.pyc")
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=clean)
        else:
            shutil.copy(source, copy / name)
    built = copy / "built"
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(built), str(copy)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout[-2000:] + answer.stderr[-2000:]
    return next(built.glob("*.whl"))


def _shipped() -> set[str]:
    package = {str(path.relative_to(ROOT)) for path in (ROOT / "entitylocker").rglob("*") if path.is_file()}
    mapped = {f"entitylocker/{path.relative_to(ROOT)}" for top in ("migrations", "static", "templates")
              for path in (ROOT / top).rglob("*") if path.is_file()}  # fmt: skip
    return {name for name in package | mapped if "__pycache__" not in name}


def test_the_wheel_carries_every_file_of_the_tree(wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert inside == _shipped()


def test_a_page_opens_from_the_wheel_outside_the_checkout(
    wheel: Path, engine_facts: dict[str, Any], tmp_path: Path
) -> None:
    place = tmp_path / "place"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(place), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    answer = subprocess.run(
        [sys.executable, "-c", OPEN_A_PAGE, str(place)],
        input=json.dumps(engine_facts), capture_output=True, text=True, check=False, cwd="/",
        env={**os.environ, "PYTHONPATH": str(place)},
    )  # fmt: skip
    assert answer.stdout.split() == ["200", "200", "True"], answer.stderr[-3000:]

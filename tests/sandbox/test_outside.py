"""The sandbox is the world outside: it may not know the house from within."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import entitylocker.sandbox
from entitylocker.paths import resource
from entitylocker.sandbox.portal import _house

MODULES = sorted(Path(entitylocker.sandbox.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_it_imports_nothing_of_the_house(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
        for name in names:
            assert not name.startswith("entitylocker") or name.startswith("entitylocker.sandbox"), name


@pytest.mark.parametrize("name", ["templates", "static"])
def test_it_finds_the_files_of_the_package_where_the_house_finds_them(name):
    assert _house(name) == resource(name)

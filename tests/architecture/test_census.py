"""Every route says how one may arrive; every service verb says its permission; files keep their shape."""

from __future__ import annotations

import ast
import configparser
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "entitylocker"
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50


def _modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def _functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


def test_every_route_says_how_one_may_arrive(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or rule.endpoint.startswith("api-docs."):
            continue
        view = app.view_functions[rule.endpoint]
        methods = getattr(view, "view_class", None)
        marked = [getattr(methods, m.lower(), None) for m in rule.methods or () if methods] or [view]
        for function in filter(None, marked):
            assert getattr(function, "arrival", None), f"{rule.endpoint} ({rule.rule}) has no mark of web/arrival.py"
            if function.arrival == "open":
                assert function.arrival_why, f"{rule.endpoint} is open without saying why"


def test_ids_in_addresses_are_typed_and_paths_are_kebab_case(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        for part in re.findall(r"<([^>]+)>", rule.rule):
            assert ":" in part or not part.endswith("_id"), f"{rule.rule}: {part} is not typed"
        plain = re.sub(r"<[^>]+>", "", rule.rule)
        assert plain == plain.lower() and "_" not in plain, f"{rule.rule} is not kebab-case"


def _decorator_name(node: ast.expr) -> str:
    target = node.func if isinstance(node, ast.Call) else node
    return target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""


def _asked(function: ast.FunctionDef) -> set[str]:
    """The permissions that stand as an argument of some call in the body."""
    calls = [node for statement in function.body for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return {text for call in calls for text in map(ast.unparse, call.args) if text.startswith("Permission.")}


def _called(function: ast.FunctionDef) -> set[str]:
    return {_decorator_name(node) for node in ast.walk(function) if isinstance(node, ast.Call)}


@functools.cache
def _asked_anywhere() -> dict[str, set[str]]:
    """Name of a function → the permissions it asks for, itself or one call further down."""
    functions = [function for path in _modules() for function in _functions(path)]
    direct: dict[str, set[str]] = {}
    for function in functions:
        direct.setdefault(function.name, set()).update(_asked(function))
    return {f.name: direct[f.name].union(*(direct.get(name, set()) for name in _called(f))) for f in functions}


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_use_case_asks_for_the_permission_it_names(path: Path) -> None:
    source = path.read_text("utf-8")
    for function in _functions(path):
        for decorator in function.decorator_list:
            if _decorator_name(decorator) != "use_case" or not isinstance(decorator, ast.Call):
                continue
            named = ast.unparse(decorator.args[0])
            asked = _asked(function).union(*(_asked_anywhere().get(name, set()) for name in _called(function)))
            assert named in asked, f"{path.name}: {function.name} names {named} but asks for {asked or 'nothing'}"
    assert "session.commit(" not in source or path.name == "tenancy.py" or "rate_storage" in path.name, (
        f"{path.name}: only use cases commit"
    )


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_and_functions_stay_short_and_say_what_they_are_for(path: Path) -> None:
    source = path.read_text("utf-8")
    assert len(source.splitlines()) <= LONGEST_MODULE, f"{path} is too long: split it by verb"
    if source.strip():
        assert ast.get_docstring(ast.parse(source)), f"{path} does not say what it is for"
    for function in _functions(path):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= LONGEST_FUNCTION, f"{path.name}: {function.name} has {length} lines"


def test_the_list_of_packages_equals_the_tree() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    listed = set(settings["options"]["packages"].split())
    mapped = {"entitylocker.migrations", "entitylocker.static", "entitylocker.templates"}
    real = {".".join(init.parent.relative_to(ROOT).parts) for init in PACKAGE.rglob("__init__.py")}
    assert listed == real | mapped


def test_nothing_that_is_shipped_has_a_name_with_a_dot_in_front() -> None:
    shipped = [p for top in ("static", "templates", "migrations") for p in (ROOT / top).rglob("*")]
    assert [str(p) for p in shipped if p.name.startswith(".")] == []


def test_architecture_decisions_are_numbered_once() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "adr").glob("[0-9]*.md")]
    assert numbers
    assert len(numbers) == len(set(numbers))

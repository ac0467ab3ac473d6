"""What the app says to the database, for tests of how much work something is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from entitylocker.extensions import db


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The SQL that the app's role sends during the block, without the values and without what spacing differs."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(" ".join(statement.split()))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)

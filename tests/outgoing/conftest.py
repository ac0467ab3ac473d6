"""Watching where connections go."""

from __future__ import annotations

import socket
from typing import Any

import pytest


@pytest.fixture
def no_connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where somebody tried to connect. Nobody gets through."""
    tried: list[Any] = []

    def refuse(address: Any, *_rest: Any, **_more: Any) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    return tried

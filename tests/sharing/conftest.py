"""Papers, people and visitors for the tests of sharing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.factories import Member
from tests.sharing.helpers import Keeper, Visitor
from tests.vault.conftest import authority, paper

__all__ = ["authority", "paper"]


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody without an account, from a network of their own."""
    return Visitor(app)


@pytest.fixture
def keeper(make_organisation: Callable[..., Member], paper: Callable[[str], bytes]) -> Keeper:
    """The administrator of a verified organisation with one checked document."""
    return Keeper(make_organisation(name="Konkan Spices Limited"), paper("valid"))

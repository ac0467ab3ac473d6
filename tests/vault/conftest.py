"""Papers and senders for the tests of the vault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entitylocker.sandbox.papers import TestAuthority, make_paper
from tests.factories import Member
from tests.vault.helpers import Sender


@pytest.fixture
def sender(make_organisation: Callable[..., Member]) -> Sender:
    """The administrator of a new organisation, ready to send files."""
    return Sender(make_organisation(verified=False))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    """Certificates of an authority that nobody trusts."""
    return TestAuthority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture(scope="session")
def paper(authority: TestAuthority) -> Callable[[str], bytes]:
    """`paper("valid")` answers a PDF of that kind, made once."""
    made: dict[str, bytes] = {}

    def make(kind: str) -> bytes:
        if kind not in made:
            made[kind] = make_paper(kind, authority=authority)
        return made[kind]

    return make

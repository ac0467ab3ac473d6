"""One authority and one checker for all tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from entitylocker.signatures.checker import CheckerClient, LocalChecker
from tests.pki import Pki
from tests.signatures.trial_pki import TrialPki


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def trial(tmp_path_factory: pytest.TempPathFactory) -> TrialPki:
    return TrialPki(tmp_path_factory.mktemp("trial"))


@pytest.fixture(scope="session")
def checker() -> Iterator[CheckerClient]:
    with LocalChecker() as local:
        yield local.client

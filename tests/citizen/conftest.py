"""Citizen lockers to link, people who have papers there, and the house in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from entitylocker.extensions import limiter
from entitylocker.outgoing import Hosts, Outgoing
from tests.citizen.ekyc_files import Signer, make_signer
from tests.citizen.house import Citizens
from tests.citizen.lent import Lent
from tests.factories import Organisations
from tests.sandbox.citizen import RunningLocker, citizen_locker


@pytest.fixture(scope="session")
def two_lockers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningLocker, RunningLocker]]:
    """Two citizen lockers that know nothing of each other, with the same invented people."""
    keys = tmp_path_factory.mktemp("papers")
    with citizen_locker(authority_directory=keys) as one, citizen_locker(authority_directory=keys) as other:
        yield one, other


@pytest.fixture(scope="session")
def ekyc_signer() -> Signer:
    return make_signer()


@pytest.fixture
def citizens(
    app: Flask,
    organisations: Organisations,
    two_lockers: tuple[RunningLocker, RunningLocker],
    ekyc_signer: Signer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Citizens:
    """The house with both citizen lockers set up as `digilocker` and `other`, and offline e-KYC."""
    room = app.extensions["entitylocker"]
    entries = []
    for key, locker in zip(("digilocker", "other"), two_lockers, strict=True):
        locker.faults.switch_off()
        locker.register(f"{room.settings.base_url.rstrip('/')}/citizen/{key}/callback")
        entries.append({**locker.entry(key), "name": f"Sample {key}"})
    file, certificates = tmp_path / "lockers.json", tmp_path / "certificates"
    file.write_text(json.dumps(entries))
    certificates.mkdir()
    (certificates / "uidai.cer").write_bytes(ekyc_signer.der)
    settings = replace(room.settings, citizen_lockers=str(file), ekyc_certificates=str(certificates))
    monkeypatch.setattr(room, "settings", settings)
    hosts = ",".join(locker.base_url.removeprefix("http://") for locker in two_lockers)
    monkeypatch.setattr(room, "outgoing", Outgoing(Hosts.parse(hosts)))
    # All tests come from one address; on a quick machine they would be too many for it in a minute.
    with app.app_context():
        limiter.storage.reset()
    return Citizens(app, organisations, *two_lockers)


@pytest.fixture
def lent(citizens: Citizens) -> Lent:
    return Lent(citizens)

"""The demo from outside: one command, one line, everything of it gone afterwards and nothing lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.demo_process import DemoProcess
from tests.programs import free_port

# One demo for all of them, in one worker; each leaves it running.
pytestmark = pytest.mark.xdist_group("demo")

ROLES = {"administrator", "records_officer", "signatory", "auditor", "delegate"}
GONE_SECONDS = 40


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    with DemoProcess(tmp_path_factory.mktemp("demo") / "home") as running:
        yield running


def test_the_first_line_says_what_a_driver_needs(demo: DemoProcess) -> None:
    facts = demo.facts
    assert {"base_url", "sandbox_url", "home", "operator", "organisations", "portal", "trust_dir"} <= set(facts)
    assert facts["home"] == str(demo.home)
    assert set(facts["operator"]) == {"email", "password"}
    company, department = facts["organisations"]
    assert set(company) == set(department) == {"id", "name", "people"}
    assert {person["role"] for person in company["people"]} == ROLES
    assert all(set(person) == {"email", "password", "role"} for person in company["people"])
    assert set(facts["portal"]) == {"client_id", "private_jwk", "redirect_uri"}
    assert any(Path(facts["trust_dir"]).iterdir())


def test_what_the_first_line_names_works(demo: DemoProcess) -> None:
    for place in ("base_url", "sandbox_url"):
        assert requests.get(demo.facts[place], timeout=30).status_code == 200
    for person in demo.facts["organisations"][0]["people"]:
        demo.person(person["role"]).get(demo.organisation_path)


def test_the_tour_goes_to_its_end(demo: DemoProcess) -> None:
    command = [sys.executable, "-m", "entitylocker.cli.main", "tour", "--home", str(demo.home), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    steps = json.loads(done.stdout)
    assert [step["step"] for step in steps] == [
        "deposited", "verdict", "requested", "consented", "fetched", "withdrawn", "refused", "audit verified",
    ]  # fmt: skip
    assert all(step["ok"] for step in steps)


def test_a_second_demo_on_the_same_home_is_refused_in_words(demo: DemoProcess) -> None:
    done = subprocess.run(demo.command(free_port()), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert str(demo.home) in " ".join(done.stderr.split())
    assert requests.get(demo.facts["base_url"], timeout=30).status_code == 200


def test_stopped_it_leaves_nothing_running_and_keeps_the_data(demo: DemoProcess) -> None:
    before = demo.facts
    known = _documents(demo)
    assert known
    started = demo.descendants()
    assert demo.stop() == 0
    assert [process for process in started if process.is_running()] == []
    assert demo.left_running() == []
    assert demo.start() == before
    assert _documents(demo) == known


def test_killed_it_leaves_nothing_running_and_starts_again(demo: DemoProcess) -> None:
    known = _documents(demo)
    started = demo.descendants()
    assert demo.stop(signal.SIGKILL) == -signal.SIGKILL
    _, alive = psutil.wait_procs(started, timeout=GONE_SECONDS)
    assert alive == []
    assert demo.left_running() == []
    demo.start()
    assert _documents(demo) == known


def _documents(demo: DemoProcess) -> list[str]:
    """The ids of the company's documents: the same list is the same data."""
    answer = demo.person("records_officer").get(f"/api/v1{demo.organisation_path}/documents?limit=100").json()
    return sorted(document["id"] for document in answer["items"])

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

from entitylocker.cli.demo_citizen import KEY
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
    places = {"base_url", "sandbox_url", "citizen_locker_url", "home", "trust_dir"}
    assert places | {"operator", "organisations", "portal"} <= set(facts)
    assert facts["home"] == str(demo.home)
    assert set(facts["operator"]) == {"email", "password"}
    company, department = facts["organisations"]
    assert set(company) == set(department) == {"id", "name", "people"}
    assert {person["role"] for person in company["people"]} == ROLES
    assert all(set(person) == {"email", "password", "role"} for person in company["people"])
    assert set(facts["portal"]) == {"client_id", "private_jwk", "redirect_uri"}
    assert any(Path(facts["trust_dir"]).iterdir())


def test_what_the_first_line_names_works(demo: DemoProcess) -> None:
    for place in ("base_url", "sandbox_url", "citizen_locker_url"):
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


def test_a_person_links_the_sample_citizen_locker(demo: DemoProcess) -> None:
    person = demo.person("auditor")
    page = "/account/citizen"
    begun = person.post(f"{page}/links/{KEY}/begin", page, {})
    asked = begun.headers["Location"]
    assert asked.startswith(f"{demo.facts['citizen_locker_url']}/public/oauth2/1/authorize?")
    answer = requests.post(asked, {"person": "zoya", "decision": "allow"}, allow_redirects=False, timeout=30)
    assert answer.headers["Location"].startswith(f"{demo.facts['base_url']}/citizen/{KEY}/callback?")
    person.get(answer.headers["Location"], expect=303)
    assert "Zoya Benaam" in person.get(page).text


def test_a_second_demo_on_the_same_home_is_refused_in_words(demo: DemoProcess) -> None:
    done = subprocess.run(demo.command(free_port()), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert str(demo.home) in " ".join(done.stderr.split())
    assert requests.get(demo.facts["base_url"], timeout=30).status_code == 200


def test_stopped_it_leaves_nothing_running_and_keeps_the_data(demo: DemoProcess) -> None:
    before = demo.facts
    registered = _registration(demo)
    known = _documents(demo)
    assert known
    started = demo.descendants()
    assert demo.stop() == 0
    assert [process for process in started if process.is_running()] == []
    assert demo.left_running() == []
    assert demo.start() == before
    assert _documents(demo) == known
    assert _registration(demo) == registered


def test_killed_it_leaves_nothing_running_and_starts_again(demo: DemoProcess) -> None:
    known = _documents(demo)
    started = demo.descendants()
    assert demo.stop(signal.SIGKILL) == -signal.SIGKILL
    _, alive = psutil.wait_procs(started, timeout=GONE_SECONDS)
    assert alive == []
    assert demo.left_running() == []
    demo.start()
    assert _documents(demo) == known


def _registration(demo: DemoProcess) -> dict[str, str]:
    """How the demo is registered with the sample citizen locker; for nobody else to read."""
    file = demo.home / "secrets" / "citizen-lockers.json"
    assert file.stat().st_mode & 0o077 == 0
    registration: dict[str, str] = json.loads(file.read_text("utf-8"))[0]
    assert len(registration["client_secret"]) >= 40
    return registration


def _documents(demo: DemoProcess) -> list[str]:
    """The ids of the company's documents: the same list is the same data."""
    answer = demo.person("records_officer").get(f"/api/v1{demo.organisation_path}/documents?limit=100").json()
    return sorted(document["id"] for document in answer["items"])

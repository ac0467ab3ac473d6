"""Starting, stopping, starting again; what stands in the way is said in words."""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from entitylocker.engines import EmbeddedEngines, EngineFailed, HomeInUse, HomeLock, HomeUnusable, store
from entitylocker.engines.home import check_space
from entitylocker.engines.layout import LONGEST_SOCKET_DIRECTORY, Layout
from entitylocker.engines.leftovers import of_home
from entitylocker.engines.ports import Ports, choose_ports, read_ports
from tests.engines.conftest import Running, libpq, s3_client

pytestmark = pytest.mark.xdist_group("engines")

# A process that starts engines, says so, and waits to be killed.
STARTER = """
import sys, time
from pathlib import Path
from entitylocker.engines import EmbeddedEngines
EmbeddedEngines(Path(sys.argv[1])).start()
print("started", flush=True)
time.sleep(600)
"""


def wait_until(true: Callable[[], bool], seconds: float = 30.0) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def start_elsewhere(home: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", STARTER, str(home)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_stop_leaves_nothing_and_a_second_start_keeps_everything(tmp_path: Path) -> None:
    home = tmp_path / "home"
    said: list[str] = []
    engines = EmbeddedEngines(home, progress=said.append)
    first = engines.start()
    assert engines.start() is first
    assert {Path(f"/proc/{pid}/comm").read_text().strip() for pid in engines.pids().values()} == {
        "postgres",
        "weed",
    }
    with psycopg.connect(libpq(first.database_owner_url)) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('yes')")
    s3_client(first).make_bucket("kept")
    s3_client(first).put_object("kept", "word", io.BytesIO(b"yes"), 3)
    ports = read_ports(Layout(home).port_note)
    engines.stop()
    engines.stop()
    assert of_home(home) == []
    assert ports is not None
    assert [path for path in ports.sockets if path.exists()] == []

    with EmbeddedEngines(home) as again:
        second = again.start()
        with psycopg.connect(libpq(second.database_owner_url)) as connection:
            assert connection.execute("SELECT word FROM kept").fetchall() == [("yes",)]
        assert s3_client(second).get_object("kept", "word").read() == b"yes"
    assert of_home(home) == []
    assert said == ["Setting up PostgreSQL", "Starting PostgreSQL", "Starting the document store"]


def test_a_running_home_refuses_a_second_start(running: Running) -> None:
    with pytest.raises(HomeInUse) as refusal:
        EmbeddedEngines(running.home).start()
    assert refusal.value.facts == {"home": str(running.home), "pid": str(os.getpid())}
    assert str(running.home) in refusal.value.text()
    with psycopg.connect(libpq(running.addresses.database_app_url)) as connection:
        connection.execute("SELECT 1")


def test_a_lock_is_free_again_after_release(tmp_path: Path) -> None:
    with HomeLock(tmp_path), pytest.raises(HomeInUse):
        HomeLock(tmp_path).acquire()
    with HomeLock(tmp_path):
        pass


def test_a_killed_parent_leaves_nothing_running(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = start_elsewhere(home)
    assert len(of_home(home)) >= 3
    kill(process)
    assert wait_until(lambda: of_home(home) == []), of_home(home)
    ports = read_ports(Layout(home).port_note)
    assert ports is not None
    assert [path for path in ports.sockets if path.exists()] == []


def test_engines_end_when_parent_and_watchdog_are_killed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = start_elsewhere(home)
    (watchdog,) = [found.pid for found in of_home(home) if "watchdog.py" in " ".join(found.command)]
    os.kill(watchdog, signal.SIGKILL)
    kill(process)
    assert wait_until(lambda: of_home(home) == []), of_home(home)
    with EmbeddedEngines(home):
        ports = read_ports(Layout(home).port_note)
    assert ports is not None
    assert [path for path in ports.sockets if path.exists()] == []


def test_a_start_right_after_a_kill_waits_and_works(tmp_path: Path) -> None:
    home = tmp_path / "home"
    kill(start_elsewhere(home))
    with EmbeddedEngines(home) as engines:
        addresses = engines.start()
        with psycopg.connect(libpq(addresses.database_app_url)) as connection:
            connection.execute("SELECT 1")
    assert of_home(home) == []


def test_a_home_too_deep_for_a_socket(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 25) / "home"
    assert len(os.fsencode(home)) > LONGEST_SOCKET_DIRECTORY
    with EmbeddedEngines(home) as engines:
        addresses = engines.start()
        with psycopg.connect(libpq(addresses.database_app_url)) as connection:
            connection.execute("SELECT 1")
        outside = Path(Layout(home).socket_note.read_text())
        assert outside.stat().st_mode & 0o067 == 0
        assert (outside / "s" / ".s.PGSQL.5432").exists()
        assert (outside / "s").stat().st_mode & 0o077 == 0
    assert not outside.exists()


def test_a_port_taken_at_the_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = choose_ports()
    layout = Layout(tmp_path / "home")
    layout.store.mkdir(parents=True)
    layout.port_note.write_text(str(vars(taken)).replace("'", '"'))
    # As if the port were free when it was looked at, and taken a moment later.
    monkeypatch.setattr(store, "are_free", lambda ports: True)
    with socket.socket() as rival:
        rival.bind(("127.0.0.1", taken.s3))
        rival.listen()
        with EmbeddedEngines(layout.home, durable=False) as engines:
            addresses = engines.start()
            assert addresses.s3_endpoint != f"127.0.0.1:{taken.s3}"
            assert s3_client(addresses).bucket_exists(store.PROBE_BUCKET)


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(HomeUnusable) as refusal:
        EmbeddedEngines(tmp_path / "home").start()
    assert "cannot be written to" in refusal.value.text()


@pytest.mark.parametrize(("version", "words"), [("16", "PostgreSQL 16"), ("", "data directory")])
def test_data_of_another_version_or_damaged_is_refused(tmp_path: Path, version: str, words: str) -> None:
    data = Layout(tmp_path / "home").database
    data.mkdir(parents=True)
    if version:
        (data / "PG_VERSION").write_text(version)
    with pytest.raises(EngineFailed) as refusal:
        EmbeddedEngines(tmp_path / "home").start()
    assert words in refusal.value.text()
    assert of_home(tmp_path / "home") == []
    with HomeLock(tmp_path / "home"):
        pass


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage._replace(free=700 * 1024**2))
    with pytest.raises(HomeUnusable) as refusal:
        check_space(tmp_path)
    assert "700 MiB free" in refusal.value.text()


def test_ports_of_the_last_run_are_read_or_forgotten(tmp_path: Path) -> None:
    note = tmp_path / "ports.json"
    assert read_ports(note) is None
    note.write_text("{")
    assert read_ports(note) is None
    note.write_text('{"master": 1}')
    assert read_ports(note) is None
    assert isinstance(choose_ports(), Ports)

"""What was acknowledged survives the killing of either engine, and the killed one comes back by itself."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import signal
import time

import psycopg
import pytest
import urllib3
from minio.error import MinioException

from entitylocker.engines import EmbeddedEngines
from tests.engines.conftest import Running, libpq
from tests.engines.test_lifecycle import wait_until

pytestmark = pytest.mark.xdist_group("engines")


def answers(running: Running) -> bool:
    """Whether both engines do real work again."""
    try:
        running.s3().put_object("entitylocker-probe", "again", io.BytesIO(b"again"), 5)
        with psycopg.connect(libpq(running.addresses.database_app_url)) as connection:
            connection.execute("SELECT 1")
    except (MinioException, urllib3.exceptions.HTTPError, psycopg.OperationalError):
        return False
    return True


def kill_and_wait(running: Running, name: str) -> None:
    pid = running.engines.pids()[name]
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: running.engines.pids()[name] != pid, 60)
    assert wait_until(lambda: answers(running), 90)


def test_a_killed_store_loses_no_acknowledged_document(running: Running, bucket: str) -> None:
    store = running.s3()
    written = {}
    for number in range(40):
        body = secrets.token_bytes(3_000_000 if number % 10 == 0 else 50_000)
        key = f"{secrets.token_hex(4)}-{number}"
        store.put_object(bucket, key, io.BytesIO(body), len(body))
        written[key] = hashlib.sha256(body).hexdigest()
    kill_and_wait(running, "store")
    read = {key: hashlib.sha256(running.s3().get_object(bucket, key).read()).hexdigest() for key in written}
    assert read == written


def test_a_killed_postgres_loses_no_commit_and_no_document(running: Running, bucket: str) -> None:
    body = secrets.token_bytes(200_000)
    running.s3().put_object(bucket, "beside", io.BytesIO(body), len(body))
    with psycopg.connect(libpq(running.addresses.database_owner_url), autocommit=True) as connection:
        connection.execute("CREATE TABLE survivors (n int)")
        for number in range(200):
            connection.execute("INSERT INTO survivors VALUES (%s)", (number,))
        kill_and_wait(running, "postgres")
    with psycopg.connect(libpq(running.addresses.database_owner_url)) as connection:
        assert connection.execute("SELECT count(*), sum(n) FROM survivors").fetchone() == (200, 19900)
    assert running.s3().get_object(bucket, "beside").read() == body


def test_both_killed_at_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("both") / "home"
    with EmbeddedEngines(home) as engines:
        running = Running(home, engines, engines.start())
        running.s3().make_bucket("both")
        running.s3().put_object("both", "k", io.BytesIO(b"kept"), 4)
        before = engines.pids()
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 90
        while not answers(running):
            assert time.monotonic() < until
        assert running.s3().get_object("both", "k").read() == b"kept"
        after = engines.pids()
        assert not set(before.values()) & set(after.values())

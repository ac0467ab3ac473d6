"""Nobody else on the machine gets in: by port, by socket, by role."""

from __future__ import annotations

import http.client
import io
import os
import pwd
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import errors, sql

from entitylocker.engines.health import open_ports, refuses_grpc, refuses_http
from entitylocker.engines.layout import Layout
from entitylocker.engines.ports import Ports, read_ports
from tests.engines.conftest import Running, libpq

pytestmark = pytest.mark.xdist_group("engines")

SERVING = ("database_app_url", "database_operator_url", "database_worker_url")


@pytest.fixture
def ports(running: Running) -> Ports:
    found = read_ports(Layout(running.home).port_note)
    assert found is not None
    return found


def connect(running: Running, which: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(libpq(getattr(running.addresses, which)), autocommit=True)


def test_only_the_noted_ports_listen_and_only_on_the_loopback(running: Running, ports: Ports) -> None:
    found = {name: psutil.Process(pid).net_connections("inet") for name, pid in running.engines.pids().items()}
    listening = {
        name: {(line.laddr.ip, line.laddr.port) for line in lines if line.status == psutil.CONN_LISTEN}
        for name, lines in found.items()
    }
    assert listening == {"postgres": set(), "store": {("127.0.0.1", port) for port in vars(ports).values()}}


def test_every_http_port_refuses_a_stranger(ports: Ports) -> None:
    assert open_ports(ports) == []
    for port in (ports.master, ports.volume, ports.filer, ports.s3):
        for method in ("GET", "DELETE", "PUT", "POST"):
            for path in ("/", "/buckets/?recursive=true", "/documents/word", "/1,01637037d6"):
                assert refuses_http(port, path, method), (port, method, path)


@pytest.mark.parametrize("path", ["/status", "/stats/disk", "/healthz", "/ui/index.html"])
def test_the_internal_ports_tell_a_stranger_nothing_about_themselves(ports: Ports, path: str) -> None:
    for port in (ports.master, ports.volume, ports.filer):
        assert refuses_http(port, path), port


def test_every_grpc_port_refuses_who_has_no_certificate(ports: Ports) -> None:
    for port in (ports.master_grpc, ports.volume_grpc, ports.filer_grpc, ports.s3_grpc):
        assert refuses_grpc(port)


def test_the_check_of_ports_can_fail() -> None:
    code = "import http.server as h; s = h.HTTPServer(('127.0.0.1', 0), h.SimpleHTTPRequestHandler);"
    code += "print(s.server_port, flush=True); s.serve_forever()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        try:
            assert not refuses_http(port, "/")
            assert not refuses_grpc(port)
        finally:
            server.kill()


def test_the_masters_delete_by_one_get_does_nothing(running: Running, ports: Ports, bucket: str) -> None:
    store = running.s3()
    store.put_object(bucket, "word", io.BytesIO(b"still here"), 10)
    for port in (ports.master, ports.volume, ports.filer):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", f"/col/delete?collection={bucket}")
        assert connection.getresponse().status in (400, 401, 404)
        connection.close()
    assert store.get_object(bucket, "word").read() == b"still here"


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/documents/word"), ("PUT", "/documents/new")])
def test_the_store_refuses_unsigned_requests(ports: Ports, bucket: str, method: str, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", ports.s3, timeout=5)
    connection.request(method, path, body=b"x" if method == "PUT" else None)
    assert connection.getresponse().status == 403
    connection.close()


def as_another(running: Running, user: int, group: int) -> str:
    """What a process of another user is told when it asks to be the superuser."""
    sockets = str(Layout(running.home).run)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
        try:
            psycopg.connect(host=sockets, user="postgres", dbname="postgres")
            os.write(writing, b"LET IN")
        except psycopg.OperationalError as refusal:
            os.write(writing, str(refusal).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as told:
        return told.read().decode()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_cannot_even_reach_the_socket(running: Running) -> None:
    daemon = pwd.getpwnam("daemon")
    assert "Permission denied" in as_another(running, daemon.pw_uid, daemon.pw_gid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the engines as another user than itself")
def test_the_engines_own_user_is_not_the_superuser(running: Running, tmp_path: Path) -> None:
    # What a hijacked store could do: same user, same group, and the directories above opened to it.
    owner = Layout(running.home).run.stat()
    opened = [place for place in Layout(running.home).home.parents if not place.stat().st_mode & 0o001]
    modes = {place: place.stat().st_mode & 0o7777 for place in opened}
    try:
        for place in opened:
            place.chmod(modes[place] | 0o001)
        assert "Peer authentication failed" in as_another(running, owner.st_uid, owner.st_gid)
    finally:
        for place in opened:
            place.chmod(modes[place])


@pytest.mark.parametrize("which", SERVING)
def test_a_serving_role_is_held_to_serving(running: Running, which: str) -> None:
    with connect(running, which) as connection:
        row = connection.execute(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False,)
        for forbidden in (
            "CREATE TABLE mine (a int)",
            "CREATE TEMP TABLE mine (a int)",
            "CREATE SCHEMA mine",
            "CREATE ROLE friend",
            "CREATE DATABASE mine",
            "ALTER ROLE current_user BYPASSRLS",
            "SET ROLE postgres",
            "SET ROLE el_owner",
            "SET ROLE el_lookup",
            "SET SESSION AUTHORIZATION el_owner",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT pg_read_file('/etc/passwd')",
            "ALTER SYSTEM SET fsync = off",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(sql.SQL(forbidden))


@pytest.mark.parametrize("which", ["database_owner_url", *SERVING])
@pytest.mark.parametrize("database", ["postgres", "template1", "filer"])
def test_no_role_enters_another_database(running: Running, which: str, database: str) -> None:
    url = libpq(getattr(running.addresses, which)).replace("/entitylocker?", f"/{database}?")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url)


@pytest.mark.parametrize("role", ["el_owner", "el_app", "el_operator", "el_worker", "el_filer", "el_lookup"])
def test_nobody_signs_in_without_the_right_password(running: Running, role: str) -> None:
    sockets = str(Layout(running.home).run)
    for password in ("", "wrong", role):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=sockets, user=role, password=password, dbname="entitylocker")


def test_the_owner_hands_functions_to_the_lookup_role(running: Running) -> None:
    with connect(running, "database_owner_url") as owner:
        owner.execute("CREATE TABLE door (digest text, organisation int)")
        owner.execute("INSERT INTO door VALUES ('d', 7)")
        owner.execute("ALTER TABLE door ENABLE ROW LEVEL SECURITY")
        owner.execute("ALTER TABLE door FORCE ROW LEVEL SECURITY")
        owner.execute("CREATE POLICY lookup ON door FOR SELECT TO el_lookup USING (true)")
        owner.execute("GRANT SELECT ON door TO el_lookup")
        owner.execute(
            "CREATE FUNCTION find_door(d text) RETURNS int LANGUAGE sql SECURITY DEFINER"
            " SET search_path = public AS 'SELECT organisation FROM door WHERE digest = d'"
        )
        owner.execute("ALTER FUNCTION find_door OWNER TO el_lookup")
        assert owner.execute("SELECT count(*) FROM door").fetchone() == (0,)
    with connect(running, "database_app_url") as app:
        assert app.execute("SELECT find_door('d')").fetchone() == (7,)
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute("SELECT * FROM door")

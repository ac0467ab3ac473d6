"""Looks at a home whose engines run and says in words what is not as it should be. Changes nothing."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from entitylocker.engines import postgres_settings
from entitylocker.engines.home import LEAST_FREE_BYTES
from entitylocker.engines.layout import Layout
from entitylocker.engines.ports import LOOPBACK, Ports, read_ports

PATIENCE_SECONDS = 3.0
# Twice what the store needs to stay writable.
ENOUGH_FREE_BYTES = 2 * LEAST_FREE_BYTES
REFUSALS = (400, 401, 403, 404, 405)
# What begins an HTTP/2 connection: the preface and an empty SETTINGS frame.
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


@dataclass(frozen=True)
class Finding:
    """The answer of one check: `advice` says what to do when it is not `ok`."""

    name: str
    ok: bool
    message: str
    advice: str = ""


def check_home(home: Path) -> list[Finding]:
    """All checks of a home, in the order in which to put things right."""
    checks: tuple[Callable[[Path], Finding], ...] = (
        check_free_space,
        check_permissions,
        check_access_rules,
        check_durability,
        check_ports,
    )
    return [check(home.resolve()) for check in checks]


def check_free_space(home: Path) -> Finding:
    """Whether the disk has room; when it is nearly full the store takes no more documents."""
    free = shutil.disk_usage(home).free
    message = f"{free // 1024**2} MiB are free on the disk of the home."
    advice = f"Make room: below {LEAST_FREE_BYTES // 1024**2} MiB the store takes no more documents."
    return Finding("free_space", free >= ENOUGH_FREE_BYTES, message, advice)


def check_permissions(home: Path) -> Finding:
    """Whether nobody but the owner can enter the home's directories or read its secrets."""
    layout = Layout(home)
    directories = (layout.secrets, layout.logs, layout.run, layout.postgres, layout.database, layout.store)
    files = [*layout.secrets.glob("*"), *layout.store_settings.glob("*"), *layout.logs.glob("*")]
    wrong = [str(path) for path in (*directories, *files) if path.exists() and _mode(path) & 0o077]
    if _mode(home) & 0o067:
        wrong.append(str(home))
    message = f"Open to other users: {', '.join(wrong)}" if wrong else "The home is closed to other users."
    return Finding("permissions", not wrong, message, "Take the rights of group and others away (chmod go-rwx).")


def check_access_rules(home: Path) -> Finding:
    """Whether PostgreSQL asks everybody for who they are, as we told it to."""
    data = Layout(home).database
    expected = {"pg_hba.conf": postgres_settings.ACCESS, "pg_ident.conf": postgres_settings.identity_map()}
    changed = [name for name, text in expected.items() if _read(data / name) != text]
    message = f"Changed: {', '.join(changed)}" if changed else "PostgreSQL trusts nobody by name alone."
    return Finding("access_rules", not changed, message, "Start again: the files are written anew at each start.")


def check_durability(home: Path) -> Finding:
    """Whether what is acknowledged is on the disk."""
    layout = Layout(home)
    settings = _read(layout.database / "postgresql.conf")
    ok = postgres_settings.DURABLE in settings and (layout.store / "writes-through").exists()
    message = "Both engines write through to the disk." if ok else "What is acknowledged may be lost in a power cut."
    return Finding("durability", ok, message, "Start the engines without the setting that is meant for tests.")


def check_ports(home: Path) -> Finding:
    """Whether a stranger on this machine is refused at every internal port of the running store."""
    ports = read_ports(Layout(home).port_note)
    if ports is None:
        return Finding("ports", False, "The store has never been started.", "Start it.")
    answering = open_ports(ports)
    message = f"These answer a stranger: {', '.join(answering)}" if answering else "Every internal port refuses."
    return Finding("ports", not answering, message, "Stop the locker and report this: documents may be at risk.")


def open_ports(ports: Ports) -> list[str]:
    """The requests of a stranger, harmless ones, that the store's ports did not refuse."""
    requests = (
        ("master", ports.master, "/"),
        ("master", ports.master, "/col/delete?collection=none-of-this-name"),
        ("master", ports.master, "/dir/assign"),
        ("volume", ports.volume, "/ui/index.html"),
        ("volume", ports.volume, "/1,01637037d6"),
        ("filer", ports.filer, "/"),
        ("filer", ports.filer, "/buckets/"),
        ("s3", ports.s3, "/"),
    )
    found = [f"{name} {path}" for name, port, path in requests if not refuses_http(port, path)]
    calls = {
        "master": ports.master_grpc,
        "volume": ports.volume_grpc,
        "filer": ports.filer_grpc,
        "s3": ports.s3_grpc,
    }
    return found + [f"{name} gRPC" for name, port in calls.items() if not refuses_grpc(port)]


def refuses_http(port: int, path: str, method: str = "GET") -> bool:
    """Whether an unsigned request is turned away, or not even understood."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, path)
        return connection.getresponse().status in REFUSALS
    except (OSError, http.client.HTTPException):
        return True
    finally:
        connection.close()


def refuses_grpc(port: int) -> bool:
    """Whether a gRPC port hangs up on who has no certificate, with TLS and without."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return not _greets(port, None) and not _greets(port, context)


def _greets(port: int, context: ssl.SSLContext | None) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), PATIENCE_SECONDS) as plain:
            line = plain if context is None else context.wrap_socket(plain)
            line.sendall(GREETING)
            # A server that takes the caller in answers with its own settings at once.
            return bool(line.recv(64))
    except OSError:
        return False


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        return ""

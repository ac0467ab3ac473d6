"""The store's ports: on the loopback, below the range from which the kernel picks ports for others."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
RANGE = range(20000, 32000)


@dataclass(frozen=True)
class Ports:
    """The ports of one run."""

    master: int
    master_grpc: int
    volume: int
    volume_grpc: int
    filer: int
    filer_grpc: int
    s3: int
    s3_grpc: int

    @property
    def sockets(self) -> tuple[Path, ...]:
        """The sockets that the store puts beside its gRPC ports, in a place that cannot be chosen."""
        numbers = asdict(self)
        return tuple(
            Path(f"/tmp/seaweedfs-{name}-grpc-{numbers[name + '_grpc']}.sock")  # noqa: S108
            for name in ("master", "volume", "filer", "s3")
        )


def choose_ports() -> Ports:
    """Eight ports that are free now; somebody may take one before it is used: choose again then."""
    found: list[int] = []
    while len(found) < 8:
        port = secrets.choice(RANGE)
        if port not in found and is_free(port):
            found.append(port)
    return Ports(*found)


def read_ports(note: Path) -> Ports | None:
    """The ports of the last run, if there was one."""
    try:
        return Ports(**json.loads(note.read_text("utf-8")))
    except (OSError, TypeError, ValueError):
        return None


def clear_sockets(ports: Ports) -> None:
    """Remove the sockets beside the gRPC ports, as far as they are ours to remove. Nobody may listen there."""
    for path in ports.sockets:
        with contextlib.suppress(OSError):
            path.unlink()


def are_free(ports: Ports) -> bool:
    """Whether one could listen on all of them."""
    return all(is_free(port) for port in asdict(ports).values())


def is_free(port: int) -> bool:
    """Whether one could listen on that port of the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((LOOPBACK, port))
        except OSError:
            return False
        return True

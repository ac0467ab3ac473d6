"""`make test-minio`: the storage and vault tests on the real MinIO server, built from its source. Needs Go."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from minio import Minio

from entitylocker.config import Settings
from tests.programs import free_port, say, stop_on_sigterm

# MinIO tags its releases in a way that Go does not know as versions, so this is the last commit before the
# repository was archived.
SOURCE = "github.com/minio/minio"
VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
START_SECONDS = 60
TESTS = ("tests/storage", "tests/vault")


def minio_program() -> Path | None:
    """The server, built once for each version and user; None where it cannot be had, which is said."""
    program = Path(platformdirs.user_cache_dir("entitylocker")) / "minio" / VERSION / "minio"
    if program.exists():
        say(f"Using the MinIO server in {program}")
        return program
    go = shutil.which("go")
    if go is None:
        say("FAILED: there is no Go here, so the MinIO server cannot be built. Install Go 1.24 or newer.")
        return None
    return program if _build(go, program) else None


def _build(go: str, program: Path) -> bool:
    say(f"Building the MinIO server {VERSION} (once; this downloads about 500 MB and takes some minutes)")
    with tempfile.TemporaryDirectory(prefix="entitylocker-minio-build-") as place:
        environment = {**os.environ, "GOBIN": place, "CGO_ENABLED": "0"}
        if subprocess.run([go, "install", f"{SOURCE}@{VERSION}"], env=environment, check=False).returncode:
            say("FAILED: the MinIO server could not be built. See above.")
            return False
        program.parent.mkdir(parents=True, exist_ok=True)
        # In one step, so that a build cut off never looks like a finished one.
        part = program.with_name(f".minio.{secrets.token_hex(4)}")
        shutil.copy2(Path(place) / "minio", part)
        part.replace(program)
    return True


@contextmanager
def running_minio(program: Path) -> Iterator[dict[str, str]]:
    """A MinIO server in a place of its own; answers the settings that lead to it."""
    address, console = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    user, password = secrets.token_hex(8), secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="entitylocker-minio-") as place:
        command = [str(program), "server", f"{place}/data", "--address", address, "--console-address", console]
        environment = {
            "PATH": os.defpath, "HOME": place, "MINIO_ROOT_USER": user, "MINIO_ROOT_PASSWORD": password,
            "MINIO_BROWSER": "off", "MINIO_UPDATE": "off",
        }  # fmt: skip
        server = subprocess.Popen([*command, "--quiet"], env=environment, cwd=place)
        try:
            _wait(server, address)
            say(f"MinIO answers on {address}")
            yield {
                "ENTITYLOCKER_S3_ENDPOINT": address, "ENTITYLOCKER_S3_ACCESS_KEY": user,
                "ENTITYLOCKER_S3_SECRET_KEY": password, "ENTITYLOCKER_S3_SECURE": "0",
            }  # fmt: skip
        finally:
            server.terminate()
            server.wait(30)


def _wait(server: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _ready(address):
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("FAILED: the MinIO server did not start. See above.")
        time.sleep(0.1)


def _ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/minio/health/ready", timeout=5):
            return True
    except OSError:
        return False


def _was_used(store: dict[str, str]) -> bool:
    """Whether the tests really wrote into MinIO: a pass on another store would prove nothing."""
    client = Minio(
        store["ENTITYLOCKER_S3_ENDPOINT"], access_key=store["ENTITYLOCKER_S3_ACCESS_KEY"],
        secret_key=store["ENTITYLOCKER_S3_SECRET_KEY"], secure=False,
    )  # fmt: skip
    return client.bucket_exists(Settings.s3_bucket)


def main() -> int:
    """Run the tests; the exit code is theirs, or 1 where they could not be run on MinIO."""
    stop_on_sigterm()
    program = minio_program()
    if program is None:
        return 1
    with running_minio(program) as store:
        command = [sys.executable, "-m", "pytest", *(sys.argv[1:] or TESTS)]
        code = subprocess.run(command, env={**os.environ, **store}, check=False).returncode
        if not _was_used(store):
            say("FAILED: nothing was written into MinIO.")
            return 1
    return code


if __name__ == "__main__":
    sys.exit(main())

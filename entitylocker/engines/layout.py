"""The home on disk: which directory is where, who owns it, where the sockets go."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from entitylocker.engines.account import Account
from entitylocker.engines.failures import HomeUnusable

# sun_path holds 108 bytes with its closing zero; PostgreSQL adds '/.s.PGSQL.5432'.
LONGEST_SOCKET_DIRECTORY = 107 - len("/.s.PGSQL.5432")


@dataclass(frozen=True)
class Layout:
    """The paths of one home."""

    home: Path

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def database(self) -> Path:
        return self.postgres / "data"

    @property
    def store(self) -> Path:
        return self.home / "store"

    @property
    def store_settings(self) -> Path:
        return self.store / "settings"

    @property
    def master(self) -> Path:
        return self.store / "master"

    @property
    def volumes(self) -> Path:
        return self.store / "volumes"

    @property
    def port_note(self) -> Path:
        return self.store / "ports.json"

    @property
    def socket_note(self) -> Path:
        return self.home / "sockets"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def prepare_home(layout: Layout, account: Account) -> None:
    """Make the directories of the home, closed to everybody but their owner. Raises HomeUnusable."""
    try:
        for path in (layout.secrets, layout.logs):
            make_private(path)
        for path in (
            layout.run,
            layout.postgres,
            layout.store,
            layout.store_settings,
            layout.volumes,
            layout.master,
        ):
            make_private(path, account)
        if account.gid is None:
            layout.home.chmod(0o700)
        else:
            os.chown(layout.home, 0, account.gid)
            layout.home.chmod(0o710)
    except OSError as fault:
        raise HomeUnusable(home=str(layout.home), reason=f"{fault.filename}: {fault.strerror}.") from fault


def make_private(path: Path, account: Account | None = None) -> Path:
    """Make a directory that only the account (by default we) may enter."""
    path.mkdir(mode=0o700, exist_ok=True)
    give(path, account)
    path.chmod(0o700)
    return path


def give(path: Path, account: Account | None) -> None:
    """Make the account the owner, where it is somebody else than we."""
    if account is not None and account.uid is not None and account.gid is not None:
        os.chown(path, account.uid, account.gid)


def write_for(account: Account, path: Path, content: str | bytes) -> None:
    """Replace a file that only the account may read, in one step."""
    part = path.with_name(f".{path.name}.new")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    give(part, account)
    part.replace(path)


def socket_directory(layout: Layout, account: Account) -> Path:
    """Where the sockets go: in the home, or, when its path is too long for a socket, in a private directory.

    That one lies in the directory for temporary files and is noted in the home, to be removed again.
    """
    remove_socket_directory(layout)
    if len(os.fsencode(layout.run)) <= LONGEST_SOCKET_DIRECTORY:
        return layout.run
    outside = Path(tempfile.mkdtemp(prefix="entitylocker-"))
    layout.socket_note.write_text(str(outside), "utf-8")
    if account.gid is not None:
        os.chown(outside, 0, account.gid)
        outside.chmod(0o710)
    return make_private(outside / "s", account)


def remove_socket_directory(layout: Layout) -> None:
    """Remove the directory for sockets outside the home, if there is one and it is ours."""
    try:
        noted = Path(layout.socket_note.read_text("utf-8"))
    except FileNotFoundError:
        return
    if noted.name.startswith("entitylocker-") and noted.is_dir() and noted.stat().st_uid == os.geteuid():
        shutil.rmtree(noted, ignore_errors=True)
    layout.socket_note.unlink()

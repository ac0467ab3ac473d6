"""As whom the engines run: as ourselves, or, started by root, as somebody without rights."""

from __future__ import annotations

import grp
import os
import pwd
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from entitylocker.engines.failures import HomeUnusable

CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
PRIVATE_GROUPS = range(61184, 65520)
UNPRIVILEGED = ("entitylocker", "nobody", "daemon")


@dataclass(frozen=True)
class Account:
    """The user of the engines' processes; `uid` None means ourselves.

    Started by root, they run as an unprivileged user in a group that nobody else is in, so that other
    processes of that user cannot enter the home. `capability` is the one right they keep where a directory
    above the home or the programs is closed to them (a home in /root or in `mktemp -d`): to pass through
    it.
    """

    uid: int | None = None
    gid: int | None = None
    capability: int | None = None

    @property
    def name(self) -> str:
        """The name of the user, as PostgreSQL's set-up needs one. Raises KeyError where it has none."""
        return pwd.getpwuid(os.geteuid() if self.uid is None else self.uid).pw_name


def choose_account(home: Path, data: Path, programs: list[Path]) -> Account:
    """Decide as whom the engines run; the owner of an existing `data` directory stays. Raises HomeUnusable.

    `programs` are the files that the account has to be able to start.
    """
    if os.geteuid() != 0:
        return _ourselves(home)
    if data.is_dir() and (found := data.stat()).st_uid != 0:
        uid, gid = found.st_uid, found.st_gid
    else:
        uid, gid = _unprivileged(home), _unused_group()
    return Account(uid, gid, _needed_capability(home, programs, uid, gid))


def _ourselves(home: Path) -> Account:
    account = Account()
    try:
        assert account.name
    except KeyError:
        reason = f"PostgreSQL needs a user with a name, and the user {os.geteuid()} has none in /etc/passwd."
        raise HomeUnusable(home=str(home), reason=reason) from None
    return account


def _unprivileged(home: Path) -> int:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise HomeUnusable(home=str(home), reason="PostgreSQL must not run as root, and there is no user 'nobody'.")


def _unused_group() -> int:
    taken = {entry.gr_gid for entry in grp.getgrall()}
    return secrets.choice([number for number in PRIVATE_GROUPS if number not in taken])


def _needed_capability(home: Path, programs: list[Path], uid: int, gid: int) -> int | None:
    """The right to pass closed directories, or to start closed programs; None where neither is needed."""
    directories = [place for path in (home, *programs) for place in path.parents]
    closed = [place for place in directories if not _open_to(place, uid, gid)]
    locked = [path for path in programs if not _open_to(path, uid, gid)]
    if not closed and not locked:
        return None
    words = Path("/proc/self/status").read_text("ascii").split()
    held = int(words[words.index("CapEff:") + 1], 16)
    for capability in (CAP_DAC_OVERRIDE,) if locked else (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if held >> capability & 1:
            return capability
    reason = f"The engines must not run as root, and the user {uid} cannot enter {(closed + locked)[0]}."
    raise HomeUnusable(home=str(home), reason=reason)


def _open_to(path: Path, uid: int, gid: int) -> bool:
    """Whether that user may enter this directory or start this program, by its permission bits."""
    found = path.stat()
    if found.st_uid == uid:
        return bool(found.st_mode & stat.S_IXUSR)
    return bool(found.st_mode & (stat.S_IXGRP if found.st_gid == gid else stat.S_IXOTH))

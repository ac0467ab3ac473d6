"""The whole checker inside bubblewrap: no network, no files but the program's own, nothing to write to."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import entitylocker

_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/alternatives")


def find_sandbox() -> list[str] | None:
    """The command that runs a program sandboxed, or None when bubblewrap is missing or not allowed here."""
    program = shutil.which("bwrap")
    if program is None:
        return None
    command = [program, *_arguments()]
    try:
        tried = subprocess.run([*command, sys.executable, "-c", ""], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return command if tried.returncode == 0 else None


def _arguments() -> list[str]:
    # The empty /tmp comes first: laid over later, it would hide a program that is installed below it.
    arguments = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--tmpfs", "/tmp"]  # noqa: S108
    for path in (*_SYSTEM, *_own_paths()):
        arguments += ["--ro-bind-try", str(path), str(path)]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--chdir", "/"]
    package_parent = str(Path(entitylocker.__file__).resolve().parent.parent)
    arguments += [
        "--clearenv",
        "--setenv",
        "PYTHONPATH",
        package_parent,
        "--setenv",
        "PYTHONDONTWRITEBYTECODE",
        "1",
    ]
    return [*arguments, "--setenv", "LANG", "C.UTF-8", "--"]


def _own_paths() -> list[Path]:
    """The interpreter, its libraries and this package, wherever they are installed."""
    package = Path(entitylocker.__file__).resolve().parent
    prefixes = dict.fromkeys([Path(sys.base_prefix), Path(sys.prefix), Path(sys.executable).resolve().parent.parent])
    return [*prefixes, package]

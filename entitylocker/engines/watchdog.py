"""Starts the engines, revives them, and stops them when whoever asked for them is gone.

Run as a file of its own, with the standard library only (`python -I -S watchdog.py HOME PARENT`), so that
it is up in a moment and stays small. It is told what to do by JSON lines on its standard input and answers
each on its standard output; the end of that input, or of its parent, means: stop everything, the last
started first, and end.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
LOOK_SECONDS = 0.25
SHORTEST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 8.0

_libc = ctypes.CDLL(None, use_errno=True)


def _call(function: Any, *arguments: Any) -> None:
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _become(uid: int, gid: int, capability: int | None) -> None:
    """Turn root into an unprivileged user, who keeps one capability at most."""
    if capability is not None:
        _call(_libc.prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if capability is not None:
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        mask = 1 << capability
        _call(_libc.capset, header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0))
        _call(_libc.prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


class Child:
    """One process: how it is started, how it is stopped, whether it is to be kept alive."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.keep = False
        self.pause = SHORTEST_PAUSE_SECONDS
        self.revive_at = 0.0
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        order = self.order
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.started = time.monotonic()
            process = subprocess.Popen(
                order["argv"],
                env=order["env"],
                cwd=order["cwd"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                preexec_fn=self._prepare,
            )
            assert process.stdin is not None
            with process.stdin as entrance:
                entrance.write(order["text"].encode())
            return process
        finally:
            os.close(log)

    def _prepare(self) -> None:
        if self.order["uid"] is not None:
            _become(self.order["uid"], self.order["gid"], self.order["capability"])
        # Last, because a change of user clears it: should even the watchdog be killed, its children end.
        _call(_libc.prctl, PR_SET_PDEATHSIG, int(self.order["orphan_signal"]), 0, 0, 0)

    def stop(self) -> None:
        """Send the signals of the order one after the other, each with its patience in seconds, then kill."""
        self.keep = False
        for number, patience in self.order["stop"]:
            if self._ended_within(number, patience):
                break
        else:
            # With all that it started: each child leads a group of its own.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for path in self.order["leavings"]:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def _ended_within(self, number: int, patience: float) -> bool:
        self.process.send_signal(number)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def revive(self) -> None:
        """Start again what ended by itself, waiting longer each time it does not last."""
        now = time.monotonic()
        if not self.keep or self.process.poll() is None:
            return
        if not self.revive_at:
            lasted = now - self.started
            self.pause = SHORTEST_PAUSE_SECONDS if lasted > 60 else min(self.pause * 2, LONGEST_PAUSE_SECONDS)
            self.revive_at = now + self.pause
        elif now >= self.revive_at:
            self.revive_at = 0.0
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                self.process = self._start()


class Watchdog:
    """The children by name, in the order of their start."""

    def __init__(self) -> None:
        self.children: dict[str, Child] = {}
        self.ending = False

    def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out one order and answer it; a fault of the system is the answer, not the end."""
        verb, name = order["do"], order["name"]
        if verb == "start":
            self.children[name] = Child(order)
            return {"pid": self.children[name].process.pid}
        child = self.children[name]
        if verb == "stop":
            child.stop()
            del self.children[name]
            return {}
        if verb == "keep":
            child.keep = True
        return {"pid": child.process.pid, "ended": child.process.poll()}

    def stop_all(self) -> None:
        for name in reversed(list(self.children)):
            self.children.pop(name).stop()

    def watch(self, parent: int) -> None:
        """Read orders until the input or the parent ends, or a signal asks for the end."""
        pending = b""
        while not self.ending and os.getppid() == parent:
            if select.select([0], [], [], LOOK_SECONDS)[0]:
                piece = os.read(0, 65536)
                if not piece:
                    return
                *lines, pending = (pending + piece).split(b"\n")
                for line in lines:
                    self._answer(line)
            for child in self.children.values():
                child.revive()

    def _answer(self, line: bytes) -> None:
        try:
            answer = self.obey(json.loads(line))
        except (OSError, KeyError, subprocess.SubprocessError) as fault:
            answer = {"fault": str(fault)}
        try:
            os.write(1, json.dumps(answer).encode() + b"\n")
        except OSError:
            # Nobody listens any more.
            self.ending = True


def main() -> None:
    """Watch until there is nobody left to watch for."""
    watchdog = Watchdog()

    def end(number: int, frame: object) -> None:
        watchdog.ending = number == signal.SIGTERM or watchdog.ending

    # Handlers, not SIG_IGN: what is ignored would be ignored by the engines as well.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        watchdog.watch(int(sys.argv[2]))
    finally:
        watchdog.stop_all()


if __name__ == "__main__":
    main()

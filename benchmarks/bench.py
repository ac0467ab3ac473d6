"""Where the measurements are made: a demo of its own with larger limits, and a clerk who sends and fetches files."""

from __future__ import annotations

import http.client
import io
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import pikepdf
import psutil

from entitylocker.cli.tour_person import Person
from entitylocker.config import Settings, load_settings
from tests.demo_process import DemoProcess

MIB = 1024 * 1024
FILE_SIZE = 64 * MIB
PIECE = 256 * 1024
_SETTINGS = {"ENTITYLOCKER_MAX_UPLOAD_BYTES": str(256 * MIB)}
_BOUNDARY = "----------------------------benchmark"
_CHECK_SECONDS = 300


class Clerk(Person):
    """The records officer, with a client that costs as little as possible beside what is measured."""

    def __init__(self, demo: DemoProcess) -> None:
        person = next(p for p in demo.facts["organisations"][0]["people"] if p["role"] == "records_officer")
        super().__init__(demo.facts["base_url"], person["email"], person["password"])
        self.host = urlsplit(demo.facts["base_url"]).netloc
        self.page = f"{demo.organisation_path}/documents"
        self.api = f"/api/v1{self.page}"
        # The token first: it becomes part of the cookie.
        token = self._token(self.page)["csrf_token"]
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies)
        self.headers = {"Cookie": cookies, "X-CSRFToken": token}

    def upload_headers(self, size: int) -> tuple[dict[str, str], bytes, bytes]:
        """The headers of an upload of `size` bytes, and what stands before and after the file."""
        name = 'Content-Disposition: form-data; name="title"\r\n\r\nMeasured'
        file = 'Content-Disposition: form-data; name="file"; filename="measured.pdf"\r\nContent-Type: application/pdf'
        before = f"--{_BOUNDARY}\r\n{name}\r\n--{_BOUNDARY}\r\n{file}\r\n\r\n".encode()
        after = f"\r\n--{_BOUNDARY}--\r\n".encode()
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        length = str(len(before) + size + len(after))
        return {**self.headers, "Content-Type": kind, "Content-Length": length}, before, after

    def send(self, content: bytes) -> str:
        """Upload over a connection of its own; answers the id of the document."""
        headers, before, after = self.upload_headers(len(content))
        view = memoryview(content)
        pieces: list[bytes | memoryview] = [view[start : start + PIECE] for start in range(0, len(content), PIECE)]
        connection = http.client.HTTPConnection(self.host, timeout=120)
        # A refusal comes while we still send; what it says is worth more than that the pipe broke.
        with suppress(BrokenPipeError):
            connection.request("POST", self.api, body=[before, *pieces, after], headers=headers)
        answer = connection.getresponse()
        location, words = answer.headers.get("Location", ""), answer.read(300)
        connection.close()
        if answer.status != 201:
            raise RuntimeError(f"the upload answered {answer.status}: {words!r}")
        return location.rsplit("/", 1)[-1]

    def fetch(self, path: str) -> int:
        """Fetch over a connection of its own and throw away; answers how many bytes came."""
        connection = http.client.HTTPConnection(self.host, timeout=120)
        connection.request("GET", path, headers=self.headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        size = drain(answer)
        connection.close()
        return size

    def await_verdict(self, document_id: str) -> None:
        """Wait until the background work for a document is done, so that it does not count for what follows."""
        deadline = time.monotonic() + _CHECK_SECONDS
        while self.get(f"{self.api}/{document_id}/report").json()["verdict"] == "checking":
            if time.monotonic() > deadline:
                raise RuntimeError("the check of a file did not come to its end")
            time.sleep(0.2)


class Bench:
    """What the measurements share; it is started when one asks for it. `say` is told what is being done."""

    def __init__(self, rounds: int, say: Callable[[str], None]) -> None:
        self.rounds = rounds
        self.say = say
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def place(self) -> Path:
        """A directory for everything, gone at the end."""
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="entitylocker-bench-")))

    @cached_property
    def demo(self) -> DemoProcess:
        """A demo on engines that force everything to the disk, as in earnest."""
        self.say("Starting a demo to measure")
        return self._stack.enter_context(DemoProcess(self.place / "home", settings=_SETTINGS))

    @cached_property
    def settings(self) -> Settings:
        return load_settings(self.demo.home, {})

    @cached_property
    def clerk(self) -> Clerk:
        return Clerk(self.demo)

    @cached_property
    def content(self) -> bytes:
        """A PDF of 64 MiB that no compression makes smaller."""
        pdf, target = pikepdf.new(), io.BytesIO()
        pdf.add_blank_page()
        pdf.Root.Measured = pdf.make_stream(os.urandom(FILE_SIZE))
        pdf.save(target, compress_streams=False)
        return target.getvalue()

    def web_processes(self) -> list[psutil.Process]:
        """The workers of the web part, without the process that keeps them."""
        found = [p for p in self.demo.descendants() if "entitylocker.app:application()" in p.cmdline()]
        return [process for process in found if process.parent() in found]

    def web_seconds(self) -> float:
        """Processor seconds that the web workers have used so far: what a busy machine changes least."""
        times = [process.cpu_times() for process in self.web_processes()]
        return float(sum(one.user + one.system for one in times))


def drain(source: http.client.HTTPResponse) -> int:
    """Read an answer into one buffer over and over; answers how many bytes it had."""
    buffer, size = bytearray(PIECE), 0
    while count := source.readinto(buffer):
        size += count
    return size


def timed(act: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began

"""`make test`: find or get a Chromium, then run every test. Says what it does, and what it could not do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def find_chromium() -> str | None:
    """The Chromium named by CHROMIUM, on the PATH, or downloaded by Playwright before."""
    named = os.environ.get("CHROMIUM")
    if named and Path(named).exists():
        return named
    on_path = next(filter(None, (shutil.which(name) for name in NAMES)), None)
    return on_path or _playwright_chromium()


def _playwright_chromium() -> str | None:
    ask = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=False).stdout.strip()
    return answer if answer and Path(answer).exists() else None


def get_chromium() -> str | None:
    """Install the distribution's Chromium where we may, else download Playwright's."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("No Chromium found: installing the distribution's (apt-get install chromium).")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False, stdout=subprocess.DEVNULL)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "chromium"], env=environment, check=False, stdout=subprocess.DEVNULL
        )
        if found := find_chromium():
            return found
    say("No Chromium found: downloading Playwright's.")
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    return find_chromium()


def main() -> int:
    """Run the tests; the exit code is the tests', or 1 where the browser's could not be run."""
    chromium = find_chromium() or get_chromium()
    arguments = [sys.executable, "-m", "pytest", *sys.argv[1:]]
    if chromium is None:
        code = subprocess.run([*arguments, "-m", "not browser"], check=False).returncode
        say("FAILED: no Chromium could be had, so the tests in the browser were not run.")
        return code or 1
    say(f"Testing with {chromium}")
    return subprocess.run(arguments, env={**os.environ, "CHROMIUM": chromium}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

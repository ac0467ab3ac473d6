"""An organisation's own sign-in through a certified OpenID provider of others, and what must not work with it."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests

from tests.demo_process import DemoProcess
from tests.programs import free_port

HERE = Path(__file__).parent
SLUG = "foreign-login"
SECONDS = 30
_FORM = re.compile(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]+)"')
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class Client:
    """This locker at the provider, known to both before either runs."""

    port: int
    client_id: str
    client_secret: str
    redirect_uri: str

    @property
    def issuer(self) -> str:
        """The provider."""
        return f"http://127.0.0.1:{self.port}"


def make_client(base_url: str) -> Client:
    """A registration of the locker at `base_url`."""
    return Client(free_port(), "entitylocker", secrets.token_urlsafe(24), f"{base_url}/sign-in/through/{SLUG}/back")


@contextmanager
def running_provider(node: str, client: Client) -> Iterator[None]:
    """The provider, in a process of its own, until the block ends."""
    program = subprocess.Popen(
        [node, "provider.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    try:
        assert program.stdin is not None and program.stdout is not None
        program.stdin.write(json.dumps({"port": client.port, "client_id": client.client_id,
                                        "client_secret": client.client_secret,
                                        "redirect_uri": client.redirect_uri}) + "\n")  # fmt: skip
        program.stdin.flush()
        assert json.loads(program.stdout.readline() or "{}").get("issuer") == client.issuer, (
            "the provider did not start"
        )
        yield
    finally:
        program.kill()
        program.wait()


class Browser:
    """A browser without scripts, at the locker and at the provider."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self.http = requests.Session()

    def get(self, address: str) -> requests.Response:
        """A page; nothing is followed."""
        return self.http.get(urljoin(self._base, address), timeout=SECONDS, allow_redirects=False)

    def send(self, path: str, page: str, **fields: str) -> requests.Response:
        """Send a form that stands on `page`."""
        shown = self.get(page)
        found = _TOKEN.search(shown.text)
        assert found is not None, f"no form on {page}: {shown.status_code}"
        form = {"csrf_token": found.group(1), **fields}
        return self.http.post(self._base + path, data=form, timeout=SECONDS, allow_redirects=False)

    def sign_in_here(self, person: dict[str, str]) -> None:
        """Sign in with an account of the locker."""
        answer = self.send("/sign-in", "/sign-in", email=person["email"], password=person["password"])
        assert answer.status_code == 303, f"signing in answered {answer.status_code}"

    def leave(self, path: str = f"/sign-in/through/{SLUG}") -> str:
        """Press the button that leads to the provider; answers where it leads."""
        answer = self.send(path, "/account/sign-ins" if path.startswith("/account") else path)
        assert answer.status_code == 200, f"{path} answered {answer.status_code}"
        return answer.headers["Refresh"].removeprefix("0; url=")

    def sign_in_there(self, address: str, name: str) -> str:
        """Sign in as `name` over there and say yes; answers to where one is sent back."""
        for _ in range(12):
            if address.startswith(self._base):
                return address
            answer = self.http.get(address, timeout=SECONDS, allow_redirects=False)
            if answer.status_code == 200:
                answer = self._fill_in(address, answer.text, name)
            address = urljoin(address, answer.headers.get("Location", ""))
        raise AssertionError(f"the provider leads nowhere: {address}")

    def _fill_in(self, address: str, page: str, name: str) -> requests.Response:
        """The one form that stands there: who one is, or whether the locker may know it."""
        form = _FORM.search(page)
        assert form is not None, page[:300]
        fields = dict(_HIDDEN.findall(form.group(2)))
        if fields.get("prompt") == "login":
            fields |= {"login": name, "password": "any"}
        return self.http.post(urljoin(address, form.group(1)), data=fields, timeout=SECONDS, allow_redirects=False)


def changed(address: str, **changes: str | None) -> str:
    """The address with other parameters; None takes one away."""
    parts = urlsplit(address)
    query = {**dict(parse_qsl(parts.query)), **changes}
    return parts._replace(query=urlencode({name: value for name, value in query.items() if value is not None})).geturl()


class Journey:
    """An administrator sets the provider up and connects their account; then whoever comes signs in."""

    def __init__(self, demo: DemoProcess, client: Client) -> None:
        self._base = demo.facts["base_url"]
        self._place = demo.organisation_path
        self._client = client
        people = demo.facts["organisations"][0]["people"]
        self._person = next(person for person in people if person["role"] == "administrator")
        self._administrator = demo.person("administrator")

    def set_up(self) -> None:
        """The administrator names the provider; it has to answer."""
        page = f"{self._place}/directory"
        self._administrator.post(
            f"{page}/providers", page,
            {"name": "Login of others", "slug": SLUG, "issuer": self._client.issuer,
             "client_id": self._client.client_id, "client_secret": self._client.client_secret},
        )  # fmt: skip

    def connect(self) -> None:
        """The administrator goes there, sees as whom they are known, and says yes."""
        browser = Browser(self._base)
        browser.sign_in_here(self._person)
        back = browser.sign_in_there(browser.leave(f"/account/sign-ins/{SLUG}/try"), "asha")
        confirm = browser.get(back).headers["Location"]
        assert "asha@corp.example.in" in browser.get(confirm).text, "it does not say as whom one is known there"
        said = browser.send("/account/sign-ins/confirm", confirm)
        assert said.status_code == 303, f"connecting answered {said.status_code}"

    def sign_in(self) -> None:
        """A fresh browser comes in, for this organisation and nothing else."""
        browser = Browser(self._base)
        answer = browser.get(browser.sign_in_there(browser.leave(), "asha"))
        assert answer.status_code == 303 and answer.headers["Location"].endswith(self._place), answer.status_code
        assert browser.get(self._place).status_code == 200
        assert browser.get("/account/sign-ins").status_code in (403, 404)

    def refuse_strangers(self) -> None:
        """Somebody the provider knows, but no account here."""
        browser = Browser(self._base)
        self._refused(browser, browser.get(browser.sign_in_there(browser.leave(), "somebody")), 403)

    def refuse_code_of_another_trip(self) -> None:
        """PKCE: the code of one browser, brought back by another one."""
        attacker, victim = Browser(self._base), Browser(self._base)
        stolen = dict(parse_qsl(urlsplit(attacker.sign_in_there(attacker.leave(), "asha")).query))["code"]
        mine = victim.sign_in_there(victim.leave(), "asha")
        self._refused(victim, victim.get(changed(mine, code=stolen)), 502)

    def refuse_another_challenge(self) -> None:
        """PKCE: a challenge to which nobody here has the answer; and none, which our answer does not fit."""
        for challenge in ("A" * 43, None):
            browser = Browser(self._base)
            method = None if challenge is None else "S256"
            there = changed(browser.leave(), code_challenge=challenge, code_challenge_method=method)
            self._refused(browser, browser.get(browser.sign_in_there(there, "asha")), 502)

    def refuse_another_nonce(self) -> None:
        """An ID token that was made for another request."""
        for nonce in ("of-somebody-else", None):
            browser = Browser(self._base)
            there = changed(browser.leave(), nonce=nonce)
            self._refused(browser, browser.get(browser.sign_in_there(there, "asha")), 502)

    def refuse_another_issuer(self) -> None:
        """RFC 9207: an answer that another provider gave, or that does not say who gave it."""
        for named in ("https://login.example.in", None):
            browser = Browser(self._base)
            back = browser.sign_in_there(browser.leave(), "asha")
            assert ("iss", self._client.issuer) in parse_qsl(urlsplit(back).query)
            self._refused(browser, browser.get(changed(back, iss=named)), 502)

    def refuse_another_state(self) -> None:
        """An answer that this browser did not ask for; and the same answer twice."""
        browser = Browser(self._base)
        back = browser.sign_in_there(browser.leave(), "asha")
        self._refused(Browser(self._base), Browser(self._base).get(back), 410)
        self._refused(browser, browser.get(changed(back, state="guessed")), 410)
        self._refused(browser, browser.get(back), 410)

    def end(self) -> None:
        """Ending the provider ends what it vouched for."""
        browser = Browser(self._base)
        browser.get(browser.sign_in_there(browser.leave(), "asha"))
        assert browser.get(self._place).status_code == 200
        page = f"{self._place}/directory"
        found = re.search(rf"{page}/providers/([0-9a-f-]+)/end", self._administrator.get(page).text)
        assert found is not None
        self._administrator.post(f"{page}/providers/{found.group(1)}/end", page, {})
        assert browser.get(self._place).status_code == 303
        assert browser.get(f"/sign-in/through/{SLUG}").status_code == 404

    def _refused(self, browser: Browser, answer: requests.Response, status: int) -> None:
        assert answer.status_code == status, f"answered {answer.status_code} instead of {status}"
        assert browser.get(self._place).status_code == 303, "somebody was signed in all the same"


def run(demo: DemoProcess, client: Client, tell: Callable[[str], None]) -> list[bool]:
    """Go through all of it; whether each part held."""
    journey = Journey(demo, client)
    parts: list[tuple[str, Callable[[], None]]] = [
        ("an organisation sets up a provider of others (oidc-provider)", journey.set_up),
        ("a member connects their account to it", journey.connect),
        ("and signs in through it, for that organisation only", journey.sign_in),
        ("somebody the provider knows and nobody here does is not let in", journey.refuse_strangers),
        ("a code of another browser is worth nothing (PKCE)", journey.refuse_code_of_another_trip),
        ("another challenge, or none, signs nobody in (PKCE)", journey.refuse_another_challenge),
        ("another nonce, or none, signs nobody in", journey.refuse_another_nonce),
        ("another issuer, or none, signs nobody in", journey.refuse_another_issuer),
        ("another state, none, or the same twice, signs nobody in", journey.refuse_another_state),
        ("ending the provider signs out whoever came through it", journey.end),
    ]
    held = []
    for name, part in parts:
        try:
            part()
            tell(f"ok     {name}")
            held.append(True)
        except Exception as fault:
            tell(f"FAILED {name}\n{type(fault).__name__}: {fault}")
            held.append(False)
    return held

"""The sample citizen locker against the published OpenAPI text: every operation called, every deviation known."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests

from tests.foreign.citizen_text import Text
from tests.sandbox.citizen import RunningLocker, citizen_locker
from tests.sandbox.citizen_application import Application

HERE = Path(__file__).parent
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
PAN = "in.sample.pan-PANCR-SAMPM0001J"

NOT_OFFERED = {
    "post /account/1/pushuri": "issuers put nothing into a citizen's sandbox locker",
    "post /account/2/verify": "removed in version 2.4",
    "get /oauth2/2/xml/eaadhaar": "an organisation has no reason to see e-Aadhaar data, and 3/xml/eaadhaar replaced it",
    "post /oauth2/1/code": "the device flow; not in version 2.4",
    "post /signup/1/demoauthverify": "takes Aadhaar numbers",
    "post /signup/2/demoauth": "takes Aadhaar numbers",
}

_SCOPE = "insufficient_scope is an answer of version 2.4"
_DATE_OF_BIRTH = "DDMMYYYY is text, as the same text has it for `user`: as a number 09031984 would lose its first digit"
_EAADHAAR = "`eaadhaar` in version 2.4 and in the text's own `user`; `eaadhar` is a slip"
_EMPTY = "a locker without documents has an empty list"
_FORM = "the text's own words allow a form; its schema names JSON alone"

# Each with its reason. One that is not found any more is a fault as well: then it has to go from here.
DEVIATIONS = {
    "get /oauth2/1/authorize": {
        "200: media type text/html is not in the text": "a page, as the text's own words say, with no token in it",
    },
    "post /oauth2/1/token": {
        "request: media type application/x-www-form-urlencoded is not in the text": _FORM,
        "200: dob is not of type integer": _DATE_OF_BIRTH,
        "200: body without eaadhar": _EAADHAAR,
    },
    "post /oauth2/1/revoke": {
        "request: media type application/x-www-form-urlencoded is not in the text": "version 2.4 sends a form",
    },
    "get /oauth2/1/user": {"403: not in the text": _SCOPE},
    "get /oauth2/1/files/": {"403: not in the text": _SCOPE},
    "get /oauth2/1/files/{id}": {
        "200: id is not of type integer": "text, as in the text's own list of the root; empty for a file",
        "403: not in the text": _SCOPE,
    },
    "get /oauth2/1/files/issued": {"403: not in the text": _SCOPE},
    "get /oauth2/2/files/issued": {
        "200: items is not of minItems 1": _EMPTY,
        "403: not in the text": _SCOPE,
        "530: not in the text": "trouble with repositories has status 530 in version 2.4",
    },
    "get /oauth2/1/file/{uri}": {"403: not in the text": _SCOPE},
    "get /oauth2/1/xml/{uri}": {"403: not in the text": _SCOPE},
    "post /oauth2/1/file/upload": {
        "request: media type application/pdf is not in the text": "`image/pdf` is a slip: no such type exists",
        "200: body without Path": "`path` in version 2.4",
        "403: not in the text": _SCOPE,
    },
    "post /statistics/1/counts": {
        f"200: body without {name}": "belongs to the lines of the two lists; the text has it twice"
        for name in ("id", "month", "year", "count")
    }
    | {
        f"200: {name} is not of type object": "a list, as the text's own words say"
        for name in ("monthwise_registations", "yearwise_authentic_documents")
    },
    "post /oauth2/1/pull/pulldocument": {"403: not in the text": _SCOPE},
}


class Caller:
    """Calls every operation, well and badly, and compares each exchange with the text."""

    def __init__(self, locker: RunningLocker, text: Text) -> None:
        self.locker, self.text = locker, text
        self.found: dict[str, set[str]] = defaultdict(set)
        self.statuses: dict[str, set[int]] = defaultdict(set)
        self.application = Application(locker)

    def compare(self, operation: str, answer: requests.Response, asked: Any = None) -> requests.Response:
        self.statuses[operation].add(answer.status_code)
        self.found[operation] |= set(self.text.deviations(operation, answer, asked))
        return answer

    def get(self, path: str, operation: str | None = None) -> requests.Response:
        return self.compare(operation or f"get /oauth2/{path}", self.application.get(path))

    def sign_in(self, person: str = "meera", **changes: str) -> None:
        self.application.sign_in(person, **changes)

    def without_token(self, call: Callable[[], object]) -> None:
        held, self.application.tokens = self.application.tokens, {"access_token": "0" * 40}
        call()
        self.application.tokens = held

    def call_all(self) -> None:
        for call in (
            self.authorize,
            self.tokens,
            self.profile,
            self.lists,
            self.bytes,
            self.uploads,
            self.hashed,
            self.pull,
        ):
            call()

    def authorize(self) -> None:
        url = self.application.url()
        self.compare("get /oauth2/1/authorize", requests.get(url, timeout=30))
        self.compare("get /oauth2/1/authorize", requests.get(url.replace(self.locker.client_id, "x"), timeout=30))

    def tokens(self) -> None:
        post, operation = self.application.post, "post /oauth2/1/token"
        form = self.application.code_form(self.application.ask()["code"])
        first = self.compare(operation, self._json("token", form), form).json()
        self.compare(operation, self._json("token", form), form)
        form = self.application.code_form(self.application.ask()["code"])
        first = self.compare(operation, post("oauth2/1/token", form), form).json()
        form = self.application.refresh_form(first["refresh_token"])
        second = self.compare(operation, self._json("token", form), form).json()
        self.locker.withdraw("meera")
        form = self.application.refresh_form(second["refresh_token"])
        self.compare(operation, self._json("token", form), form)
        self._revoke()

    def _revoke(self) -> None:
        operation, pair = "post /oauth2/1/revoke", (self.locker.client_id, self.locker.client_secret)
        self.sign_in()
        form = {"token": self.application.tokens["access_token"], "token_type_hint": "access_token"}
        self.compare(operation, self._json("revoke", form, auth=pair), form)
        self.sign_in()
        form = {"token": self.application.tokens["refresh_token"]}
        self.compare(operation, self.application.post("oauth2/1/revoke", form, auth=pair), form)
        form = {"token": "0" * 40}
        self.compare(operation, self._json("revoke", form, auth=pair), form)

    def _json(self, name: str, body: dict[str, str], **more: Any) -> requests.Response:
        return requests.post(f"{self.locker.base_url}/public/oauth2/1/{name}", json=body, timeout=30, **more)

    def profile(self) -> None:
        self.sign_in()
        self._in_all_ways(lambda: self.get("1/user"), "user")
        self.sign_in(scope="files.issueddocs")
        self.get("1/user")

    def lists(self) -> None:
        self.sign_in()
        self.application.upload(PNG, path="/Uploads/scan.png")
        folder = "get /oauth2/1/files/{id}"
        for call in (
            lambda: self.get("1/files/"),
            lambda: self.get("1/files/1", folder),
            lambda: self.get("1/files/issued"),
            lambda: self.get("2/files/issued"),
        ):
            self._in_all_ways(call, "list")
        self.get("1/files/2", folder)
        self.locker.faults.switch_on("error_530", "list", times=1)
        self.get("2/files/issued")
        self.sign_in("kiran")
        self.get("2/files/issued")
        self.sign_in(scope="userdetails")
        for path in ("1/files/", "1/files/issued", "2/files/issued"):
            self.get(path)
        self.get("1/files/1", folder)

    def bytes(self) -> None:
        for kind in ("file", "xml"):
            operation = f"get /oauth2/1/{kind}/{{uri}}"
            self.sign_in()
            self._in_all_ways(lambda kind=kind, operation=operation: self.get(f"1/{kind}/{PAN}", operation), "file")  # type: ignore[misc]
            self.get(f"1/{kind}/nothing", operation)
            self.get(f"1/{kind}/uri", operation)
            self.sign_in(scope="userdetails")
            self.get(f"1/{kind}/{PAN}", operation)
        self.sign_in()
        self.get("1/file/in.gov.digilocker-OTHER-Uploads_scan.png", "get /oauth2/1/file/{uri}")

    def uploads(self) -> None:
        self.sign_in("zoya")
        operation, upload = "post /oauth2/1/file/upload", self.application.upload
        self._in_all_ways(lambda: self.compare(operation, upload(PNG), PNG), "upload")
        self.compare(
            operation, upload(b"%PDF-1.7", **{"Content-Type": "application/pdf", "path": "/a.pdf"}), b"%PDF-1.7"
        )
        for changes in ({"path": None}, {"hmac": None}, {"hmac": "AAAA"}, {"path": "/x/"}, {"path": "/x/a.png"}):
            self.compare(operation, upload(PNG, **changes), PNG)
        self.sign_in("zoya", scope="userdetails")
        self.compare(operation, upload(PNG), PNG)

    def hashed(self) -> None:
        orgid = self._hashed("oauth2/1/pull/issuers", "clientid", "ts").json()["issuers"][0]["orgid"]
        self._hashed("oauth2/1/pull/doctype", "clientid", "orgid", "ts", orgid=orgid)
        self._hashed("oauth2/1/pull/parameters", "clientid", "orgid", "doctype", "ts", orgid=orgid, doctype="INCER")
        self._hashed("statistics/1/counts", "clientid", "ts", as_parts=True)

    def _hashed(self, path: str, *names: str, as_parts: bool = False, **fields: str) -> requests.Response:
        form = {"clientid": self.locker.client_id, "ts": str(int(self.locker.now())), **fields}
        text = self.locker.client_secret + "".join(form[name] for name in names)
        form["hmac"] = hashlib.sha256(text.encode()).hexdigest()

        def send(**changes: str) -> requests.Response:
            sent = {**form, **changes}
            body = {"files": {name: (None, value) for name, value in sent.items()}} if as_parts else {"data": sent}
            answer = requests.post(f"{self.locker.base_url}/public/{path}", timeout=30, **body)  # type: ignore[arg-type]
            return self.compare(f"post /{path}", answer, sent)

        send(hmac="0" * 64)
        send(clientid="nobody")
        self.locker.faults.switch_on("error", "pull", times=1)
        send()
        return send()

    def pull(self) -> None:
        self.sign_in("aarav")
        issuers = self._hashed("oauth2/1/pull/issuers", "clientid", "ts").json()["issuers"]
        wanted = {"orgid": issuers[0]["orgid"], "doctype": "INCER", "consent": "Y", "doc_no": "INC-2026-0100"}

        def send(**changes: str) -> requests.Response:
            sent = {**wanted, **changes}
            bearer = {"Authorization": f"Bearer {self.application.tokens['access_token']}"}
            answer = self.application.post("oauth2/1/pull/pulldocument", sent, headers=bearer)
            return self.compare("post /oauth2/1/pull/pulldocument", answer, sent)

        self._in_all_ways(send, "pull")
        for changes in ({}, {"doc_no": "0"}, {"orgid": "0"}, {"doctype": "X"}):
            send(**changes)
        self.sign_in("aarav", scope="userdetails")
        send()

    def _in_all_ways(self, call: Callable[[], object], name: str) -> None:
        """As it should be, without a token that works, and with the locker in trouble."""
        call()
        self.without_token(call)
        self.locker.faults.switch_on("error", name, times=1)
        call()


def check(text: Text) -> Iterator[tuple[bool, str, str]]:
    """For each operation of the text: whether it is as it is known to be, a line about it, and what is new."""
    with citizen_locker() as locker:
        caller = Caller(locker, text)
        caller.call_all()
    for operation in text.operations():
        known = set(DEVIATIONS.get(operation, {}))
        found = caller.found.get(operation)
        if found is None:
            reason = NOT_OFFERED.get(operation)
            yield reason is not None, f"{operation}: not offered", reason or "nobody called it"
            continue
        why = [f"new: {one}" for one in sorted(found - known)] + [f"gone: {one}" for one in sorted(known - found)]
        statuses = ", ".join(map(str, sorted(caller.statuses[operation])))
        how = f"{len(known)} known deviations" if known else "as in the text"
        yield not why and operation not in NOT_OFFERED, f"{operation} ({statuses}): {how}", "\n".join(why)


def run(say: Callable[[str], None]) -> list[bool]:
    """Compare, and say a line for each operation; whether each is as it is known to be."""
    held = []
    for is_fine, line, why in check(Text(HERE)):
        held.append(is_fine)
        say(f"{'ok    ' if is_fine else 'FAILED'} {line}")
        if not is_fine:
            say(why)
    deviate = len(DEVIATIONS)
    conform = len(held) - deviate - len(NOT_OFFERED)
    say(f"Citizen locker: {conform} operations as in the published text, {deviate} with known deviations, "
        f"{len(NOT_OFFERED)} not offered")  # fmt: skip
    return held

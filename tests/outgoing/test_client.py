"""The guarded client against servers that do everything wrong: it comes back in time, with a name for what happened."""

from __future__ import annotations

import gzip
import ssl
import threading
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from entitylocker.outgoing import (
    AddressRefused,
    BadAnswer,
    CertificateRefused,
    Hosts,
    Limits,
    NotPublic,
    Outgoing,
    OutgoingError,
    TooLarge,
    TooSlow,
    UnknownHost,
    Unreachable,
)
from tests.outgoing.servers import Behaviour, Server, answer, dripping, make_certificate, pouring, saying, serving

QUICK = Limits(connect_seconds=0.5, total_seconds=0.6, max_bytes=100_000, redirects=2)
LOOPBACK = ip_address("127.0.0.1")
MIB = 1024 * 1024


def outgoing(*servers: Server, tls: ssl.SSLContext | None = None) -> Outgoing:
    """A client that may call `ca.test` at the ports of `servers`; every name is loopback for it."""
    hosts = Hosts.parse(",".join(f"ca.test:{server.port}" for server in servers))
    return Outgoing(hosts, tls=tls, resolver=lambda *_: [LOOPBACK])


def url_of(server: Server, path: str = "/list.crl", scheme: str = "http") -> str:
    return f"{scheme}://ca.test:{server.port}{path}"


def test_what_is_there_comes_back_and_little_is_said_about_us() -> None:
    with serving(saying(answer(b"list", "Content-Type: application/PKIX-crl; x=y", "Set-Cookie: a=b"))) as server:
        got = outgoing(server).get(url_of(server, "/list.crl?x=1"), accept="application/pkix-crl")
    assert (got.body, got.content_type) == (b"list", "application/pkix-crl")
    lines = set(server.requests[0].decode().split("\r\n"))
    assert lines == {
        "GET /list.crl?x=1 HTTP/1.1", f"Host: ca.test:{server.port}", "User-Agent: EntityLocker",
        "Accept-Encoding: identity", "Connection: close", "Accept: application/pkix-crl", "",
    }  # fmt: skip


def test_a_question_is_posted_whole() -> None:
    with serving(saying(answer(b"good"))) as server:
        got = outgoing(server).post(url_of(server), b"question", content_type="application/ocsp-request")
    assert got.body == b"good"
    assert b"Content-Type: application/ocsp-request\r\n" in server.requests[0]
    assert b"Content-Length: 8\r\n" in server.requests[0]


def test_a_name_is_looked_up_once_and_only_that_address_is_called(no_connections: list[Any]) -> None:
    answers = [[ip_address("93.184.215.14")], [LOOPBACK], [LOOPBACK]]
    with pytest.raises(Unreachable):
        Outgoing(resolver=lambda *_: answers.pop(0)).get("http://rebinding.example.in/list.crl")
    assert no_connections == [("93.184.215.14", 80)]
    assert len(answers) == 2


def test_of_many_addresses_few_are_tried(no_connections: list[Any]) -> None:
    many = [ip_address(f"93.184.215.{number}") for number in range(1, 200)]
    with pytest.raises(Unreachable):
        Outgoing(resolver=lambda *_: many).get("http://many.example.in/")
    assert len(no_connections) == 4


def test_a_name_that_nobody_has_and_a_resolver_that_never_answers() -> None:
    with pytest.raises(UnknownHost):
        Outgoing(resolver=lambda *_: []).get("http://nobody.example.in/")
    with pytest.raises(UnknownHost):
        Outgoing().get("http://nobody.invalid/", Limits(total_seconds=30))
    never = threading.Event()
    with pytest.raises(TooSlow):
        Outgoing(resolver=lambda *_: [LOOPBACK] * never.wait(30)).get("http://slow.example.in/", QUICK)
    never.set()


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("http://127.0.0.1/", NotPublic),
        ("http://localhost/latest/meta-data/", NotPublic),
        ("//ca.test/", NotPublic),
        ("http://ca.test:{other}/", AddressRefused),
        ("http://2130706433:{other}/", AddressRefused),
        ("http://user@ca.test/", AddressRefused),
        ("file:///etc/passwd", AddressRefused),
        ("http://[::1/", BadAnswer),
    ],
)
def test_a_redirect_is_checked_as_the_first_address_was(place: str, error: type[OutgoingError]) -> None:
    with serving(saying(answer(b"secret"))) as other:
        moved = answer(b"", f"Location: {place.format(other=other.port)}", status="302 Found")
        with serving(saying(moved)) as server, pytest.raises(error):
            outgoing(server).get(url_of(server), QUICK)
    assert other.requests == []


def test_redirects_are_followed_twice_at_most_without_cookies_and_never_for_a_question() -> None:
    def moving(connection: Any, request: bytes) -> None:
        step = int(request.split(b" ")[1][1:])
        moved = answer(b"", f"Location: /{step - 1}", "Set-Cookie: a=b; Path=/", status="301 Moved Permanently")
        connection.sendall(moved if step else answer(b"there"))

    with serving(moving) as server:
        client = outgoing(server)
        assert client.get(url_of(server, "/2"), QUICK).body == b"there"
        assert not [request for request in server.requests if b"cookie" in request.lower()]
        for path, limits in (("/3", QUICK), ("/1", Limits())):
            with pytest.raises(BadAnswer):
                client.get(url_of(server, path), limits)
        asked = len(server.requests)
        with pytest.raises(BadAnswer):
            client.post(url_of(server, "/1"), b"?", QUICK, content_type="text/plain")
        assert len(server.requests) == asked + 1


@pytest.mark.parametrize(
    "behaviour",
    [
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n", b"x"),
        dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        dripping(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        dripping(b"", b"H"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1", b"0"),
    ],
    ids=["body", "body-without-length", "header", "status", "continue", "chunks", "chunk-size"],
)
def test_a_server_that_drips_is_cut_off(behaviour: Behaviour) -> None:
    with serving(behaviour) as server:
        began = time.monotonic()
        with pytest.raises(TooSlow):
            outgoing(server).get(url_of(server), QUICK)
        assert time.monotonic() - began < 3


def test_a_server_that_never_shakes_hands_is_cut_off(tmp_path: Path) -> None:
    _, client = make_certificate(tmp_path, "ca.test")
    with serving(saying(b"")) as server, pytest.raises(TooSlow):
        outgoing(server, tls=client).get(url_of(server, scheme="https"), QUICK)


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (pouring(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536), TooLarge),
        (
            pouring(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b"x" * 32768 + b"\r\n"),
            TooLarge,
        ),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n"), TooLarge),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"), TooLarge),
        (saying(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 65 + b"Content-Length: 0\r\n\r\n"), TooLarge),
        (saying(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 40000 + b"\r\nContent-Length: 0\r\n\r\n"), TooLarge),
        (pouring(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), Unreachable),
        (pouring(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 65536), Unreachable),
        (saying(answer(gzip.compress(bytes(50 * MIB)), "Content-Encoding: gzip")), BadAnswer),
        (saying(answer(b"x", "Content-Encoding: br, gzip")), BadAnswer),
        (saying(answer(b"no", status="404 Not Found")), BadAnswer),
        (saying(answer(b"", status="204 No Content")), BadAnswer),
        (saying(answer(b"", status="302 Found")), BadAnswer),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort"), Unreachable),
        (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Unreachable),
        (saying(b"SSH-2.0-OpenSSH\r\n"), Unreachable),
        (saying(b"HTTP/1.1 2OO OK\r\n\r\n"), Unreachable),
        (saying(b""), Unreachable),
    ],
    ids=lambda value: None if callable(value) else value.__name__,
)
def test_too_much_and_nonsense_are_refused_by_name(behaviour: Behaviour, error: type[OutgoingError]) -> None:
    with serving(behaviour) as server, pytest.raises(error):
        outgoing(server).get(url_of(server), Limits(total_seconds=10, max_bytes=100_000))


def test_exactly_as_much_as_is_taken_is_taken() -> None:
    with serving(saying(answer(b"x" * 100_000))) as server:
        assert len(outgoing(server).get(url_of(server), Limits(max_bytes=100_000)).body) == 100_000


def test_nobody_listens() -> None:
    with serving(saying(b"")) as server:
        pass
    with pytest.raises(Unreachable):
        outgoing(server).get(url_of(server), QUICK)


def test_a_server_has_to_show_that_it_is_the_one_that_was_named(tmp_path: Path) -> None:
    rightful, trusting = make_certificate(tmp_path, "ca.test")
    wrong, trusting_wrong = make_certificate(tmp_path, "other.test")
    asked: list[str | None] = []
    rightful.sni_callback = lambda _socket, name, _context: asked.append(name)
    with serving(saying(answer(b"list")), rightful) as server:
        url = url_of(server, scheme="https")
        assert outgoing(server, tls=trusting).get(url).body == b"list"
        assert asked == ["ca.test"]
        with pytest.raises(CertificateRefused):
            outgoing(server).get(url)
    with serving(saying(answer(b"list")), wrong) as server, pytest.raises(CertificateRefused):
        outgoing(server, tls=trusting_wrong).get(url_of(server, scheme="https"))


def test_a_redirect_never_leaves_https(tmp_path: Path) -> None:
    rightful, trusting = make_certificate(tmp_path, "ca.test")
    with serving(saying(answer(b"plain"))) as plain:
        moved = answer(b"", f"Location: {url_of(plain)}", status="302 Found")
        with serving(saying(moved), rightful) as server, pytest.raises(BadAnswer):
            outgoing(server, plain, tls=trusting).get(url_of(server, scheme="https"), QUICK)
    assert plain.requests == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(saying(answer(b"proxied"))) as proxy, serving(saying(answer(b"direct"))) as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert outgoing(server).get(url_of(server)).body == b"direct"
    assert proxy.requests == []


def test_no_thread_and_no_connection_stays_behind() -> None:
    before = threading.active_count()
    with serving(saying(answer(b"x"))) as server:
        client = outgoing(server)
        for _ in range(20):
            client.get(url_of(server))
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert threading.active_count() <= before


def test_what_the_other_side_says_does_not_travel_in_the_error() -> None:
    with serving(saying(b"HTTP/1.1 500 <script>secret</script>\r\n\r\n")) as server, pytest.raises(BadAnswer) as caught:
        outgoing(server).get(url_of(server))
    assert caught.value.text() == "The server gave no usable answer (status_500)."


def test_a_call_carries_its_own_credentials_reads_the_answers_it_wants_and_follows_nothing() -> None:
    body, json = b'{"error":"invalid_grant"}', "Content-Type: application/json"
    refused = answer(body, json, "hmac: x", status="400 Bad Request")
    with serving(saying(refused)) as server:
        headers = {"Authorization": "Bearer secret"}
        client, url = outgoing(server), url_of(server)
        got = client.call("POST", url, b"a=b", headers=headers, statuses=frozenset({200, 400}), keep=("hmac", "x-none"))
        assert (got.status, got.body, got.headers) == (400, b'{"error":"invalid_grant"}', {"hmac": "x"})
        assert b"Authorization: Bearer secret" in server.requests[0]
        with pytest.raises(BadAnswer, match="status_400"):
            client.call("GET", url, headers=headers)
    moved = answer(b"", "Location: http://ca.test/elsewhere", status="302 Found")
    with serving(saying(moved)) as server, pytest.raises(BadAnswer, match="redirects"):
        outgoing(server).call("GET", url_of(server), headers=headers, limits=Limits(redirects=5))

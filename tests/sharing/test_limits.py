"""How much strangers may ask: counted over processes, never at the cost of members."""

from __future__ import annotations

import dataclasses
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from entitylocker.app import create_app
from entitylocker.config import Settings
from entitylocker.sharing import limits, turns
from entitylocker.sharing.errors import ChecksBusy
from entitylocker.sharing.limits import visitor_network
from entitylocker.sharing.turns import AT_ONCE, AT_ONCE_EACH, HELD_BYTES, Guests, guests
from tests.sharing.helpers import Keeper, Visitor, new_address
from tests.vault.helpers import PLAIN_PDF, code_of, text_of


def test_a_network_gets_ten_a_minute_over_all_processes_page_and_api_together(app: Flask, settings: Settings) -> None:
    address = new_address()
    processes = [Visitor(app, address), Visitor(create_app(settings), address)]
    # Refused ones count, too, and are quick.
    for number in range(10):
        sent = processes[number % 2].send(b"", to="/check" if number % 3 else "/api/v1/check")
        assert sent.status_code == 422, number
    for visitor in processes:
        page, api = visitor.send(PLAIN_PDF), visitor.send(PLAIN_PDF, to="/api/v1/check")
        assert (page.status_code, api.status_code) == (429, 429)
        assert "Too many requests came from your network" in text_of(page)
        assert code_of(api) == "too_many_checks"
        assert 0 < int(page.headers["Retry-After"]) <= 60
    assert processes[0].client.get("/check").status_code == 200, "the form itself is not limited"
    assert Visitor(app).send(b"").status_code == 422, "others are not"


def test_a_flood_from_many_networks_is_sent_away(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHECKS_OF_ALL", "1 per minute")
    Visitor(app).send(b"")
    refused = Visitor(app).send(PLAIN_PDF)
    assert (refused.status_code, code_of(refused)) == (503, "checks_busy")
    assert Visitor(app).client.get("/check").status_code == 200


def test_one_network_cannot_use_up_what_all_have_together(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHECKS_OF_ALL", "12 per minute")
    flooder = Visitor(app)
    for _ in range(30):
        flooder.send(b"")
    assert Visitor(app).send(b"").status_code == 422, "what is refused to one network counts against everybody"


def test_codes_are_limited_so_that_nobody_tries_them_all(visitor: Visitor) -> None:
    answers = [visitor.look("0000-0000-0000-0000").status_code for _ in range(61)]
    assert answers == [404] * 60 + [429]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_an_ipv6_connection_counts_as_one(app: Flask, address: str, network: str) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert visitor_network() == network


@contextmanager
def _turn_taken(settings: Settings) -> Iterator[None]:
    """As if another process of this machine were checking a stranger's file."""
    descriptor = os.open(settings.home / "run" / "public-check.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def test_while_one_is_checked_others_wait_a_while_and_members_do_not(
    visitor: Visitor, keeper: Keeper, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns.turn.__wrapped__, "__defaults__", (0.2,))  # type: ignore[attr-defined]
    with _turn_taken(settings):
        refused = visitor.send(PLAIN_PDF)
        assert (refused.status_code, code_of(refused)) == (503, "checks_busy")
        assert int(refused.headers["Retry-After"]) >= 30
        assert "Yours was not checked" in text_of(refused)
        stored = keeper.sender.deposit(PLAIN_PDF + b"% another")
        assert keeper.sender.check(stored["document_id"]) == "not_checkable"
    assert visitor.send(PLAIN_PDF).status_code == 200


def test_one_turn_at_a_time_and_none_is_lost(app: Flask) -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def go() -> None:
        nonlocal running, most
        with app.app_context(), turns.turn(30):
            with lock:
                running += 1
                most = max(most, running)
            with lock:
                running -= 1

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (running, most) == (0, 1)


def test_what_is_held_in_memory_is_bounded() -> None:
    crowd = Guests()
    with crowd.receive("a", 1), crowd.receive("a", 1):
        with pytest.raises(ChecksBusy), crowd.receive("a", 1):
            pass
        with pytest.raises(ChecksBusy), crowd.receive("b", HELD_BYTES):
            pass
        with crowd.receive("b", HELD_BYTES - 2):
            pass
    rooms = [crowd.receive(str(number), 1) for number in range(AT_ONCE)]
    for room in rooms:
        room.__enter__()
    with pytest.raises(ChecksBusy), crowd.receive("one more", 1):
        pass
    for room in rooms:
        room.__exit__(None, None, None)
    assert AT_ONCE_EACH < AT_ONCE
    with crowd.receive("a", HELD_BYTES):
        pass


def test_a_network_that_holds_its_places_is_told_to_wait(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        places = [guests().receive(visitor.address, 1) for _ in range(AT_ONCE_EACH)]
        for place in places:
            place.__enter__()
        try:
            assert visitor.send(PLAIN_PDF).status_code == 503
            assert Visitor(app).send(b"").status_code == 422
        finally:
            for place in places:
                place.__exit__(None, None, None)
    assert visitor.send(PLAIN_PDF).status_code == 200


def test_without_a_checker_one_is_told_so(settings: Settings, tmp_path: Path) -> None:
    alone = Visitor(create_app(dataclasses.replace(settings, checker_socket=str(tmp_path / "nobody.sock"))))
    answer = alone.send(PLAIN_PDF)
    assert (answer.status_code, code_of(answer)) == (503, "checker_silent")
    assert int(answer.headers["Retry-After"]) > 0

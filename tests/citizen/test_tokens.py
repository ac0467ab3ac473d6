"""Refreshing a token: once, by one at a time, with no transaction open, whatever happens on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from entitylocker import tenancy
from entitylocker.citizen import tokens
from entitylocker.citizen.adapters import DigiLocker, Tokens
from entitylocker.citizen.errors import LinkBroken, LockerUnavailable
from entitylocker.citizen.linking import end_link
from entitylocker.citizen.models import CitizenLink
from entitylocker.citizen.revoking import revoke_waiting
from entitylocker.citizen.tokens import hold_token
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import NoTransaction, Tenant
from tests.citizen.house import Citizens
from tests.factories import Person


@pytest.fixture
def old(citizens: Citizens) -> Old:
    return Old(citizens)


class Old:
    """A person whose link has an access token that is over."""

    def __init__(self, citizens: Citizens) -> None:
        citizens.fresh_citizen("meera")
        self.citizens, self.person = citizens, citizens.organisations.person()
        self.link = citizens.link(self.person)
        self.set(tokens_expire_at=utc_now() - timedelta(seconds=1))

    def set(self, **values: Any) -> None:
        with self.citizens.app.app_context(), tenancy.transaction(Tenant(person_id=self.person.person_id)):
            db.session.execute(update(CitizenLink).where(CitizenLink.id == self.link.id).values(**values))

    def row(self) -> CitizenLink:
        found: CitizenLink = self.citizens.rows(self.person, CitizenLink)[0]
        return found

    def hold(self, refused: str | None = None) -> str:
        """A good token, as any page or job asks for one."""
        with self.citizens.app.test_request_context():
            return hold_token(_actor(self.person), self.link.id, refused)[1]

    def counted(self, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None] = lambda: None) -> list[Tokens]:
        """What refreshes bring from now on; `meanwhile` happens while the locker is asked."""
        plain, brought = DigiLocker.refresh, []

        def refresh(self: DigiLocker, token: str) -> Tokens:
            meanwhile()
            found = plain(self, token)
            brought.append(found)
            return found

        monkeypatch.setattr(DigiLocker, "refresh", refresh)
        return brought

    def answers(self, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return self.citizens.one.app.test_client().get("/public/oauth2/1/user", headers=headers).status_code


def _actor(person: Person) -> Any:
    return Person.actor.fget(person)  # type: ignore[attr-defined]


def test_no_transaction_is_open_while_the_locker_is_asked(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ones: list[bool] = []

    def look() -> None:
        try:
            tenancy.current()
            open_ones.append(True)
        except NoTransaction:
            open_ones.append(False)

    old.counted(monkeypatch, look)
    assert old.answers(old.hold()) == 200
    assert open_ones == [False]


def test_two_at_once_use_the_refresh_token_once_and_get_the_same(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the locker ends everything that came of it (RFC 9700 section 4.14.2)."""
    both, looked = threading.Barrier(2, timeout=20), threading.local()
    plain_look, got = tokens._look, []

    def look(*arguments: Any) -> Any:
        """Nobody goes on before both have looked once."""
        held = plain_look(*arguments)
        if not hasattr(looked, "once"):
            looked.once = True
            both.wait()
        return held

    brought = old.counted(monkeypatch)
    monkeypatch.setattr(tokens, "_look", look)
    threads = [threading.Thread(target=lambda: got.append(old.hold())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(brought) == 1 and got == [brought[0].access_token] * 2
    assert old.answers(got[0]) == 200 and old.row().broken_at is None


def test_whoever_took_the_turn_and_died_stands_in_nobodys_way_for_long(
    old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_LOOKS", 2)
    old.set(refresh_id=uuid4(), refreshing_until=utc_now() + timedelta(seconds=20))
    with pytest.raises(LockerUnavailable):
        old.hold()
    old.set(refreshing_until=utc_now() - timedelta(seconds=1))
    assert old.answers(old.hold()) == 200
    assert (old.row().refresh_id, old.row().refreshing_until) == (None, None)


def test_whoever_comes_too_late_writes_nothing_over_what_is_newer(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stale worker's tokens are given back, and the link goes on with what it has."""
    taken_over: list[str] = []

    def overtake() -> None:
        if not taken_over:
            taken_over.append("")
            old.set(refresh_id=uuid4(), tokens_expire_at=utc_now() + timedelta(hours=1))

    brought = old.counted(monkeypatch, overtake)
    before = old.row().sealed_tokens
    old.hold()
    assert old.row().sealed_tokens == before and old.row().broken_at is None
    old.citizens.do(revoke_waiting)
    assert [old.answers(found.access_token) for found in brought] == [401]


def test_a_link_that_ends_while_its_token_is_refreshed_leaves_no_token_behind(
    old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = old.counted(monkeypatch, lambda: end_link(_actor(old.person), old.link.id))
    with pytest.raises(NotFound):
        old.hold()
    assert old.citizens.rows(old.person, CitizenLink) == []
    old.citizens.do(revoke_waiting)
    assert [old.answers(found.access_token) for found in brought] == [401]


def test_a_locker_that_does_not_answer_leaves_the_turn_to_the_next(old: Old) -> None:
    old.citizens.one.faults.switch_on("error", "token", times=1)
    with pytest.raises(LockerUnavailable):
        old.hold()
    assert old.row().refresh_id is None and old.row().broken_at is None
    assert old.answers(old.hold()) == 200


@pytest.mark.parametrize("reason", ["refused", "no refresh token"])
def test_without_a_token_to_refresh_with_the_link_is_to_be_made_again(
    old: Old, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    if reason == "refused":
        old.citizens.one.withdraw("meera")
    else:
        kept = tokens.unseal

        def without(*arguments: Any) -> Any:
            return tokens.KeptTokens(kept(*arguments).access_token)

        monkeypatch.setattr(tokens, "unseal", without)
    with pytest.raises(LinkBroken):
        old.hold()
    row = old.row()
    assert row.broken_at is not None and row.refresh_id is None


def test_a_token_that_two_saw_refused_is_refreshed_once(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    brought = old.counted(monkeypatch)
    first = old.hold()
    second = old.hold(refused=first)
    assert second != first and old.hold(refused=first) == second
    assert len(brought) == 2

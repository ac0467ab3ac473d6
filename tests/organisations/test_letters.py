"""Order letters in the store: never lost while a row names them, removed when none does."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from entitylocker import tenancy
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.organisations import registration, service
from entitylocker.organisations.letter_jobs import sweep_letters
from entitylocker.organisations.letters import PREFIX, Letter
from entitylocker.web.engine_room import engines
from tests.factories import Organisations, Person, next_pan

PDF = b"%PDF-1.7\nan order\n%%EOF"


class _ConnectionLost(OperationalError):
    def __init__(self) -> None:
        super().__init__("COMMIT", {}, Exception("server closed the connection unexpectedly"))


def _register(person: Person) -> UUID:
    return service.register_organisation(
        person.actor, name="Lost and Found Limited", kind=OrganisationKind.COMPANY,
        identifier_kind=IdentifierKind.PAN, identifier=next_pan(), letter=Letter("order.pdf", io.BytesIO(PDF)),
    )  # fmt: skip


def _keys() -> set[str]:
    return {item.key for item in engines().documents.objects.list_keys(prefix=PREFIX)}


def test_a_letter_stays_when_the_answer_to_its_commit_was_lost(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, operator = organisations.person(), organisations.operator()
    session: Any = tenancy._session
    commit = session.commit

    def commit_and_lose_the_answer() -> None:
        commit()
        raise _ConnectionLost

    with app.test_request_context():
        with monkeypatch.context() as lost:
            lost.setattr(session, "commit", commit_and_lose_the_answer)
            with pytest.raises(OperationalError):
                _register(person)
        (mine,) = service.list_my_organisations(person.person_id)
        (pending,) = [
            found for found in service.list_pending_identifiers(operator)
            if found.organisation_id == mine.organisation_id
        ]  # fmt: skip
        sweep_letters(grace_seconds=0.0)
        letter = service.open_letter(operator, pending.id)
        assert b"".join(letter.pieces) == PDF


def test_a_letter_that_no_row_names_is_swept_away_and_one_that_was_refused_at_once(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = organisations.person()

    def fault(*_arguments: object) -> None:
        raise RuntimeError("before the commit")

    def refuse(*_arguments: object) -> None:
        raise tenancy.LockerError

    with app.test_request_context():
        before = _keys()
        for act, left in ((refuse, 0), (fault, 1)):
            with monkeypatch.context() as broken:
                broken.setattr(registration, "_register", act)
                with pytest.raises((RuntimeError, tenancy.LockerError)):
                    _register(person)
            assert len(_keys() - before) == left
        sweep_letters()
        assert len(_keys() - before) == 1, "it is young: its commit may still be to come"
        sweep_letters(grace_seconds=0.0)
        assert not _keys() - before

"""A practice organisation for trainings: a seat and a slip for each officer who takes part. All names are invented."""

from __future__ import annotations

import io
import itertools
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask

from entitylocker.access import Actor, ActorKind, Means, Role
from entitylocker.accounts.service import add_person
from entitylocker.cli.slips_file import write_slips
from entitylocker.config import Settings, write_private
from entitylocker.delegations import service as delegations
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.organisations import service as organisations
from entitylocker.organisations.states import InvitationWay
from entitylocker.sandbox.papers import TestAuthority, make_paper

PRACTICE_FILE = "practice.json"
SLIPS_FILE = "practice-slips.html"
NAME = "Department for Practice"
TRAINER = ("Tara Trainer", "trainer@practice.example")
_FIRST = ("Asha", "Ravi", "Meena", "Suresh", "Lata", "Mohan", "Sunita", "Vikram", "Anjali", "Deepak", "Kavita", "Imran")
_LAST = ("Rao", "Kumar", "Kulkarni", "Pawar", "Deshmukh", "Sharma", "Patil", "Khan", "Singh", "Kaur", "Iyer", "Das")
_OPERATOR = Actor(kind=ActorKind.OPERATOR, means=Means.COMMAND, name="entitylocker demo")


def prepare_practice(app: Flask, settings: Settings, seats: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Let there be `seats` open slips in the practice organisation, and write them to a file to be printed.

    Repeatable: slips that nobody used stay, used and expired ones are replaced by new ones.
    """
    with app.test_request_context(base_url=settings.base_url):
        kept = _find(settings) or _open(settings, say)
        trainer = delegations.load_member(UUID(kept["person_id"]), None, UUID(kept["organisation_id"]))
        assert trainer is not None, "the trainer administers the practice organisation"
        _fill(trainer, seats, say)
        slips = organisations.print_slips(trainer)[:seats]
        path = settings.home / SLIPS_FILE
        write_slips(app, path, slips)
    facts = {"organisation_id": kept["organisation_id"], "seats": len(slips), "slips_file": str(path)}
    return {**facts, "trainer": {"email": kept["email"], "password": kept["password"]}}


def _path(settings: Settings) -> Path:
    return settings.home / "secrets" / PRACTICE_FILE


def _find(settings: Settings) -> dict[str, str] | None:
    path = _path(settings)
    found: dict[str, str] | None = json.loads(path.read_text("utf-8")) if path.exists() else None
    return found


def _open(settings: Settings, say: Callable[[str], None]) -> dict[str, str]:
    say("Making a practice organisation (only once)")
    name, email = TRAINER
    # Who was stopped in the middle begins anew: neither address nor code may be taken.
    mark = secrets.token_hex(2)
    email, code = email.replace("@", f".{mark}@"), f"PRACTICE-{mark.upper()}"
    password = secrets.token_urlsafe(12)
    person_id = add_person(name=name, email=email, password=password)
    actor = Actor(kind=ActorKind.PERSON, means=Means.SESSION, name=name, person_id=person_id)
    lines = [f"To the operator of the locker: {NAME}, code {code}, opens an account for trainings."]
    paper = make_paper("unsigned", "Order", lines, authority=TestAuthority(settings.home / "demo-authority"))
    organisation_id = organisations.register_organisation(
        actor, name=NAME, kind=OrganisationKind.GOVERNMENT_DEPARTMENT, identifier_kind=IdentifierKind.DEPARTMENT,
        identifier=code, letter=organisations.Letter("order.pdf", io.BytesIO(paper)),
    )  # fmt: skip
    for pending in organisations.list_pending_identifiers(_OPERATOR):
        if pending.organisation_id == organisation_id:
            organisations.verify_identifier(_OPERATOR, pending.id, note="For practice only.")
    kept = {"organisation_id": str(organisation_id), "person_id": str(person_id), "email": email, "password": password}
    write_private(_path(settings), json.dumps(kept).encode())
    return kept


def _fill(trainer: Actor, seats: int, say: Callable[[str], None]) -> None:
    open_slips = [row for row in organisations.list_invitations(trainer) if row.way == InvitationWay.SLIP]
    taken = {row.guest_name for row in open_slips}
    names = (name for name in map(" ".join, itertools.product(_FIRST, _LAST)) if name not in taken)
    numbered = itertools.chain(names, (f"Officer {number}" for number in itertools.count(1)))
    if len(open_slips) < seats:
        say(f"Making {seats - len(open_slips)} slips for the training")
    for name in itertools.islice(numbered, max(0, seats - len(open_slips))):
        organisations.issue_slip(trainer, organisations.ForWhom(guest_name=name), Role.RECORDS_OFFICER)

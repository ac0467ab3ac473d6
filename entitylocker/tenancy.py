"""One transaction = one use case = one organisation.

`use_case` opens the transaction in which a service function runs, tells PostgreSQL for whom (the second wall: row
level security), and commits once at the outermost call. What belongs to every commit (events, the last look at the
actor's rights) and to every refusal is registered here by the rooms that own it.

Rows are locked in one order, so that two acts never wait for each other: the tree of units (an advisory lock), then
organisations (several: by id, see `organisations.rights.lock_organisations`), then memberships by id, then whatever
hangs on these, at last the session. What locks a row further down and changes it for a member begins with its
organisation (`lock_state`), because the last look before the commit asks for that too. Where two acts meet all the
same, PostgreSQL ends one of them: SameMoment.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, scoped_session

from entitylocker.access import Actor, ActorKind, Permission
from entitylocker.errors import LockerError, PermissionDenied, SameMoment, SecondFactorRequired, StepUpRequired

Args = ParamSpec("Args")
Result = TypeVar("Result")


class TableKind(StrEnum):
    """Which wall stands round a table (design 5.3). Every model says its kind in `info={"kind": …}`."""

    OWN = "own"
    TWO_PARTY = "two_party"
    PERSON = "person"
    DOOR = "door"
    OPERATOR = "operator"
    COMMON = "common"


class DatabaseRole(StrEnum):
    """In which role the database is spoken to. None of them may bypass row level security."""

    APP = "app"
    OPERATOR = "operator"
    WORKER = "worker"


@dataclass(frozen=True)
class Tenant:
    """For whom a transaction runs. What is None sees no rows of that kind."""

    role: DatabaseRole = DatabaseRole.APP
    organisation_id: UUID | None = None
    person_id: UUID | None = None


class NoTransaction(RuntimeError):
    """The database was touched outside a use case."""


class OneOrganisation(RuntimeError):
    """A running transaction was asked to act for somebody else."""


@dataclass
class Running:
    """The transaction that is running: for whom, by whom, and what is still to be written at its end."""

    tenant: Tenant
    actor: Actor | None
    notes: dict[str, list[Any]] = field(default_factory=dict)

    def note(self, kind: str, item: Any) -> None:
        """Keep `item` until the commit, where the owner of `kind` writes it."""
        self.notes.setdefault(kind, []).append(item)


# What PostgreSQL says where two transactions cannot both go on: serialization, deadlock, a lock that did not come.
_MET = frozenset({"40001", "40P01", "55P03"})
_fresh_for: list[timedelta] = [timedelta(minutes=10)]
_running: ContextVar[Running | None] = ContextVar("running", default=None)
_session: scoped_session[Any] | None = None
_before_commit: list[Callable[[Running], None]] = []
_on_refusal: list[Callable[[Actor, LockerError], None]] = []
_reactions: dict[type[Any], list[Callable[[Any], None]]] = {}


def attach(session: scoped_session[Any]) -> None:
    """Make `session` the one that use cases run in."""
    global _session
    _session = session
    event.listen(session, "after_begin", _tell_database)


def current() -> Running:
    """The running transaction. Raises NoTransaction outside a use case."""
    running = _running.get()
    if running is None:
        raise NoTransaction("open a use case before touching the database")
    return running


def _tell_database(_session: Session, transaction: Any, connection: Any) -> None:
    # A savepoint fires this again; the setting of the outer transaction still holds and must not change.
    if transaction.nested:
        return
    tenant = current().tenant
    connection.execute(
        text(
            "SELECT set_config('app.organisation_id', :organisation, true), set_config('app.person_id', :person, true)"
        ),
        {"organisation": str(tenant.organisation_id or ""), "person": str(tenant.person_id or "")},
    )


@contextmanager
def transaction(tenant: Tenant, actor: Actor | None = None) -> Iterator[Running]:
    """Run a block in one transaction for `tenant`: committed at its end, rolled back if it raises.

    Inside a running transaction the block joins it; asking for another tenant there raises OneOrganisation. Where it
    meets another transaction and PostgreSQL lets that one go on, SameMoment is raised: it may be tried again.
    """
    outer = _running.get()
    if outer is not None:
        if outer.tenant != tenant:
            raise OneOrganisation(f"{tenant} inside {outer.tenant}")
        yield outer
        return
    running = Running(tenant, actor)
    token = _running.set(running)
    assert _session is not None, "tenancy.attach was not called"
    try:
        yield running
        for hook in _before_commit:
            hook(running)
        _session.commit()
    except BaseException as fault:
        _session.rollback()
        if isinstance(fault, DBAPIError) and getattr(fault.orig, "sqlstate", None) in _MET:
            raise SameMoment from fault
        raise
    finally:
        try:
            _session.remove()
        finally:
            _running.reset(token)


def tenant_of(actor: Actor, role: DatabaseRole | None = None) -> Tenant:
    """For whom the transactions of `actor` run."""
    if role is None:
        role = DatabaseRole.OPERATOR if actor.kind is ActorKind.OPERATOR else DatabaseRole.APP
    return Tenant(role, actor.organisation_id, actor.person_id)


def set_fresh_for(length: timedelta) -> None:
    """Say once, in `app.py`, how long a person counts as having just confirmed who they are."""
    _fresh_for[:] = [length]


def use_case(
    permission: Permission, *, role: DatabaseRole | None = None, fresh: bool = False
) -> Callable[[Callable[Concatenate[Actor, Args], Result]], Callable[Concatenate[Actor, Args], Result]]:
    """Mark a service function with the permission it asks for, and run it in one transaction of its actor.

    The function itself calls `require(actor, permission, facts)` once it has the facts. A refusal is reported, after
    the roll-back, to whoever registered with `on_refusal`. `fresh`: an act with a risk; who comes in a session must
    have confirmed who they are a short while ago (OWASP ASVS 5.0, 7.5.1), else StepUpRequired is raised. Where the
    organisation asks for two factors and the session has one, SecondFactorRequired is raised.
    """

    def mark(function: Callable[Concatenate[Actor, Args], Result]) -> Callable[Concatenate[Actor, Args], Result]:
        @functools.wraps(function)
        def run(actor: Actor, *args: Args.args, **kwargs: Args.kwargs) -> Result:
            outermost = _running.get() is None
            if actor.second_factor_missing:
                raise SecondFactorRequired(organisation=actor.organisation_name)
            if fresh and not actor.confirmed_within(_fresh_for[0]):
                raise StepUpRequired
            try:
                with transaction(tenant_of(actor, role), actor):
                    return function(actor, *args, **kwargs)
            except PermissionDenied as refusal:
                if outermost:
                    report_refusal(actor, refusal)
                raise

        run.permission = permission  # type: ignore[attr-defined]
        run.fresh = fresh  # type: ignore[attr-defined]
        return run

    return mark


def open_use_case(why: str) -> Callable[[Callable[Args, Result]], Callable[Args, Result]]:
    """Mark a service function that anybody may call, and say why. It opens its transactions itself."""

    def mark(function: Callable[Args, Result]) -> Callable[Args, Result]:
        function.open_because = why  # type: ignore[attr-defined]
        return function

    return mark


def flush() -> None:
    """Send what is pending to the database, so that its constraints answer now."""
    assert _session is not None
    _session.flush()


def before_commit(hook: Callable[[Running], None]) -> None:
    """Run `hook` at the end of every transaction, before its commit, in the order of registration."""
    if hook not in _before_commit:
        _before_commit.append(hook)


def on_refusal(hook: Callable[[Actor, LockerError], None]) -> None:
    """Tell `hook` of every refused act, after its transaction was rolled back."""
    if hook not in _on_refusal:
        _on_refusal.append(hook)


def report_refusal(actor: Actor, refusal: LockerError) -> None:
    """Hand a refusal to whoever records refusals."""
    for hook in _on_refusal:
        hook(actor, refusal)


def react(event_type: type[Any], handler: Callable[[Any], None]) -> None:
    """Call `handler` for every published event of `event_type`, in the transaction that published it."""
    handlers = _reactions.setdefault(event_type, [])
    if handler not in handlers:
        handlers.append(handler)


def publish(happening: Any) -> None:
    """Tell the rooms above what has happened. Their handlers run here and now, in this transaction."""
    for handler in _reactions.get(type(happening), []):
        handler(happening)

"""What the readers of identifiers share: the result, and the parts that several numbers have in common."""

from __future__ import annotations

from dataclasses import dataclass, field

from entitylocker.identifiers.kinds import IdentifierKind
from entitylocker.identifiers.places import STATES, find_state
from entitylocker.identifiers.problems import SerialIsZero, UnknownState

Facts = dict[str, str | int | bool]


@dataclass(frozen=True)
class Identifier:
    """A well-formed identifier. `value` is the one spelling to store and compare.

    Facts, where the kind carries them: state (two letters, as of today), state_name, year, pan, tan, holder,
    holder_type (fourth letter of the PAN), listed, industry, company_type, serial, registration, form.
    """

    kind: IdentifierKind
    value: str
    facts: Facts = field(default_factory=dict, hash=False, compare=False)


def state_at(kind: IdentifierKind, value: str, start: int) -> Facts:
    """The state whose two letters begin at `start`. Raises UnknownState."""
    letters = value[start : start + 2]
    state = find_state(letters)
    if state is None:
        raise UnknownState(kind, position=start + 1, last=start + 2, typed=letters)
    return {"state": state, "state_name": STATES[state]}


def serial_at(kind: IdentifierKind, value: str, start: int, end: int) -> str:
    """The running number from `start` to before `end`; registers begin to count at one. Raises SerialIsZero."""
    if not value[start:end].strip("0"):
        raise SerialIsZero(kind, position=start + 1, last=end)
    return value[start:end]

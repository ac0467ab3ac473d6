"""What the pages of units say of them, in words and options."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext

from entitylocker.access import OrganisationState
from entitylocker.errors import N_
from entitylocker.identifiers import OrganisationKind
from entitylocker.organisations.letters import Letter
from entitylocker.organisations.presenting import LIFE_FACES, LIFE_LABELS
from entitylocker.units.errors import LetterNeeded
from entitylocker.units.names import name_key
from entitylocker.units.rules import Phase
from entitylocker.units.views import Unit

INDENT = "\u2003"

# To whoever is responsible from above a draft says what it lacks.
UNIT_LABELS = {**LIFE_LABELS, OrganisationState.DRAFT: N_("No administrator yet")}
PHASE_LABELS: dict[Phase, str] = {
    Phase.ASKED: N_("Waiting for a yes"),
    Phase.COMING: N_("Coming"),
    Phase.CURRENT: N_("Current"),
    Phase.ENDED: N_("Ended"),
}
PHASE_FACES: dict[Phase, str] = {
    Phase.ASKED: "warn",
    Phase.COMING: "info",
    Phase.CURRENT: "ok",
    Phase.ENDED: "mute",
}


def matching(units: list[Unit], wanted: str) -> list[Unit]:
    """The units whose names hold `wanted`, in whatever spelling; all of them if nothing is wanted."""
    key = name_key(wanted)
    return [unit for unit in units if key in name_key(unit.name)] if key else units


def unit_options(units: list[Unit]) -> list[tuple[str, str]]:
    """Units for a select field, indented by depth."""
    return [(str(unit.id), INDENT * (unit.depth - 1) + unit.name) for unit in units]


def needed_letter() -> Letter:
    """The letter that came with the form. Raises LetterNeeded."""
    file = request.files.get("letter")
    if file is None or not file.filename:
        raise LetterNeeded(field="letter")
    return Letter(file.filename, file.stream)


def words() -> dict[str, Any]:
    """Labels and faces for the templates of this room."""
    return {
        "kind_label": lambda kind: gettext(OrganisationKind(kind).label),
        "life_label": lambda state: gettext(UNIT_LABELS[state]),
        "life_faces": LIFE_FACES,
        "phase_label": lambda phase: gettext(PHASE_LABELS[phase]),
        "phase_faces": PHASE_FACES,
        "Phase": Phase,
    }

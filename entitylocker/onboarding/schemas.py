"""What is typed on the pages of onboarding."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from entitylocker.accounts.schemas import NEEDED

MOST_OFFICERS = 1_000_000


class FileSchema(Schema):
    """What goes with a file."""

    in_person = fields.Boolean(load_default=False)


class TargetSchema(Schema):
    """How many officers are to come in."""

    officers = fields.Integer(required=True, error_messages=NEEDED, validate=validate.Range(1, MOST_OFFICERS))

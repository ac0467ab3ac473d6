"""What people send about trust."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from entitylocker.accounts.schemas import one_line
from entitylocker.errors import N_
from entitylocker.trust.reading import LARGEST_CERTIFICATE

LONGEST_ISSUER = 200
_LONGEST_TEXT = (LARGEST_CERTIFICATE + 2) // 3 * 4


class Der(fields.Field[bytes]):
    """The bytes of a certificate in base64, as the page that shows it sends it back."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **rest: Any) -> bytes:
        try:
            if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
                raise ValueError
            return base64.b64decode(value, validate=True)
        except (ValueError, binascii.Error):
            raise ValidationError(N_("This is no certificate. Send the files again.")) from None


class LookSchema(Schema):
    """Files to be looked at; they come beside the fields. `issuer`: whose certificate is wanted, if somebody's is."""

    issuer = fields.String(load_default="")

    @post_load
    def tidy(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """A stranger's word out of a document: one line, and not too long."""
        return {"issuer": one_line(data["issuer"])[:LONGEST_ISSUER]}


class AddSchema(Schema):
    """The certificates that were ticked."""

    certificates = fields.List(Der(), load_default=list)


class PolicySchema(Schema):
    """What suffices for sharing."""

    claimed_time = fields.String(required=True, validate=validate.OneOf(["suffices", "does_not"]))

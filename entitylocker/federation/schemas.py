"""What is typed about directories and providers."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from entitylocker.accounts.schemas import NEEDED, Line, Name
from entitylocker.errors import N_
from entitylocker.federation.rules import GROUP_ROLES

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])")
BAD_SLUG = N_("Use 3 to 40 small letters, digits and hyphens, such as pwd-pune.")
BAD_ISSUER = N_("Give the whole address of the provider, such as https://login.example.in.")
NAME_MAX = 100


class TokenSchema(Schema):
    """A name by which the token is known again."""

    name = Name(NAME_MAX, required=True)


class Slug(Line):
    """A word for an address."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> str:
        text = super()._deserialize(value, attr, data, **rest).casefold()
        if not SLUG.fullmatch(text):
            raise ValidationError(BAD_SLUG)
        return text


class WaySchema(Schema):
    """Through whose sign-in somebody wants to come."""

    way = Slug(40, required=True)


class ProviderSchema(Schema):
    """An OpenID provider, as the people who run it say."""

    name = Name(NAME_MAX, required=True)
    slug = Slug(40, required=True)
    issuer = Line(500, required=True, validate=validate.Regexp(r"https?://[^\s?#]+$", error=BAD_ISSUER))
    client_id = Line(300, required=True)
    client_secret = fields.String(
        required=True, error_messages=NEEDED, validate=validate.Length(min=1, max=1000, error=NEEDED["required"])
    )


class GroupRoleSchema(Schema):
    """What a group means here; empty: nothing."""

    role = fields.String(load_default="", validate=validate.OneOf(["", *(role.value for role in GROUP_ROLES)]))

    @post_load
    def typed(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """None for nothing."""
        return {"role": data["role"] or None}

"""For which organisation a request to the token endpoint runs, found before anything of it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from entitylocker import tenancy
from entitylocker.oauth.doors import find_code, find_token
from entitylocker.tenancy import Tenant


def tenant_of_request(form: Mapping[str, str]) -> Tenant:
    """The organisation that gave what the code or token in `form` stands for; nobody's tenant if there is none."""
    with tenancy.transaction(Tenant()):
        return Tenant(organisation_id=_organisation_of(form))


def _organisation_of(form: Mapping[str, str]) -> UUID | None:
    if form.get("code"):
        code = find_code(form["code"])
        return code.organisation_id if code is not None else None
    secret = form.get("refresh_token") or form.get("token")
    token = find_token(secret) if secret else None
    return token.organisation_id if token is not None else None

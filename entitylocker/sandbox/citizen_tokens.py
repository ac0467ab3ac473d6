"""Tokens for codes, new tokens for old ones, and giving tokens back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from entitylocker.sandbox.citizen_errors import WireError
from entitylocker.sandbox.citizen_grants import Grant, Tokens
from entitylocker.sandbox.citizen_house import house
from entitylocker.sandbox.citizen_people import CITIZENS, Citizen

pages = Blueprint("citizen_tokens", __name__)


@pages.post("/public/oauth2/1/token")
def token() -> Response:
    """Codes and refresh tokens become tokens. The body is a form or JSON."""
    fields = read_fields()
    client = house().clients.authenticate(fields)
    kind = fields.get("grant_type", "")
    if kind == "authorization_code":
        stranger = _somebody_else() if house().faults.take("other_person", "token") else None
        grant, tokens = house().grants.redeem(
            client,
            fields.get("code", ""),
            fields.get("redirect_uri", ""),
            fields.get("code_verifier", ""),
            give_to=stranger,
        )
    elif kind == "refresh_token":
        grant, tokens = house().grants.refresh(client, fields.get("refresh_token", ""))
    else:
        raise WireError(400, "invalid_grant_type", "The grant_type parameter is missing or not offered")
    return _answer(grant, tokens)


@pages.post("/public/oauth2/1/revoke")
def revoke() -> tuple[str, int]:
    """Everything of the grant ends, whichever of its tokens is named."""
    fields = read_fields()
    house().grants.revoke(house().clients.authenticate(fields), fields.get("token", ""))
    return "", 200


def read_fields() -> dict[str, str]:
    """The fields of a form or of a JSON object. Raises WireError invalid_request for anything else."""
    if not request.is_json:
        return request.form.to_dict()
    said = request.get_json(silent=True)
    if not isinstance(said, dict) or not all(isinstance(value, str | int) for value in said.values()):
        raise WireError(400, "invalid_request", "The body cannot be read.")
    return {name: str(value) for name, value in said.items()}


def describe(citizen: Citizen) -> dict[str, Any]:
    """Who the person is, under the names of the wire."""
    return {
        "digilockerid": citizen.id,
        "name": citizen.name,
        "dob": citizen.dob,
        "gender": citizen.gender,
        "eaadhaar": "Y" if citizen.has_aadhaar else "N",
        "mobile": citizen.mobile,
    }


def _answer(grant: Grant, tokens: Tokens) -> Response:
    said = {
        "access_token": tokens.access_token,
        "expires_in": tokens.expires_in,
        "token_type": "Bearer",
        "scope": " ".join(grant.scopes),
        "consent_valid_till": int(grant.ends_at),
        "refresh_token": tokens.refresh_token,
        **describe(grant.citizen),
        "digilocker_id": grant.citizen.id,
        "new_account": "Y" if grant.is_new_account else "N",
        "reference_key": tokens.reference_key,
        "purpose": grant.purpose,
    }
    if house().faults.take("no_refresh_token", "token"):
        del said["refresh_token"]
    return jsonify(said)


def _somebody_else() -> Citizen:
    return CITIZENS[-1]

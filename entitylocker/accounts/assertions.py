"""Answers of passkeys: what the browser is asked, and what its answer proves (WebAuthn Level 3, section 7.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import webauthn
from sqlalchemy import select, text
from webauthn.helpers import parse_authentication_credential_json, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    UserVerificationRequirement,
)

from entitylocker import tenancy
from entitylocker.accounts.challenges import CHALLENGE_LIFETIME, Purpose, claim_challenge, issue_challenge
from entitylocker.accounts.epochs import epoch_of
from entitylocker.accounts.errors import PasskeyRefused
from entitylocker.accounts.factor_models import Passkey
from entitylocker.accounts.methods import of_passkey
from entitylocker.accounts.notices import tell_person
from entitylocker.accounts.people import as_actor, tenant_of_person
from entitylocker.accounts.relying_party import get_relying_party
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import Tenant, open_use_case

ANSWER_MAX = 16 * 1024
MILLISECONDS = int(CHALLENGE_LIFETIME.total_seconds() * 1000)
# What the library raises for an answer that is not one, beside its own errors.
_NONSENSE = (WebAuthnException, ValueError, TypeError, KeyError, IndexError, AttributeError)


@dataclass(frozen=True)
class Proof:
    """Who used a passkey, what that proves in the words of RFC 8176, and their epoch at that moment."""

    person_id: UUID
    amr: tuple[str, ...]
    epoch: int


@open_use_case("whoever signs in is nobody yet")
def assertion_options(purpose: Purpose, browser: str, person_id: UUID | None = None) -> dict[str, Any]:
    """What `navigator.credentials.get` is asked. Without a person any passkey of this site may answer.

    Raises PasskeysUnavailable.
    """
    party = get_relying_party()
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=issue_challenge(purpose, browser, person_id),
        timeout=MILLISECONDS,
        allow_credentials=_known(person_id) if person_id is not None else None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    answer: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return answer


def _known(person_id: UUID) -> list[PublicKeyCredentialDescriptor]:
    with tenancy.transaction(Tenant(person_id=person_id)):
        rows = db.session.scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id)).all()
    return [describe(row) for row in rows]


def describe(row: Passkey) -> PublicKeyCredentialDescriptor:
    """A passkey as the browser is told of it."""
    ways = {way.value: way for way in AuthenticatorTransport}
    transports = [ways[word] for word in row.transports.split() if word in ways]
    return PublicKeyCredentialDescriptor(id=row.credential_id, transports=transports or None)


@open_use_case("the answer of a passkey is the proof")
def verify_assertion(answer: str, purpose: Purpose, browser: str, person_id: UUID | None = None) -> Proof:
    """Whose passkey gave `answer`, the JSON that the browser made of it. With `person_id` nobody else's counts.

    The challenge is used up first, whatever comes out. Raises PasskeyRefused, PasskeysUnavailable.
    """
    credential, challenge = _read(answer)
    claim_challenge(challenge, purpose, browser, person_id)
    owner = _find_owner(credential.raw_id)
    if owner is None or (person_id is not None and owner != person_id):
        raise PasskeyRefused
    _check_handle(credential, owner, needed=person_id is None)
    with tenancy.transaction(tenant_of_person(owner)):
        epoch = epoch_of(owner)
        row = _lock(owner, credential.raw_id)
        went_back = _verify(row, credential, challenge)
    if went_back:
        raise PasskeyRefused
    return Proof(owner, of_passkey(row.is_synced), epoch)


def _read(answer: str) -> tuple[AuthenticationCredential, bytes]:
    if len(answer) > ANSWER_MAX:
        raise PasskeyRefused
    try:
        credential = parse_authentication_credential_json(answer)
        return credential, parse_client_data_json(credential.response.client_data_json).challenge
    except _NONSENSE:
        raise PasskeyRefused from None


def _find_owner(credential_id: bytes) -> UUID | None:
    with tenancy.transaction(Tenant()):
        return db.session.execute(text("SELECT lookup_passkey(:id)"), {"id": credential_id}).scalar()


def _check_handle(credential: AuthenticationCredential, owner: UUID, *, needed: bool) -> None:
    """The authenticator says whose passkey it is; where nobody was named before, it must."""
    handle = credential.response.user_handle
    if (needed and handle is None) or (handle is not None and handle != owner.bytes):
        raise PasskeyRefused


def _lock(person_id: UUID, credential_id: bytes) -> Passkey:
    found = select(Passkey).where(Passkey.person_id == person_id, Passkey.credential_id == credential_id)
    row = db.session.scalar(found.with_for_update())
    if row is None:
        raise PasskeyRefused
    return row


def _verify(row: Passkey, credential: AuthenticationCredential, challenge: bytes) -> bool:
    """Check the answer and note its use; True if all is right but the count went back, as a copy's would.

    The library is told of no earlier count: it would refuse before the signature is known to be right, and then
    anybody could raise the alarm.
    """
    party = get_relying_party()
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _NONSENSE:
        raise PasskeyRefused from None
    if (verified.new_sign_count or row.sign_count) and verified.new_sign_count <= row.sign_count:
        _suspect(row, verified.new_sign_count)
        return True
    row.sign_count = verified.new_sign_count
    row.is_backed_up = verified.credential_backed_up
    row.last_used_at = utc_now()
    return False


def _suspect(row: Passkey, count: int) -> None:
    row.suspected_at = utc_now()
    subject = Subject("passkey", row.id, row.name)
    record(as_actor(row.person_id, ""), EventTag.PASSKEY_SUSPECT, subject, known=row.sign_count, shown=count)
    tell_person(row.person_id, "passkey_suspected", name=row.name)

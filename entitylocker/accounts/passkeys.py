"""A person's passkeys: added, listed, renamed, removed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import webauthn
from sqlalchemy import func, select
from uuid_utils.compat import uuid7
from webauthn.helpers import parse_client_data_json, parse_registration_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.assertions import ANSWER_MAX, MILLISECONDS, describe
from entitylocker.accounts.challenges import Purpose, claim_challenge, issue_challenge
from entitylocker.accounts.epochs import void_proofs
from entitylocker.accounts.errors import PasskeyRefused, TooManyPasskeys
from entitylocker.accounts.factor_models import Passkey
from entitylocker.accounts.methods import of_passkey
from entitylocker.accounts.notices import tell_person
from entitylocker.accounts.people import get_person
from entitylocker.accounts.recovery import make_first_codes, settle_last_factor
from entitylocker.accounts.relying_party import NAME, get_relying_party
from entitylocker.accounts.rules import describe_browser
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import open_use_case, use_case

PASSKEYS_MAX = 20
_NONSENSE = (WebAuthnException, ValueError, TypeError, KeyError, IndexError, AttributeError)


@dataclass(frozen=True)
class PasskeyView:
    """A line of the list of passkeys."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    is_synced: bool
    suspected_at: datetime | None


@dataclass(frozen=True)
class Added:
    """`amr`: what adding it proved. `codes`: the recovery codes that came with the first second factor, shown once."""

    amr: tuple[str, ...]
    codes: tuple[str, ...] = ()


@open_use_case("what it calls asks for the permission")
def registration_options(actor: Actor, browser: str) -> dict[str, Any]:
    """What `navigator.credentials.create` is asked. Raises PasskeysUnavailable, TooManyPasskeys, StepUpRequired."""
    party = get_relying_party()
    name, email, known = _start(actor)
    assert actor.person_id is not None
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=NAME,
        user_id=actor.person_id.bytes,
        user_name=email,
        user_display_name=name,
        challenge=issue_challenge(Purpose.REGISTER, browser, actor.person_id),
        timeout=MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[describe(row) for row in known],
    )
    answer: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return answer


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def suggest_name(actor: Actor, user_agent: str) -> str:
    """What a passkey made in this browser might be called. Raises StepUpRequired before anything is made."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    return describe_browser(user_agent)


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def _start(actor: Actor) -> tuple[str, str, list[Passkey]]:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    person = get_person(actor)
    known = list(db.session.scalars(select(Passkey).where(Passkey.person_id == actor.person_id).order_by(Passkey.id)))
    if len(known) >= PASSKEYS_MAX:
        raise TooManyPasskeys(most=PASSKEYS_MAX)
    return person.name, person.email, known


@open_use_case("what it calls asks for the permission")
def add_passkey(actor: Actor, answer: str, name: str, browser: str) -> Added:
    """Keep the passkey of which the browser's JSON `answer` speaks. Raises PasskeyRefused, StepUpRequired."""
    credential, challenge = _read(answer)
    claim_challenge(challenge, Purpose.REGISTER, browser, actor.person_id)
    return _put(actor, credential, _verify(credential, challenge), name)


def _read(answer: str) -> tuple[RegistrationCredential, bytes]:
    if len(answer) > ANSWER_MAX:
        raise PasskeyRefused
    try:
        credential = parse_registration_credential_json(answer)
        return credential, parse_client_data_json(credential.response.client_data_json).challenge
    except _NONSENSE:
        raise PasskeyRefused from None


def _verify(credential: RegistrationCredential, challenge: bytes) -> VerifiedRegistration:
    party = get_relying_party()
    try:
        return webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except _NONSENSE:
        raise PasskeyRefused from None


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def _put(actor: Actor, credential: RegistrationCredential, verified: VerifiedRegistration, name: str) -> Added:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    assert actor.person_id is not None
    row = Passkey(
        id=uuid7(),
        person_id=actor.person_id,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        transports=" ".join(way.value for way in credential.response.transports or []),
        is_synced=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        is_backed_up=verified.credential_backed_up,
        aaguid=verified.aaguid,
        name=name,
        # Making it took the person's finger or PIN, so it was used just now.
        last_used_at=utc_now(),
    )
    if _is_known(verified.credential_id):
        raise PasskeyRefused
    db.session.add(row)
    record(actor, EventTag.PASSKEY_ADD, Subject("passkey", row.id, name))
    tell_person(actor.person_id, "passkey_added", name=name)
    return Added(of_passkey(row.is_synced), make_first_codes(actor))


def _is_known(credential_id: bytes) -> bool:
    """Of whomever: the same passkey cannot belong to two (WebAuthn Level 3, section 7.1, step 26)."""
    found = select(func.lookup_passkey(credential_id))
    return db.session.scalar(found) is not None


@use_case(Permission.ACCOUNT_OWN)
def list_passkeys(actor: Actor) -> list[PasskeyView]:
    """The actor's own passkeys, the oldest first."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    rows = db.session.scalars(select(Passkey).where(Passkey.person_id == actor.person_id).order_by(Passkey.id))
    return [
        PasskeyView(row.id, row.name, row.created_at, row.last_used_at, row.is_synced, row.suspected_at) for row in rows
    ]


@use_case(Permission.ACCOUNT_OWN)
def rename_passkey(actor: Actor, passkey_id: UUID, name: str) -> None:
    """Call one's own passkey something else. Raises NotFound for any other."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    row = _lock(actor, passkey_id)
    record(actor, EventTag.PASSKEY_RENAME, Subject("passkey", row.id, name), before=row.name)
    row.name = name


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def remove_passkey(actor: Actor, passkey_id: UUID) -> None:
    """Let one's own passkey open nothing any more. Raises NotFound for any other, StepUpRequired."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    assert actor.person_id is not None
    void_proofs(actor.person_id)
    row = _lock(actor, passkey_id)
    db.session.delete(row)
    tenancy.flush()
    settle_last_factor(actor)
    record(actor, EventTag.PASSKEY_REMOVE, Subject("passkey", row.id, row.name))
    tell_person(actor.person_id, "passkey_removed", name=row.name)


def _lock(actor: Actor, passkey_id: UUID) -> Passkey:
    found = select(Passkey).where(Passkey.person_id == actor.person_id, Passkey.id == passkey_id)
    row = db.session.scalar(found.with_for_update())
    if row is None:
        raise NotFound
    return row

"""Authenticator apps: time-based one-time codes (RFC 6238), each time step accepted once."""

from __future__ import annotations

import base64
import hmac
import os
import time
from dataclasses import dataclass
from uuid import UUID

import pyotp
import segno
from markupsafe import Markup
from sqlalchemy import delete, or_, select, update
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.code_rules import in_groups, read_code
from entitylocker.accounts.epochs import void_proofs
from entitylocker.accounts.errors import WrongCode
from entitylocker.accounts.factor_models import AuthenticatorApp
from entitylocker.accounts.notices import tell_person
from entitylocker.accounts.people import get_person
from entitylocker.accounts.recovery import make_first_codes, settle_last_factor
from entitylocker.accounts.relying_party import NAME
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.storage.keys import KEY_SIZE
from entitylocker.tenancy import use_case
from entitylocker.web.engine_room import engines

STEP_SECONDS = 30
# The step before and the one after count, too: clocks of phones are off by some seconds and typing takes time (RFC
# 6238, section 5.2). ASVS 5.0, 6.5.5 would have 30 s at most; each step is accepted once, and guesses are few.
WINDOW = 1
# RFC 4226, section 4: a secret of 160 bits. What is wrapped has the size of a key; the rest of it is not used.
_SECRET_BYTES = 20
_LABEL = b"entitylocker/authenticator/1\x00"
_DARK = "#10162e"


@dataclass(frozen=True)
class SetUp:
    """An app that is being set up: its secret in groups of four, as a picture and as an address for the app."""

    secret: str
    address: str
    picture: Markup


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def begin_app(actor: Actor) -> None:
    """Make a fresh secret that waits for its first code. An app that is in use goes on until then."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    assert actor.person_id is not None
    waiting = (AuthenticatorApp.person_id == actor.person_id, AuthenticatorApp.confirmed_at.is_(None))
    db.session.execute(delete(AuthenticatorApp).where(*waiting))
    app_id = uuid7()
    wrapped = engines().operator_key.wrap(os.urandom(KEY_SIZE), context=_context(app_id))
    db.session.add(AuthenticatorApp(id=app_id, person_id=actor.person_id, wrapped_secret=wrapped))


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def get_set_up(actor: Actor) -> SetUp:
    """What the app needs to know. Raises NotFound if nothing waits, StepUpRequired."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    row = _waiting(actor)
    email = get_person(actor).email
    secret = _secret(row)
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=NAME)
    # The address goes in as modules only, so nothing of it can be markup.
    picture = segno.make(address, error="m", micro=False).svg_inline(dark=_DARK, border=2, omitsize=True)
    return SetUp(in_groups(secret), address, Markup(picture))  # noqa: S704


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def confirm_app(actor: Actor, code: str) -> tuple[str, ...]:
    """Let the waiting app count from now on, instead of any other. Raises WrongCode, NotFound, StepUpRequired.

    Returns the recovery codes that come with the first second factor.
    """
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    assert actor.person_id is not None
    row = _waiting(actor)
    step = _find_step(_secret(row), code)
    if step is None:
        raise WrongCode(field="code")
    before = (AuthenticatorApp.person_id == actor.person_id, AuthenticatorApp.id != row.id)
    db.session.execute(delete(AuthenticatorApp).where(*before))
    row.confirmed_at, row.last_step, row.last_used_at = utc_now(), step, utc_now()
    tenancy.flush()
    record(actor, EventTag.AUTHENTICATOR_ADD, Subject("person", actor.person_id, actor.name))
    tell_person(actor.person_id, "second_factor_added")
    return make_first_codes(actor)


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def remove_app(actor: Actor) -> None:
    """Let the app count no more. Safe to repeat. Raises StepUpRequired."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    assert actor.person_id is not None
    void_proofs(actor.person_id)
    removed = db.session.execute(
        delete(AuthenticatorApp)
        .where(AuthenticatorApp.person_id == actor.person_id, AuthenticatorApp.confirmed_at.is_not(None))
        .returning(AuthenticatorApp.id)
    ).all()
    if not removed:
        return
    settle_last_factor(actor)
    record(actor, EventTag.AUTHENTICATOR_REMOVE, Subject("person", actor.person_id, actor.name))
    tell_person(actor.person_id, "second_factor_removed")


def use_code(actor: Actor, typed: str) -> bool:
    """Whether `typed` is a code of the person's app now, in their running transaction. It is used up by that.

    What was typed is read first; what is kept and compared is its time step, so no other spelling of a code is
    another code. One statement: of two that come with the same code, one gets in.
    """
    found = select(AuthenticatorApp).where(
        AuthenticatorApp.person_id == actor.person_id, AuthenticatorApp.confirmed_at.is_not(None)
    )
    row = db.session.scalar(found)
    step = _find_step(_secret(row), typed) if row is not None else None
    if row is None or step is None:
        return False
    taken = db.session.execute(
        update(AuthenticatorApp)
        .where(
            AuthenticatorApp.id == row.id,
            AuthenticatorApp.person_id == actor.person_id,
            or_(AuthenticatorApp.last_step.is_(None), AuthenticatorApp.last_step < step),
        )
        .values(last_step=step, last_used_at=utc_now())
        .returning(AuthenticatorApp.id)
    ).scalar()
    return taken is not None


def _waiting(actor: Actor) -> AuthenticatorApp:
    found = select(AuthenticatorApp).where(
        AuthenticatorApp.person_id == actor.person_id, AuthenticatorApp.confirmed_at.is_(None)
    )
    row = db.session.scalar(found.with_for_update())
    if row is None:
        raise NotFound
    return row


def current_step() -> int:
    """The number of the time step that runs now."""
    return int(time.time()) // STEP_SECONDS


def _find_step(secret: str, typed: str) -> int | None:
    """The time step of which `typed` is the code, among those that count now."""
    code = read_code(typed)
    if code is None:
        return None
    now = current_step()
    maker = pyotp.HOTP(secret)
    steps = range(now - WINDOW, now + WINDOW + 1)
    return max((step for step in steps if hmac.compare_digest(maker.at(step), code)), default=None)


def _secret(row: AuthenticatorApp) -> str:
    key = engines().operator_key.unwrap(row.wrapped_secret, context=_context(row.id))
    return base64.b32encode(key[:_SECRET_BYTES]).decode()


def _context(app_id: UUID) -> bytes:
    return _LABEL + app_id.bytes

"""What a person does with a portal's request: see it, allow it, deny it. A request is answered once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

from uuid_utils.compat import uuid7

from entitylocker.access import Actor, ActorKind, Means, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.consents.rights import widest_facts
from entitylocker.consents.service import give_consent
from entitylocker.consents.terms import Terms
from entitylocker.extensions import db, utc_now
from entitylocker.oauth.client import issuer
from entitylocker.oauth.details import terms_of
from entitylocker.oauth.doors import StoredRequest, claim_request, code_for, digest, find_code, find_request
from entitylocker.oauth.errors import AlreadyAnswered, PortalMayNotAsk, UnusableRequest
from entitylocker.oauth.models import AuthorizationCode
from entitylocker.portals.lookup import find_portal
from entitylocker.tenancy import use_case

CODE_LIFE = timedelta(seconds=60)
ALLOWED, DENIED = "allowed", "denied"


@dataclass(frozen=True)
class Question:
    """A request that may be answered: what is asked, and where the answer goes."""

    request_uri: str
    stored: StoredRequest
    terms: Terms
    redirect_uri: str
    state: str | None
    code_challenge: str


@use_case(Permission.SESSION_OWN)
def get_question(actor: Actor, client_id: str, request_uri: str) -> Question:
    """What the portal asks. Looking answers nothing: pages are also loaded by previews.

    Raises UnusableRequest, PortalMayNotAsk, AlreadyAnswered.
    """
    require(actor, Permission.SESSION_OWN, actor.facts)
    question = _find_question(client_id, request_uri)
    if question.stored.answered_at is not None:
        raise AlreadyAnswered
    if question.stored.expires_at <= utc_now():
        raise UnusableRequest
    return question


def _find_question(client_id: str, request_uri: str) -> Question:
    stored = find_request(request_uri) if request_uri else None
    if stored is None or stored.client_id != client_id:
        raise UnusableRequest
    portal = find_portal(client_id)
    if portal is None or not portal.may_ask:
        raise PortalMayNotAsk
    asked = stored.parameters
    # Looked at again: an address that is registered no longer is never redirected to.
    if asked["redirect_uri"] not in portal.redirect_uris:
        raise UnusableRequest
    return Question(
        request_uri=request_uri,
        stored=stored,
        terms=terms_of(portal, asked["details"]),
        redirect_uri=asked["redirect_uri"],
        state=asked["state"],
        code_challenge=asked["code_challenge"],
    )


@use_case(Permission.CONSENT_GIVE)
def allow_request(actor: Actor, client_id: str, request_uri: str, document_ids: Iterable[UUID]) -> str:
    """Give what is asked, for exactly these documents. Answers the address to send the browser to.

    Request, consent, code and events commit together. A second click gets the address of the first one and gives
    nothing more. Raises what `give_consent` raises, UnusableRequest, PortalMayNotAsk, AlreadyAnswered.
    """
    require(actor, Permission.CONSENT_GIVE, widest_facts(actor, Permission.CONSENT_GIVE))
    question = _find_question(client_id, request_uri)
    assert actor.person_id is not None
    if not claim_request(request_uri, actor.person_id, ALLOWED):
        return _first_answer(actor, client_id, request_uri)
    consent_id = uuid7()
    _record_asked(actor, question, consent_id)
    give_consent(actor, consent_id, question.terms, document_ids)
    return _with_code(question, _issue_code(actor, question, consent_id))


@use_case(Permission.ORGANISATION_READ)
def deny_request(actor: Actor, client_id: str, request_uri: str) -> str:
    """Say no for the organisation. Answers the address to send the browser to. Raises as `allow_request`."""
    require(actor, Permission.ORGANISATION_READ, actor.facts)
    question = _find_question(client_id, request_uri)
    assert actor.person_id is not None
    if not claim_request(request_uri, actor.person_id, DENIED):
        return _first_answer(actor, client_id, request_uri)
    _record_asked(actor, question, None)
    portal = Subject("portal", question.terms.portal_id, question.terms.portal_name)
    record(actor, EventTag.CONSENT_DENY, portal, purpose=question.terms.purpose_text)
    return _refused(question)


@use_case(Permission.SESSION_OWN)
def decline_request(actor: Actor, client_id: str, request_uri: str) -> str:
    """Say no as a person who acts for no organisation here. Answers the address to send the browser to."""
    require(actor, Permission.SESSION_OWN, actor.facts)
    question = _find_question(client_id, request_uri)
    assert actor.person_id is not None
    if not claim_request(request_uri, actor.person_id, DENIED):
        return _first_answer(actor, client_id, request_uri)
    return _refused(question)


def _first_answer(actor: Actor, client_id: str, request_uri: str) -> str:
    """The address the first answer led to, for the same person while that still leads anywhere."""
    question = _find_question(client_id, request_uri)
    if question.stored.answered_at is None:
        raise UnusableRequest
    if question.stored.answered_by_id != actor.person_id:
        raise AlreadyAnswered
    if question.stored.outcome == DENIED:
        return _refused(question)
    code = code_for(request_uri)
    stored = find_code(code)
    # A code that was redeemed is not shown to the portal again: it would count as stolen.
    if stored is None or stored.used_at is not None or stored.expires_at <= utc_now():
        raise AlreadyAnswered
    return _with_code(question, code)


def _issue_code(actor: Actor, question: Question, consent_id: UUID) -> str:
    code = code_for(question.request_uri)
    now = utc_now()
    row = AuthorizationCode(
        code_digest=digest(code),
        organisation_id=actor.organisation_id,
        consent_id=consent_id,
        client_id=question.terms.client_id,
        redirect_uri=question.redirect_uri,
        code_challenge=question.code_challenge,
        created_at=now,
        expires_at=now + CODE_LIFE,
    )
    db.session.add(row)
    db.session.flush()
    return code


def _record_asked(actor: Actor, question: Question, consent_id: UUID | None) -> None:
    """That the portal asked stands in the trail of the organisation that was asked, before its answer."""
    terms = question.terms
    asker = Actor(
        kind=ActorKind.PORTAL,
        means=Means.NONE,
        name=terms.portal_name,
        portal_id=terms.portal_id,
        organisation_id=actor.organisation_id,
    )
    subject = (
        Subject("consent", consent_id, terms.portal_name)
        if consent_id
        else Subject("portal", terms.portal_id, terms.portal_name)
    )
    record(
        asker,
        EventTag.CONSENT_REQUEST,
        subject,
        document_types=list(terms.document_types),
        purpose=terms.purpose_text,
        purpose_code=terms.purpose_code,
        until=terms.until,
        asked_at=question.stored.created_at.isoformat(),
    )


def _with_code(question: Question, code: str) -> str:
    return _address(question, {"code": code})


def _refused(question: Question) -> str:
    return _address(question, {"error": "access_denied", "error_description": "The organisation did not allow this"})


def _address(question: Question, answer: dict[str, str]) -> str:
    """The registered address with the answer, the portal's state and the issuer (RFC 9207)."""
    values: dict[str, Any] = {**answer, "iss": issuer()}
    if question.state is not None:
        values["state"] = question.state
    parts = urlsplit(question.redirect_uri)
    query = "&".join(part for part in (parts.query, urlencode(values)) if part)
    return urlunsplit(parts._replace(query=query))

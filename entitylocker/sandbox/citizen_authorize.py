"""The page where a person allows or denies what an application asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from entitylocker.sandbox.citizen_clients import SCOPES, ClientFacts
from entitylocker.sandbox.citizen_grants import CONSENT_SECONDS, LONGEST_CONSENT_SECONDS, Grant
from entitylocker.sandbox.citizen_house import house
from entitylocker.sandbox.citizen_people import CITIZENS, find_citizen

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_WORDS = re.compile(r"[A-Za-z0-9_ ]{1,200}")
_DOCTYPE = re.compile(r"[A-Z0-9]{2,12}")

pages = Blueprint("citizen_authorize", __name__)


class Stray(Exception):
    """A request that leads nowhere: nobody knows the client, or not at this address. Shown, never sent on."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Unfit(Exception):
    """A request that the client is told about at its own address."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


@dataclass(frozen=True)
class Question:
    """What a client asks a person for."""

    client: ClientFacts
    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    doctypes: tuple[str, ...]
    ends_at: float
    purpose: str
    service_name: str
    code_challenge: str | None
    is_sign_up: bool

    @property
    def asks_for(self) -> list[str]:
        """The scopes in words, each once."""
        return list(dict.fromkeys(SCOPES.get(scope, scope) for scope in self.scopes))

    @property
    def until(self) -> datetime:
        return datetime.fromtimestamp(self.ends_at, UTC)


@pages.get("/public/oauth2/1/authorize")
def ask() -> str | Response:
    """Show what is asked, and the people to be."""
    client, redirect_uri = _destination()
    try:
        question = _read(client, redirect_uri, request.args)
    except Unfit as error:
        return _refuse(redirect_uri, error.error, error.description)
    # Browsers hold form-action against redirects too, and the answer leads to the client.
    place = urlsplit(redirect_uri)
    g.form_leads_to = f"{place.scheme}://{place.netloc}"
    return render_template("sandbox/citizen/authorize.html", question=question, citizens=CITIZENS)


@pages.post("/public/oauth2/1/authorize")
def answer() -> str | Response:
    """Bring the answer to the client: a code, or that the person said no."""
    client, redirect_uri = _destination()
    try:
        question = _read(client, redirect_uri, request.args)
    except Unfit as error:
        return _refuse(redirect_uri, error.error, error.description)
    if request.form.get("decision") != "allow":
        return _refuse(redirect_uri, "access_denied", "User denied access")
    citizen = find_citizen(request.form.get("person", ""))
    if citizen is None:
        raise Stray("Choose a person first. Go back and choose who you want to be.")
    grant = Grant(
        client_id=client.client_id,
        citizen=citizen,
        redirect_uri=redirect_uri,
        scopes=question.scopes,
        doctypes=question.doctypes,
        given_at=house().clock(),
        ends_at=question.ends_at,
        purpose=question.purpose,
        code_challenge=question.code_challenge,
        is_new_account=question.is_sign_up,
    )
    return _send(redirect_uri, {"code": house().grants.issue_code(grant), "state": question.state})


@pages.errorhandler(Stray)
def show_stray(stray: Stray) -> tuple[str, int]:
    return render_template("sandbox/citizen/refused.html", words=stray.words), 400


def _destination() -> tuple[ClientFacts, str]:
    """The client and its address. Raises Stray where nobody may be sent."""
    client = house().clients.find(request.args.get("client_id"))
    if client is None:
        raise Stray("No application is registered with this client_id.")
    redirect_uri = request.args.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        raise Stray(f"{client.name} is not registered with this redirect_uri. It must be the same, letter by letter.")
    return client, redirect_uri


def _read(client: ClientFacts, redirect_uri: str, args: Mapping[str, str]) -> Question:
    """The request; parameters that are not known are ignored. Raises Unfit, naming the first that does not fit."""
    if args.get("response_type") != "code":
        raise Unfit("unsupported_response_type", "The response_type parameter must be code")
    if not args.get("state"):
        raise Unfit("invalid_request", "The state parameter is missing")
    purpose, service = args.get("purpose", ""), args.get("service_name", "")
    for name, value in (("purpose", purpose), ("service_name", service)):
        if (client.strict and not value) or (value and not _WORDS.fullmatch(value)):
            raise Unfit("invalid_request", f"The {name} parameter is missing, or not of letters, digits, blanks and _")
    return Question(
        client=client,
        redirect_uri=redirect_uri,
        state=args["state"],
        scopes=_read_scopes(client, args.get("scope", "")),
        doctypes=_read_doctypes(args),
        ends_at=_read_end(args.get("consent_valid_till", "")),
        purpose=purpose,
        service_name=service,
        code_challenge=_read_challenge(client, args),
        is_sign_up=args.get("dl_flow") == "signup",
    )


def _read_scopes(client: ClientFacts, text: str) -> tuple[str, ...]:
    """What is asked and registered; without the parameter all that is registered. `partners.X` stands for documents."""
    asked = tuple(dict.fromkeys(text.split())) or client.scopes
    granted = tuple(scope for scope in asked if scope in client.scopes or _partner(scope))
    if not granted:
        raise Unfit("invalid_scope", "Nothing of the scope parameter is registered for this client")
    return granted


def _partner(scope: str) -> str:
    kind = scope.removeprefix("partners.")
    return kind if kind != scope and _DOCTYPE.fullmatch(kind) else ""


def _read_doctypes(args: Mapping[str, str]) -> tuple[str, ...]:
    """The only kinds of documents that are asked for: of req_doctype, else of scopes; none named is all of them."""
    named = [kind.strip() for kind in args.get("req_doctype", "").split(",") if kind.strip()]
    scopes = args.get("scope", "").split()
    if not named and "files.issueddocs" not in scopes:
        named = [kind for kind in map(_partner, scopes) if kind]
    return tuple(named)


def _read_end(text: str) -> float:
    now = house().clock()
    if not text:
        return now + CONSENT_SECONDS
    if not re.fullmatch(r"[0-9]{1,12}", text) or not now < int(text) <= now + LONGEST_CONSENT_SECONDS:
        raise Unfit("invalid_request", "The consent_valid_till parameter is not a time in the next year")
    return float(text)


def _read_challenge(client: ClientFacts, args: Mapping[str, str]) -> str | None:
    # The published text writes them with a capital letter, everybody sends small ones.
    challenge = args.get("code_challenge") or args.get("Code_challenge")
    method = args.get("code_challenge_method") or args.get("Code_challenge_method")
    if challenge is None:
        if client.strict:
            raise Unfit("invalid_request", "The code_challenge parameter is missing")
        return None
    if method != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise Unfit("invalid_request", "The code_challenge parameter is not usable; its method must be S256")
    return challenge


def _refuse(redirect_uri: str, error: str, description: str) -> Response:
    said = {"error": error, "error_description": description}
    return _send(redirect_uri, {**said, "state": request.args.get("state", "")})


def _send(redirect_uri: str, said: dict[str, str]) -> Response:
    if house().faults.take("wrong_state", "authorize"):
        said["state"] = "not-what-was-sent"
    place = urlsplit(redirect_uri)
    query = "&".join(filter(None, [place.query, urlencode({name: value for name, value in said.items() if value})]))
    return redirect(urlunsplit(place._replace(query=query)), 302)

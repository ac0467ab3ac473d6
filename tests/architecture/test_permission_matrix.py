"""Every address × everybody who might come: the answer is the one of permissions.yaml, and a no changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import oidc_provider_mock
import pytest
import yaml
from flask import Flask, url_for
from werkzeug.test import TestResponse

from entitylocker.config import Settings
from entitylocker.outgoing import Hosts
from tests.architecture.matrix import (
    ACTORS,
    FIELDS,
    IN_BIN,
    PEOPLE,
    ROLES,
    USED_UP,
    Scene,
    Visitor,
    plain,
)
from tests.architecture.matrix_citizen import CITIZEN_LOCKER, NAMED, OF_PERSONS, PERSONAL
from tests.architecture.matrix_federation import SLUG, connected, set_up
from tests.architecture.matrix_life import LIFE_ALIASES
from tests.architecture.matrix_onboarding import ONBOARDING_ALIASES
from tests.architecture.matrix_units import UNIT_ALIASES, stands_for
from tests.factories import Person

OK, REFUSED, NOT_FOUND, SIGN_IN = "ok", "refused", "not_found", "sign_in"
RULES: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "permissions.yaml").read_text("utf-8")
)
PLACES = [(endpoint, method) for endpoint, methods in RULES.items() for method in methods]
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
pytestmark = pytest.mark.xdist_group("permission-matrix")


@pytest.fixture(scope="module")
def scene(app: Flask, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    room, file = app.extensions["entitylocker"], tmp_path_factory.mktemp("lockers") / "lockers.json"
    file.write_text(json.dumps([CITIZEN_LOCKER]))
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(room, "settings", replace(room.settings, citizen_lockers=str(file)))
        with oidc_provider_mock.run_server_in_thread(port=0) as provider:
            address = f"localhost:{provider.server_port}"
            changed.setattr(room.outgoing, "hosts", Hosts.parse(address))
            made = Scene(app, settings.base_url)
            set_up(made, f"http://{address}")
            yield made


def _rules_of(app: Flask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) & METHODS:
            yield rule.endpoint, method


def test_every_route_is_in_the_matrix_and_nothing_else_is(app: Flask) -> None:
    assert set(_rules_of(app)) == set(PLACES)


@pytest.mark.parametrize(("endpoint", "method"), PLACES)
def test_a_line_of_the_matrix_names_every_role_once(endpoint: str, method: str) -> None:
    line = RULES[endpoint][method]
    named = [role for answer in (OK, REFUSED, NOT_FOUND) for role in line.get(answer, [])]
    assert sorted(named) == (sorted(ROLES) if line["arrival"] == "organisation" else [])


def expected(line: dict[str, Any], name: str) -> str:
    """The answer that `name` gets."""
    people = dict.fromkeys(PEOPLE, NOT_FOUND)
    answers = {
        "open": dict.fromkeys(ACTORS, OK),
        "person": dict.fromkeys(PEOPLE, OK),
        "operator": people | {"operator": OK},
        "token": {"portal": OK, "other_portal": NOT_FOUND},
        "client": {},
        "directory": {},
        "organisation": people | {role: kind for kind in (OK, REFUSED, NOT_FOUND) for role in line.get(kind, [])},
    }[line["arrival"]]
    return answers.get(name, SIGN_IN)


def seen(answer: TestResponse, arrival: str) -> str:
    """The class of an answer. What failed by what was sent (409, 410, 422) was let through before."""
    status = answer.status_code
    if arrival == "open" and status < 500 and status not in (403, 404):
        return OK
    if status == 401 or (status == 303 and answer.headers["Location"].split("?")[0].endswith("/sign-in")):
        return SIGN_IN
    if status in (403, 404):
        return REFUSED if status == 403 else NOT_FOUND
    return OK if status < 400 or status in (409, 410, 422) else f"status {status}"


def test_the_matrix(scene: Scene, subtests: Any) -> None:
    for endpoint, method in PLACES:
        with subtests.test(f"{method} {endpoint}"):
            _check_place(scene, endpoint, method)


def _check_place(scene: Scene, endpoint: str, method: str) -> None:
    line = RULES[endpoint][method]
    wanted = {name: expected(line, name) for name in ACTORS}
    found: dict[str, str] = {}
    before = scene.state()
    fields = FIELDS[endpoint](scene) if method == "POST" and endpoint in FIELDS else {}
    for name in ACTORS:
        if wanted[name] != OK:
            found[name] = seen(_ask(scene, endpoint, method, name, fields), line["arrival"])
    assert scene.state() == before, "somebody who was refused changed something"
    for name in ACTORS:
        if wanted[name] == OK:
            found[name] = seen(_ask_anew(scene, endpoint, method, name), line["arrival"])
    assert found == wanted


def _ask_anew(scene: Scene, endpoint: str, method: str, name: str) -> TestResponse:
    """As somebody who may: with a thing of their own where the act uses it up."""
    changed: dict[str, Any] = {}
    if endpoint in USED_UP and method == "POST":
        kind = USED_UP[endpoint]
        aliases = {"binned_id": "document_id", **UNIT_ALIASES, **LIFE_ALIASES, **ONBOARDING_ALIASES}
        changed[aliases.get(kind, kind)] = scene.fresh(kind, scene.own)
    person = scene.visitors[name].person
    if endpoint == "units.enter" and person is not None:
        changed["unit_id"] = scene.entrance(person)
    if endpoint == "organisations.invitation":
        changed["token"] = scene.invite(scene.guests)[1]
    if endpoint == "organisations.redeem" and person is not None:
        changed["token"] = scene.invite(scene.guests, person.email)[1]
    if endpoint == "organisations.accept" and person is not None:
        changed["invitation_id"] = scene.waiting(person)
    fields = FIELDS[endpoint](scene) if method == "POST" and endpoint in FIELDS else {}
    return _ask(scene, endpoint, method, name, fields, **changed)


def _visitor(scene: Scene, endpoint: str, name: str) -> Visitor:
    """Who comes; for acts that end what they come with, somebody just like them."""
    visitor = scene.visitors[name]
    if endpoint == "accounts.sign_out" and visitor.person is not None:
        return Visitor(scene.another_session(visitor.person).client(), visitor.person)
    if endpoint == "accounts.sign_out":
        return Visitor(scene.app.test_client(), headers=visitor.headers)
    if endpoint == "organisations.leave" and name in ROLES:
        return Visitor(scene.leaver(name).client(), visitor.person)
    return visitor


def _ask(scene: Scene, endpoint: str, method: str, name: str, fields: dict[str, Any], **changed: Any) -> TestResponse:
    visitor = _visitor(scene, endpoint, name)
    path, query = _path(scene, endpoint, visitor, changed), {}
    if endpoint == "oauth.authorize" and method == "GET":
        query = {"client_id": scene.world.program.client_id, "request_uri": scene.world.program.pushed()}
    if method == "GET":
        return visitor.client.get(path, headers=visitor.headers, query_string=query)
    sent, headers = _again(fields), dict(visitor.headers)
    if endpoint == "documents_api.deposit":
        headers["X-CSRFToken"] = visitor.csrf_token
    elif not endpoint.startswith("oauth.endpoints."):
        sent = {"csrf_token": visitor.csrf_token, **sent}
    return visitor.client.open(path, method=method, data=sent, headers=headers)


def _again(fields: dict[str, Any]) -> dict[str, Any]:
    """The same fields; a file is read from its beginning each time."""
    return {
        name: (type(value[0])(value[0].getvalue()), value[1]) if isinstance(value, tuple) else value
        for name, value in fields.items()
    }


def _path(scene: Scene, endpoint: str, visitor: Visitor, changed: dict[str, Any]) -> str:
    arguments = next(scene.app.url_map.iter_rules(endpoint)).arguments
    values: dict[str, Any] = {name: _value(scene, endpoint, name, visitor) for name in arguments}
    if endpoint in OF_PERSONS and visitor.person is not None:
        values |= {name: make(scene, visitor.person) for name, make in PERSONAL.items() if name in arguments}
    with scene.app.test_request_context():
        return url_for(endpoint, **{**values, **changed}, _external=False)


# What an address names, made for whoever comes (a person, or None): by its endpoint, else by its name.
_BY_ENDPOINT: dict[str, Callable[[Scene, Person | None], Any]] = {
    "federation.disconnect": lambda scene, person: connected(scene, person) if person else uuid4(),
    "accounts.confirm": lambda scene, person: scene.sign_up_token,
    "accounts.reset_password": lambda scene, person: scene.reset_token(),
    "accounts.confirm_address": lambda scene, person: scene.address_token(person),
    "accounts.take_address": lambda scene, person: scene.address_token(person),
    "accounts.undo_address": lambda scene, person: scene.address_token(None, confirmed=True),
    "accounts.restore_address": lambda scene, person: scene.address_token(None, confirmed=True),
    "sharing.check_page": lambda scene, person: scene.check_code,
}
_BY_NAME: dict[str, Callable[[Scene, Person | None], Any]] = {
    "session_id": lambda scene, person: scene.another_session(person).session_id if person else uuid4(),
    "passkey_id": lambda scene, person: scene.passkey_of(person) if person else uuid4(),
    "message_id": lambda scene, person: scene.mail_id(),
}
_FIXED: dict[str, Any] = {
    "number": 1, "place": 1, "token": "none", "filename": "icon.svg", "slug": SLUG, "path": "Users", **NAMED,
}  # fmt: skip


def _value(scene: Scene, endpoint: str, name: str, visitor: Visitor) -> Any:
    make = _BY_ENDPOINT.get(endpoint) or _BY_NAME.get(name)
    if make is not None:
        return make(scene, visitor.person)
    if name == "certificate_id" and endpoint.startswith("operator_trust."):
        return scene.common_certificate_id
    if name == "document_id" and endpoint in IN_BIN:
        return scene.own.ids["binned_id"]
    fixed = {"organisation_id": scene.own.organisation_id, **_FIXED}
    return scene.own.ids.get(stands_for(endpoint, name), fixed.get(name))


# What one may not see is not there: another organisation's thing and no thing at all answer alike.

_OWNED = (
    "document_id", "folder_id", "membership_id", "invitation_id", "delegation_id", "consent_id", "portal_id",
    "certificate_id", "director_id", "lending_id", "unit_id", "link_id", "branch_id", "authorisation_id", "agent_id",
    "proposal_id", "run_id",
)  # fmt: skip


def _things(app: Flask) -> Iterator[tuple[str, str, str]]:
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) & METHODS:
            for argument in rule.arguments & set(_OWNED):
                if RULES.get(rule.endpoint, {}).get(method, {}).get("arrival") in ("organisation", "token"):
                    yield rule.endpoint, method, argument


def test_things_of_others_are_as_absent_as_no_things(scene: Scene, subtests: Any) -> None:
    for endpoint, method, argument in _things(scene.app):
        names = ROLES if RULES[endpoint][method]["arrival"] == "organisation" else ("portal",)
        with subtests.test(f"{method} {endpoint} {argument}"):
            before = scene.state()
            for name in names:
                _check_absence(scene, endpoint, method, argument, name)
            assert scene.state() == before


def _check_absence(scene: Scene, endpoint: str, method: str, argument: str, name: str) -> None:
    fields = FIELDS[endpoint](scene) if method == "POST" and endpoint in FIELDS else {}
    scene.visitors[name].forget_notices()
    theirs = scene.other.ids["binned_id" if argument == "document_id" and endpoint in IN_BIN else argument]
    answers = [_ask(scene, endpoint, method, name, fields, **{argument: thing}) for thing in (theirs, uuid4())]
    assert {answer.status_code for answer in answers} <= {403, 404}, name
    assert answers[0].status_code == answers[1].status_code, name
    assert plain(answers[0].text) == plain(answers[1].text), name
    assert dict(answers[0].headers).keys() == dict(answers[1].headers).keys(), name


def test_a_session_of_somebody_else_is_as_absent_as_none(scene: Scene) -> None:
    stranger, victim = scene.visitors["stranger"], scene.visitors["reader"].person
    assert victim is not None
    answers = []
    for session_id in (victim.session_id, uuid4()):
        answers.append(_ask(scene, "accounts.end_session", "POST", "stranger", {}, session_id=session_id))
    assert [answer.status_code for answer in answers] == [404, 404]
    assert plain(answers[0].text) == plain(answers[1].text)
    assert victim.actor.session_id == victim.session_id
    assert stranger.person is not None


def test_an_organisation_that_is_not_ones_own_is_as_absent_as_none(scene: Scene) -> None:
    for visitor in scene.visitors.values():
        visitor.forget_notices()
    for endpoint, methods in RULES.items():
        for method, line in methods.items():
            rule = next(scene.app.url_map.iter_rules(endpoint))
            if line["arrival"] != "organisation" or "organisation_id" not in rule.arguments:
                continue
            fields = FIELDS[endpoint](scene) if method == "POST" and endpoint in FIELDS else {}
            for name in ("stranger", "removed", "operator", "other_administrator"):
                answers = [
                    _ask(scene, endpoint, method, name, fields, organisation_id=place)
                    for place in (scene.own.organisation_id, uuid4())
                ]
                assert [answer.status_code for answer in answers] == [404, 404], f"{method} {endpoint} {name}"
                assert plain(answers[0].text) == plain(answers[1].text), f"{method} {endpoint} {name}"


def test_a_refused_act_leaves_an_event_in_the_trail_of_its_organisation(scene: Scene) -> None:
    _ask(scene, "organisations.invite", "POST", "reader", FIELDS["organisations.invite"](scene))
    world = scene.world
    refused = [event for event in world.events(scene.own.organisation_id) if event.tag == "access:refused"]
    reader = scene.visitors["reader"].person
    assert reader is not None
    mine = [event for event in refused if event.actor_id == reader.person_id]
    assert "member:invite" in {event.data.get("permission") for event in mine}
    assert all(isinstance(event.actor_id, UUID) for event in mine)

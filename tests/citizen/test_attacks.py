"""What attackers try with links and sign-ins: cases 12 and 19 of the security reference, in all their forms."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, text
from stdnum import verhoeff

from entitylocker import tenancy
from entitylocker.citizen import visits
from entitylocker.citizen.adapters import DigiLocker, Identity, Tokens
from entitylocker.citizen.adapters.schemas import IdentityAnswer
from entitylocker.citizen.models import CitizenLink, CitizenProof, Lending
from entitylocker.extensions import Base, db, utc_now
from entitylocker.tenancy import Tenant
from tests.citizen.house import Citizens, said, state_of
from tests.factories import Person


def _linked(citizens: Citizens, person: Person) -> list[CitizenLink]:
    return citizens.rows(person, CitizenLink)


def test_attack_12_the_same_subject_of_another_issuer_is_somebody_else(citizens: Citizens) -> None:
    """Issuer not part of the key: who runs the other locker could say that they are anybody."""
    citizens.fresh_citizen("meera")
    citizens.fresh_citizen("meera", "other")
    owner = citizens.organisations.person()
    citizens.link(owner, "meera", "digilocker")
    browser = citizens.stranger()
    answer = browser.come_back(citizens.two.walk(browser.begin("other", sign_in=True), "meera"))
    assert citizens.one.people["meera"].id == citizens.two.people["meera"].id
    assert answer.headers["Location"].endswith("/sign-in")
    assert browser.get("/account").status_code in (302, 303)
    other = citizens.organisations.person()
    assert citizens.link(other, "meera", "other").issuer == citizens.two.base_url


def test_attack_19_a_link_is_made_with_the_account_that_began_it_and_no_other(citizens: Citizens) -> None:
    """CVE-2026-9087: the proof of a link was not bound to the identity and the account it was made for."""
    citizens.fresh_citizen("meera")
    attacker, victim = citizens.organisations.person(), citizens.organisations.person()
    browser = citizens.browser(attacker)
    back = citizens.one.walk(browser.begin(), "meera")
    # In the same browser somebody else signs in before it comes back: its half of the visit is still there.
    victim.sign_in(browser.client)
    answer = browser.come_back(back)
    assert answer.status_code == 400 and "Nothing was linked" in said(answer)
    assert _linked(citizens, attacker) == _linked(citizens, victim) == []


def test_attack_19_another_session_of_the_same_account_is_not_the_one_that_began(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    person = citizens.organisations.person()
    first = citizens.browser(person)
    back = citizens.one.walk(first.begin(), "meera")
    assert citizens.stranger().come_back(back).status_code == 400
    assert first.come_back(back).status_code == 400, "and the visit is used up"
    assert _linked(citizens, person) == []


def test_attack_19_two_answers_about_two_people_prove_nobody(
    citizens: Citizens, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = citizens.organisations.person()
    browser = citizens.browser(person)
    back = citizens.one.walk(browser.begin(), "farhan")
    monkeypatch.setattr(DigiLocker, "identity", lambda self, token: Identity("somebody-else-entirely", "Ravi"))
    answer = browser.come_back(back)
    assert answer.status_code == 409 and "somebody else" in said(answer)
    assert _linked(citizens, person) == []


def test_attack_19_a_refresh_that_brings_somebody_elses_tokens_ends_the_link(
    citizens: Citizens, monkeypatch: pytest.MonkeyPatch
) -> None:
    citizens.fresh_citizen("meera")
    person = citizens.organisations.person()
    link = citizens.link(person)
    with citizens.app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        db.session.execute(text("UPDATE citizen_links SET tokens_expire_at = now()"))
    theirs = Tokens("another-access-token", "another-refresh", identity=Identity("somebody-else-entirely", "Ravi"))
    monkeypatch.setattr(DigiLocker, "refresh", lambda self, token: theirs)
    assert citizens.browser(person).get(f"/account/citizen/links/{link.id}/lend").status_code == 409
    after = _linked(citizens, person)[0]
    assert after.broken_at is not None and after.sealed_tokens == link.sealed_tokens


def test_attack_19_an_identity_belongs_to_one_account_and_nobody_is_told_whose(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    owner, second = citizens.organisations.person("Owner Of It"), citizens.organisations.person()
    citizens.link(owner)
    browser = citizens.browser(second)
    answer = browser.come_back(citizens.one.walk(browser.begin(), "meera"))
    assert answer.status_code == 409 and "one account only" in said(answer)
    assert owner.name not in answer.text and owner.email not in answer.text
    assert _linked(citizens, second) == [] and len(_linked(citizens, owner)) == 1


def test_attack_19_another_identity_does_not_slip_under_a_link_that_stands(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    citizens.fresh_citizen("farhan")
    person = citizens.organisations.person()
    link = citizens.link(person, "meera")
    browser = citizens.browser(person)
    answer = browser.come_back(citizens.one.walk(browser.begin(), "farhan"))
    assert answer.status_code == 409 and "another identity" in said(answer)
    assert [row.subject for row in _linked(citizens, person)] == [link.subject]


def test_attack_19_nobody_is_made_to_link_the_attackers_locker(citizens: Citizens) -> None:
    """Forced linking: the attacker's code and state, opened in the victim's browser."""
    citizens.fresh_citizen("farhan")
    attacker, victim = citizens.organisations.person(), citizens.organisations.person()
    back = citizens.one.walk(citizens.browser(attacker).begin(), "farhan")
    assert citizens.browser(victim).come_back(back).status_code == 400
    assert _linked(citizens, victim) == []
    forged = citizens.browser(victim).client.post("/account/citizen/links/digilocker/begin")
    assert forged.status_code == 400, "and nobody is sent out without their own form"


def test_attack_19_nobody_is_signed_in_as_the_attacker(citizens: Citizens) -> None:
    """Login CSRF: the attacker's way back, opened in the victim's browser."""
    citizens.fresh_citizen("farhan")
    attacker = citizens.organisations.person()
    citizens.link(attacker, "farhan")
    back = citizens.one.walk(citizens.stranger().begin(sign_in=True), "farhan")
    victim = citizens.stranger()
    assert victim.come_back(back).status_code == 400
    assert victim.get("/account").status_code in (302, 303)


def test_attack_19_states_swapped_between_two_browsers_open_nothing(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    citizens.fresh_citizen("farhan")
    one, two = citizens.organisations.person(), citizens.organisations.person()
    first, second = citizens.browser(one), citizens.browser(two)
    here, there = first.begin(), second.begin()
    back_one, back_two = citizens.one.walk(here, "meera"), citizens.one.walk(there, "farhan")
    swapped_one = back_one.replace(state_of(here), state_of(there))
    swapped_two = back_two.replace(state_of(there), state_of(here))
    assert first.come_back(swapped_one).status_code == 400
    assert second.come_back(swapped_two).status_code == 400
    assert _linked(citizens, one) == _linked(citizens, two) == []


def test_attack_19_a_code_of_another_visit_is_not_taken(citizens: Citizens) -> None:
    """Code injection: a stolen code in one's own visit; the verifier of PKCE does not fit."""
    citizens.fresh_citizen("meera")
    victim, attacker = citizens.organisations.person(), citizens.organisations.person()
    stolen = parse_qs(urlsplit(citizens.one.walk(citizens.browser(victim).begin(), "meera")).query)["code"][0]
    browser = citizens.browser(attacker)
    own = citizens.one.walk(browser.begin(), "farhan")
    code = parse_qs(urlsplit(own).query)["code"][0]
    answer = browser.come_back(own.replace(code, stolen))
    assert answer.status_code == 400 and "Nothing was linked" in said(answer)
    assert _linked(citizens, attacker) == []


def test_attack_19_the_attackers_code_in_the_victims_own_visit_is_not_taken(citizens: Citizens) -> None:
    """Code injection the other way round: the victim set out; what comes back is the attacker's code."""
    citizens.fresh_citizen("farhan")
    victim, attacker = citizens.organisations.person(), citizens.organisations.person()
    own = parse_qs(urlsplit(citizens.one.walk(citizens.browser(attacker).begin(), "farhan")).query)["code"][0]
    browser = citizens.browser(victim)
    back = citizens.one.walk(browser.begin(), "kiran")
    answer = browser.come_back(back.replace(parse_qs(urlsplit(back).query)["code"][0], own))
    assert answer.status_code == 400 and "Nothing was linked" in said(answer)
    assert _linked(citizens, victim) == [] and _linked(citizens, attacker) == []
    stranger = citizens.stranger()
    back = citizens.one.walk(stranger.begin(sign_in=True), "kiran")
    stranger.come_back(back.replace(parse_qs(urlsplit(back).query)["code"][0], own))
    assert stranger.get("/account").status_code in (302, 303), "nor is anybody signed in by it"


def test_attack_19_a_code_of_one_locker_is_never_carried_to_the_other(
    citizens: Citizens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mix-up: begun at the one, back from the other; nobody gets to see the code (RFC 9700 section 4.4)."""
    citizens.fresh_citizen("meera")
    asked: list[str] = []
    monkeypatch.setattr(DigiLocker, "exchange", lambda self, code, verifier: asked.append(code))
    person = citizens.organisations.person()
    browser = citizens.browser(person)
    back = citizens.one.walk(browser.begin("digilocker"), "meera")
    answer = browser.come_back(back.replace("/citizen/digilocker/", "/citizen/other/"))
    assert answer.status_code == 400
    assert asked == [] and _linked(citizens, person) == []


def test_attack_19_a_way_back_works_once_and_for_ten_minutes(
    citizens: Citizens, monkeypatch: pytest.MonkeyPatch
) -> None:
    citizens.fresh_citizen("meera")
    person = citizens.organisations.person()
    browser = citizens.browser(person)
    back = citizens.one.walk(browser.begin(), "meera")
    assert browser.come_back(back).status_code == 303
    assert browser.come_back(back).status_code == 400, "replayed"
    monkeypatch.setattr(visits, "VISIT_LASTS", timedelta(seconds=-1))
    late = citizens.one.walk(browser.begin(), "meera")
    assert browser.come_back(late).status_code == 400, "too late"


@pytest.mark.parametrize("query", ["", "state=", "state=x&state=y&code=z", "state=%00&code=z", "code=z", "error=x"])
def test_attack_19_a_way_back_that_nobody_began_is_none(citizens: Citizens, query: str) -> None:
    person = citizens.organisations.person()
    assert citizens.browser(person).get(f"/citizen/digilocker/callback?{query}").status_code == 400
    assert _linked(citizens, person) == []


def test_attack_19_a_visit_for_signing_in_links_nothing_and_one_for_linking_signs_nobody_in(
    citizens: Citizens,
) -> None:
    citizens.fresh_citizen("meera")
    citizens.fresh_citizen("farhan")
    person = citizens.organisations.person()
    browser = citizens.browser(person)
    citizens.link(person)
    signed_out = citizens.stranger()
    back = citizens.one.walk(signed_out.begin(sign_in=True), "farhan")
    person.sign_in(signed_out.client)
    assert signed_out.come_back(back).headers["Location"].endswith("/sign-in")
    assert [row.subject for row in _linked(citizens, person)] == [citizens.one.people["meera"].id]
    back = citizens.one.walk(browser.begin(), "meera")
    browser.post("/sign-out")
    assert browser.come_back(back).status_code == 400
    assert browser.get("/account").status_code in (302, 303)


def test_attack_19_no_account_is_made_or_found_by_a_name_or_an_address(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    citizen = citizens.one.people["meera"]
    namesake = citizens.organisations.person(citizen.name)
    browser = citizens.stranger()
    answer = browser.come_back(citizens.one.walk(browser.begin(sign_in=True), "meera"))
    assert answer.status_code == 303
    page = said(browser.get(answer.headers["Location"]))
    assert "No account here is linked with this identity" in page and "link your citizen locker" in page
    assert namesake.email not in page
    with citizens.app.app_context(), tenancy.transaction(Tenant()):
        found = db.session.execute(text("SELECT lookup_person(:email)"), {"email": citizen.email or "x"}).scalar()
    assert found is None


AADHAAR = "234123412346"


def test_attack_19_an_aadhaar_number_is_never_kept_whoever_sends_it(
    citizens: Citizens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a name, a reference, a title: masked. As the subject: no answer at all."""
    assert verhoeff.is_valid(AADHAAR)
    citizens.fresh_citizen("meera")
    spaced = f"{AADHAAR[:4]} {AADHAAR[4:8]} {AADHAAR[8:]}"
    plain = DigiLocker._tokens

    def tainted(self: Any, ask: Any, *, wants_identity: bool) -> Tokens:
        def asked(session: Any) -> dict[str, Any]:
            return {
                **ask(session),
                "reference_key": AADHAAR,
                "scope": f"x {spaced}",
                "uid": AADHAAR,
                "aadhaar": AADHAAR,
            }

        return plain(self, asked, wants_identity=wants_identity)

    monkeypatch.setattr(DigiLocker, "_tokens", tainted)
    shown = DigiLocker.identity

    def identity(self: Any, token: str) -> Identity:
        return Identity(**IdentityAnswer().load({
            "digilockerid": shown(self, token).subject, "name": f"Meera {AADHAAR} Joshi",
            "dob": "14021991", "reference_key": spaced,
        }))  # fmt: skip

    monkeypatch.setattr(DigiLocker, "identity", identity)
    person = citizens.organisations.person()
    link = citizens.link(person)
    assert link.name == "Meera XXXXXXXX2346 Joshi" and link.reference_key == "XXXXXXXX2346"
    assert AADHAAR not in _everything_kept(citizens, person)
    assert spaced not in _everything_kept(citizens, person)


def _everything_kept(citizens: Citizens, person: Person) -> str:
    """Every row that this room keeps of a person, as text."""
    with citizens.app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        tables = [Base.metadata.tables[name] for name in (CitizenLink.__tablename__, CitizenProof.__tablename__)]
        tables += [Base.metadata.tables[Lending.__tablename__]]
        return "\n".join(str(row) for table in tables for row in db.session.execute(select(table)))


def test_attack_19_an_aadhaar_number_as_subject_is_no_answer(
    citizens: Citizens, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = DigiLocker._tokens

    def tainted(self: Any, ask: Any, *, wants_identity: bool) -> Tokens:
        return plain(self, lambda session: {**ask(session), "digilockerid": AADHAAR}, wants_identity=wants_identity)

    monkeypatch.setattr(DigiLocker, "_tokens", tainted)
    person = citizens.organisations.person()
    browser = citizens.browser(person)
    assert browser.come_back(citizens.one.walk(browser.begin(), "farhan")).status_code == 503
    assert _linked(citizens, person) == []


def test_tokens_and_states_are_nowhere_in_the_clear(citizens: Citizens) -> None:
    person = citizens.organisations.person()
    browser = citizens.browser(person)
    address = browser.begin()
    with citizens.app.app_context(), tenancy.transaction(Tenant()):
        found = db.session.execute(
            text("SELECT * FROM claim_citizen_state(:digest)"), {"digest": visits._digest(state_of(address))}
        ).one()
    assert state_of(address) not in str(found) and len(found.browser_digest) == 32
    assert not re.search(r"verifier", str(found._mapping.keys()))
    assert found.expires_at <= utc_now() + timedelta(minutes=10)

"""Pure decisions: Aadhaar numbers, names, days, what a citizen locker may answer, the operator's file."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError
from stdnum import verhoeff

from entitylocker.citizen.aadhaar import holds_aadhaar, mask_aadhaar
from entitylocker.citizen.adapters.schemas import DocumentAnswer, IdentityAnswer, TokenAnswer
from entitylocker.citizen.lockers import parse_lockers
from entitylocker.citizen.rules import PREFIX, end_of, lending_of, object_key, same_name, why_not_until
from entitylocker.citizen.visits import verifier_of
from entitylocker.config import BadSetting

NUMBER = "234123412346"
_numbers = st.from_regex(r"[2-9][0-9]{10}", fullmatch=True).map(lambda text: text + verhoeff.calc_check_digit(text))


@given(_numbers, st.sampled_from(["", " ", "-"]), st.sampled_from(["{}", "uid {} end", "({})", "नाम {}", "a:{};b"]))
def test_every_aadhaar_number_is_found_and_masked_wherever_it_stands(number: str, between: str, where: str) -> None:
    written = between.join([number[:4], number[4:8], number[8:]])
    text = where.format(written)
    assert holds_aadhaar(text)
    masked = mask_aadhaar(text)
    assert not holds_aadhaar(masked) and number[:8] not in masked.replace(" ", "").replace("-", "")
    assert masked.endswith(where.format(f"XXXXXXXX{number[8:]}")[-4:])


@pytest.mark.parametrize(
    "text", ["234123412345", "134123412346", "1234", "2341234123461", "c0ffee-234123412346x", "", "+91 98765 43210"]
)
def test_what_is_none_is_left_as_it_is(text: str) -> None:
    assert not holds_aadhaar(text) and mask_aadhaar(text) == text


def test_devanagari_digits_are_digits() -> None:
    western = str.maketrans("0123456789", "०१२३४५६७८९")
    assert holds_aadhaar(NUMBER.translate(western))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Meera Joshi", "MEERA  JOSHI", True),
        ("Joshi, Meera", "Smt. Meera Joshi", True),
        ("मीरा जोशी", "मीरा जोशी", True),
        ("Meera Joshi", "Meera R Joshi", False),
        ("लक्ष्\u200dमी शर्मा", "लक्ष्मी शर्मा", True),
        ("लक्ष्\u200dमी शर्मा", "लक्ष्\u200dमी शर्मा", True),
        ("Meera\u200b Joshi", "Meera Joshi", True),
        ("Meera Joshi", "", False),
        ("", "", False),
    ],
)
def test_names_are_compared_by_their_words(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same


def test_a_day_ends_at_midnight_in_india() -> None:
    assert end_of(date(2026, 11, 23)) == datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
    now = datetime(2026, 11, 23, 18, 29, tzinfo=UTC)
    assert why_not_until(date(2026, 11, 23), now) is None
    assert why_not_until(date(2026, 11, 23), now + timedelta(minutes=2)) is not None
    assert why_not_until(date(2027, 11, 23), now) is None
    assert why_not_until(date(2027, 11, 24), now) is not None


def test_a_key_of_the_store_leads_back_to_its_lending_and_to_nothing_of_the_vault() -> None:
    place, one = uuid4(), uuid4()
    assert lending_of(object_key(place, one)) == one
    assert not f"{place}/{one}".startswith(PREFIX)
    assert lending_of("lent/x") is None


def test_a_verifier_needs_both_halves() -> None:
    made = verifier_of("state", "secret")
    assert len(made) == 43 and made == verifier_of("state", "secret")
    assert len({made, verifier_of("state2", "secret"), verifier_of("state", "secret2")}) == 3


GOOD_TOKENS: dict[str, Any] = {"access_token": "a" * 40, "token_type": "Bearer", "expires_in": 3600}
GOOD_IDENTITY: dict[str, Any] = {"digilockerid": "1" * 8, "name": "Meera", "dob": "14021991"}


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": None}, {"access_token": ["x"]}, {"access_token": "x" * 5000}, {"token_type": "MAC"},
        {"expires_in": -1}, {"expires_in": "soon"}, {"consent_valid_till": "later"}, {"consent_valid_till": 10**18},
        {"scope": {"x": 1}}, {"refresh_token": 7},
    ],
)  # fmt: skip
def test_tokens_that_do_not_fit_are_no_answer(change: dict[str, Any]) -> None:
    TokenAnswer().load(GOOD_TOKENS)
    with pytest.raises(ValidationError):
        TokenAnswer().load({**GOOD_TOKENS, **change})


@pytest.mark.parametrize(
    "change",
    [{"digilockerid": NUMBER}, {"digilockerid": "a\n" * 8}, {"digilockerid": "x" * 65}, {"name": ""}, {"name": None}],
)
def test_identities_that_do_not_fit_are_no_answer(change: dict[str, Any]) -> None:
    assert IdentityAnswer().load(GOOD_IDENTITY)["born_on"] == date(1991, 2, 14)
    with pytest.raises(ValidationError):
        IdentityAnswer().load({**GOOD_IDENTITY, **change})


@pytest.mark.parametrize("uri", ["../../etc/passwd", "a b", "x" * 201, "http://elsewhere", "a?b=c", ""])
def test_the_uri_of_a_document_leads_nowhere_else(uri: str) -> None:
    with pytest.raises(ValidationError):
        DocumentAnswer().load({"uri": uri, "name": "x"})


ENTRY = {
    "key": "digilocker", "name": "DigiLocker", "adapter": "digilocker", "base_url": "https://d.example/",
    "client_id": "id", "client_secret": "secret",
}  # fmt: skip


def test_the_operators_file_is_read_and_its_secrets_are_not_shown() -> None:
    [entry] = parse_lockers([ENTRY])
    assert entry.base_url == "https://d.example" == entry.said_by
    assert "secret" not in repr(entry).replace("client_secret", "")


@pytest.mark.parametrize(
    "listed",
    [
        {}, ["x"], [{}], [{**ENTRY, "key": "No Spaces"}], [{**ENTRY, "adapter": "other"}], [{**ENTRY, "client_id": ""}],
        [{**ENTRY, "base_url": "ftp://d.example"}], [ENTRY, ENTRY], [ENTRY, {**ENTRY, "key": "second"}],
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_refused(listed: Any) -> None:
    with pytest.raises(BadSetting):
        parse_lockers(listed)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("15-01-2025", date(2025, 1, 15)),
        ("2019-08-24T13:51:40.080Z", date(2019, 8, 24)),
        ("2019-08-24T20:51:40.080Z", date(2019, 8, 25)),
        ("2019-08-24T20:51:40+05:30", date(2019, 8, 24)),
        ("2019-08-24T13:51:40", date(2019, 8, 24)),
        ("2019-08-24", date(2019, 8, 24)),
        ("31-02-2025", "31-02-2025"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("January 2025", "January 2025"),
        ("20250115", "20250115"),
        ("", ""),
    ],
)
def test_the_day_of_an_issue_is_read_as_published_and_else_stays_the_text(written: str, read: date | str) -> None:
    answer = {"uri": "in.gov.x-DRVLC-1", "name": "Driving licence", "date": written}
    assert DocumentAnswer().load(answer)["issued_on"] == read

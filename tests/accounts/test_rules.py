"""Passwords, addresses and the life of sessions, decided without any engine."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from entitylocker.accounts import rules
from entitylocker.accounts.errors import UnfitPassword
from entitylocker.accounts.schemas import EmailAddress, NewEmailAddress, one_line
from entitylocker.notifications.addresses import is_one_mailbox, same_mailbox

NAME, EMAIL = "Meera Joshi", "meera.joshi@sahyadri.example.in"


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "nine char",
        "x" * 129,
        "password123!",
        "Password2026",
        "1234567890",
        "qwertyuiop",
        "!!!administrator!!!",
        "aaaaaaaaaaaa",
        "ababababab",
        "meera.joshi@sahyadri.example.in",
        "Sahyadri2026",
        "Meera@Sahyadri",
        "Meera.Joshi",
        "MeeraJoshi2026",
        "123-meera joshi",
        "1q2w3e4r1q2w3e4r",
    ],
)
def test_passwords_that_are_tried_first_are_refused(password: str) -> None:
    with pytest.raises(UnfitPassword):
        rules.check_password(password, name=NAME, email=EMAIL)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "नमस्ते दुनिया आज", "Tr1cky-enough", "kq7!vzPw" + "x" * 120]
)
def test_other_passwords_are_taken(password: str) -> None:
    rules.check_password(password, name=NAME, email=EMAIL)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("qazxswedcvfr", "word or name"),
        ("abcdefghijklmno", "a row"),
        ("kq7!kq7!kq7!kq7!", "again and again"),
        ("ertyuiop[]", "side by side"),
        ("31/12/19901", "date or year"),
    ],
)
def test_a_guessable_password_is_refused_with_what_is_wrong(password: str, said: str) -> None:
    with pytest.raises(UnfitPassword) as refusal:
        rules.check_password(password, name=NAME, email=EMAIL)
    assert said in refusal.value.message
    assert "Please" in refusal.value.message, "and what to do"


def test_scoring_takes_bounded_time_whatever_is_typed() -> None:
    """Many signs that may stand for letters: the library tries every reading of them."""
    typed = "@/30!12[#5x20#8|2$([$!#/04/@9x7++!%[[$34<553!$#+#|625704!0${$5<1@/#+5<$1" + "z" * 50
    begun = time.process_time()
    rules.check_password(typed, name=NAME, email=EMAIL)
    assert time.process_time() - begun < 1.0


def test_length_counts_characters_as_they_are_hashed() -> None:
    # Ten code points that compose to five characters.
    with pytest.raises(UnfitPassword):
        rules.check_password("e\u0301" * 5, name=NAME, email=EMAIL)


@given(st.emails())
def test_addresses_are_compared_without_case_and_space(email: str) -> None:
    assert rules.normalise_email(f" {email.upper()} ") == rules.normalise_email(rules.normalise_email(email))


@pytest.mark.parametrize("sign", ["\u00b2", "\ufb01", "\u00df", "\u1e9e", "\u017f", "\uff41", "\u00aa"])
def test_a_new_address_is_nobody_elses_to_the_eyes_of_the_locker(sign: str) -> None:
    """Such a sign is compared as another, while mail servers keep the two mailboxes apart."""
    address = f"clerk{sign}@example.in"
    assert not is_one_mailbox(address) and not same_mailbox(address, rules.normalise_email(address))
    assert EmailAddress().deserialize(address) == address, "accounts of before are found by it"
    with pytest.raises(ValidationError, match="may be read as other letters"):
        NewEmailAddress().deserialize(address)


@pytest.mark.parametrize(
    "address", ["Asha.Rao@Example.IN", "cafe\u0301@example.in", "मीरा@डाक.भारत", "ölçü@example.in"]
)
def test_addresses_of_every_script_are_taken(address: str) -> None:
    taken = NewEmailAddress().deserialize(address)
    assert is_one_mailbox(taken) and same_mailbox(taken.upper(), f" {address} ")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("लक्ष्\u200dमी  शर्मा", "लक्ष्\u200dमी शर्मा"),
        ("র\u200d\u09cdযাব", "র\u200d\u09cdযাব"),
        ("मी\u200dरा \u200d जोशी\u200c", "मीरा जोशी"),
        ("Me\u200dera\u200b\tJo\u200cshi", "Meera Joshi"),
    ],
)
def test_joiners_stay_in_names_only_where_they_say_which_form_a_letter_takes(typed: str, kept: str) -> None:
    assert one_line(typed) == kept == one_line(kept)


def test_a_masked_address_does_not_show_whose_it_is() -> None:
    assert rules.mask_email("meera.joshi@example.in") == "m…@example.in"
    assert rules.mask_email("a password typed here") == "…"


NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "idle", "over"),
    [(0, 0, False), (3599, 599, False), (3600, 0, True), (0, 600, True), (99999, 99999, True)],
)
def test_a_session_ends_by_age_and_by_idleness(age: int, idle: int, over: bool) -> None:
    begun, seen = NOW - timedelta(seconds=age), NOW - timedelta(seconds=idle)
    assert rules.session_is_over(NOW, created_at=begun, last_seen_at=seen, lifetime=3600, idle=600) is over


def test_a_browser_is_named_as_its_owner_would() -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    phone = "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Mobile Safari/537.36"
    assert rules.describe_browser(firefox) == "Firefox, Linux"
    assert rules.describe_browser(phone) == "Chrome, Android"
    assert rules.describe_browser("curl/8") == ""


@pytest.mark.parametrize("name", ["See https://win.example", "a@b.example", "WWW.win.example", "win.example/now"])
def test_a_name_that_leads_somewhere_is_none(name: str) -> None:
    assert rules.holds_address(name)


@pytest.mark.parametrize("name", ["Example.com Private Limited", "M/s Rao & Sons", "S. K. Traders", "श्री ट्रेडर्स"])
def test_ordinary_names_lead_nowhere(name: str) -> None:
    assert not rules.holds_address(name)

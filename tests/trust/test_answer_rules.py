"""What looks like an answer, when to ask again: pure decisions, against lists and answers made for the purpose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from entitylocker.signatures.report import Wanted
from entitylocker.trust.answer_rules import (
    NoAnswer,
    is_askable,
    key_of,
    read_answer,
    refresh_at,
    retry_at,
)
from tests.trust.issuers import Issuer, as_pem

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEY = "80" + "0" * 62


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer("Rules", 1)


def test_a_list_is_read_as_der_and_as_text(issuer: Issuer) -> None:
    crl = issuer.list()
    assert read_answer("crl", crl)[0] == crl
    der, next_update = read_answer("crl", b"\n" + as_pem(crl))
    assert der == crl
    assert next_update is not None
    assert next_update > datetime.now(UTC)


@pytest.mark.parametrize(
    "body",
    [b"", b"0", b"<html>", b"0\x80", b"0\x82\x00\x05abc", b"0\x03abc", b"-----BEGIN X509 CRL-----\n!!!", b"0" * 999],
)
@pytest.mark.parametrize("kind", ["crl", "ocsp"])
def test_what_is_no_answer_is_not_kept(kind: str, body: bytes) -> None:
    with pytest.raises(NoAnswer):
        read_answer(kind, body)


def test_a_list_is_no_ocsp_answer_and_nothing_may_hang_on_behind(issuer: Issuer) -> None:
    for kind, body in (("ocsp", issuer.list()), ("crl", issuer.list() + b"x"), ("crl", issuer.list()[:-1])):
        with pytest.raises(NoAnswer):
            read_answer(kind, body)


@pytest.mark.parametrize("status", [one for one in ocsp.OCSPResponseStatus if one.value])
def test_an_answer_that_does_not_answer_is_none(status: ocsp.OCSPResponseStatus) -> None:
    built = ocsp.OCSPResponseBuilder.build_unsuccessful(status)
    with pytest.raises(NoAnswer, match=status.name.lower()):
        read_answer("ocsp", built.public_bytes(Encoding.DER))


@given(st.binary(max_size=400), st.sampled_from(["crl", "ocsp"]))
def test_no_bytes_at_all_raise_anything_else(body: bytes, kind: str) -> None:
    framed = b"0" + (bytes([len(body)]) if len(body) < 128 else b"\x82" + len(body).to_bytes(2, "big")) + body
    for each in (body, framed):
        with pytest.raises(NoAnswer):
            read_answer(kind, each)


def test_questions_have_one_key_each() -> None:
    one = Wanted("crl", "http://ca.example.in/a.crl")
    others = [
        Wanted("crl", "http://ca.example.in/b.crl"),
        Wanted("ocsp", "http://ca.example.in/a.crl", "MAo="),
        Wanted("ocsp", "http://ca.example.in/a.crl", "MAs="),
    ]
    assert len({key_of(each) for each in [one, *others]}) == 4
    assert key_of(one) == key_of(Wanted("crl", "http://ca.example.in/a.crl"))


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("ldap", "ldap://ca.example.in/"),
        Wanted("crl", "http://ca.example.in/" + "a" * 2048),
        Wanted("crl", "http://ca.example.in/", "MAo="),
        Wanted("ocsp", "http://ca.example.in/"),
        Wanted("ocsp", "http://ca.example.in/", "no base64!"),
        Wanted("ocsp", "http://ca.example.in/", "MAo=" * 2000),
    ],
)
def test_questions_that_make_no_sense_are_not_kept(wanted: Wanted) -> None:
    assert not is_askable(wanted)


def test_answers_are_asked_for_again_before_they_end_and_daily() -> None:
    assert NOW + 0.7 * HOUR < refresh_at(KEY, NOW, NOW + HOUR) < NOW + HOUR
    assert NOW + 0.9 * DAY < refresh_at(KEY, NOW, NOW + 90 * DAY) <= NOW + DAY
    assert NOW + 0.7 * DAY < refresh_at(KEY, NOW, None) < NOW + DAY
    assert refresh_at(KEY, NOW, NOW + timedelta(seconds=1)) == NOW + timedelta(minutes=10)
    assert NOW + HOUR < refresh_at(KEY, NOW, NOW - DAY) < NOW + DAY


def test_after_failures_the_pauses_grow_to_a_day_and_no_further() -> None:
    pauses = [retry_at(KEY, NOW, failures) - NOW for failures in (1, 2, 3, 10, 1000)]
    assert pauses == sorted(pauses)
    assert timedelta(minutes=4) < pauses[0] <= timedelta(minutes=5)
    assert 0.9 * DAY < pauses[-1] <= DAY

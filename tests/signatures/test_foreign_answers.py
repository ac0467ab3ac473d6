"""Answers about revocation that somebody slipped in: forged, broken, out of date, or about less than it seems."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509 import ocsp
from pyhanko.sign.validation.dss import DocumentSecurityStore

from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.report import SignatureReport
from entitylocker.signatures.revocation_answers import CRL, OCSP, Answer, Evidence, find_answers
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Verdict
from tests.signatures import attacks
from tests.signatures.trial_pki import CRL_URL, NOW, OCSP_URL, REVOKED_AT, TrialPki

DAY = timedelta(days=1)
STRANGER = ec.generate_private_key(ec.SECP256R1())


def first(data: bytes, trust: TrustStore, at: datetime = NOW, revocation: str = "if-known") -> SignatureReport:
    return check_bytes(data, trust=trust, at=at, revocation=revocation).signatures[0]


def with_answers(trial: TrialPki, *, crls: tuple[bytes, ...] = (), ocsps: tuple[bytes, ...] = ()) -> TrustStore:
    return TrustStore(trial.roots.roots, (), crls, ocsps)


def loaded(trial: TrialPki, name: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(trial.certificate(name).dump())


def key_of(trial: TrialPki, name: str) -> ec.EllipticCurvePrivateKey:
    key = load_der_private_key(trial.private_key(name).dump(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def list_of(
    trial: TrialPki,
    *extensions: x509.ExtensionType,
    key: ec.EllipticCurvePrivateKey | None = None,
    naming: str | None = None,
    critical: bool = True,
) -> bytes:
    """A list in the name of the issuing authority, made a day ago, signed by it unless `key` is another's."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(loaded(trial, "issuing").subject)
    builder = builder.last_update(NOW - DAY).next_update(NOW + 9 * DAY)
    for one in extensions:
        builder = builder.add_extension(one, critical=critical)
    if naming is not None:
        entry = x509.RevokedCertificateBuilder().serial_number(loaded(trial, naming).serial_number)
        builder = builder.add_revoked_certificate(entry.revocation_date(REVOKED_AT).build())
    return builder.sign(key or key_of(trial, "issuing"), hashes.SHA256()).public_bytes(Encoding.DER)


def good_response(trial: TrialPki, name: str, at: datetime, next_update: datetime | None) -> bytes:
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=loaded(trial, name),
        issuer=loaded(trial, "issuing"),
        algorithm=hashes.SHA1(),  # noqa: S303
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=at,
        next_update=next_update,
        revocation_time=None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, loaded(trial, "issuing"))
    return builder.sign(key_of(trial, "issuing"), hashes.SHA256()).public_bytes(Encoding.DER)


def with_response_in_store(trial: TrialPki, data: bytes, response: bytes) -> bytes:
    target = io.BytesIO(data)
    certificates = [trial.certificate(name) for name in ("issuing", "root")]
    answer = asn1_ocsp.OCSPResponse.load(response)
    DocumentSecurityStore.add_dss(target, sig_contents=None, certs=certificates, ocsps=[answer])
    return target.getvalue()


@pytest.fixture(scope="module")
def signed(trial: TrialPki) -> bytes:
    return trial.sign(attacks.paper())


# What the document brings was chosen by whoever wrote it.


@pytest.mark.parametrize("next_update", [None, NOW + 300 * DAY])
def test_what_the_document_brings_never_spares_asking(trial: TrialPki, next_update: datetime | None) -> None:
    """A true answer from a month before the revocation, in the file of a signer who was revoked since."""
    before = REVOKED_AT - 30 * DAY
    paper = with_response_in_store(
        trial, trial.sign(attacks.paper(), "revoked"), good_response(trial, "revoked", before, next_update)
    )
    found = first(paper, with_answers(trial, crls=(trial.crl("root"),)))
    assert {OCSP_URL, CRL_URL} <= {one.url for one in found.wanted}
    asked = first(paper, with_answers(trial, crls=(trial.crl("root"),), ocsps=(trial.ocsp("revoked"),)))
    assert (asked.verdict, asked.revoked_at) == (Verdict.REVOKED, REVOKED_AT)


def test_a_store_that_confirms_is_asked_about_as_well(trial: TrialPki) -> None:
    found = first(trial.with_store(trial.sign(attacks.paper())), trial.roots)
    assert found.still_good is True
    assert {OCSP_URL, CRL_URL} <= {one.url for one in found.wanted}


@pytest.mark.parametrize(("age", "holds"), [(timedelta(minutes=29), True), (timedelta(minutes=31), False)])
def test_an_answer_without_an_end_holds_for_half_an_hour(
    trial: TrialPki, signed: bytes, age: timedelta, holds: bool
) -> None:
    response = good_response(trial, "signer", NOW - age, None)
    found = first(signed, with_answers(trial, crls=(trial.crl("root"),), ocsps=(response,)))
    assert (found.still_good is True, found.wanted == ()) == (holds, holds)
    assert Answer(OCSP, "handed_over", NOW - age, None, None).holds_at(NOW) is holds


# Lists that are about less than everything may revoke, and confirm nothing.


def scope(**what: bool) -> x509.IssuingDistributionPoint:
    names = ("only_contains_user_certs", "only_contains_ca_certs", "only_contains_attribute_certs", "indirect_crl")
    flags = {name: what.get(name, False) for name in names}
    reasons = frozenset([x509.ReasonFlags.key_compromise]) if what.get("some_reasons") else None
    url = CRL_URL if what.get("own_point") else "http://elsewhere.test/list.crl"
    point = [x509.UniformResourceIdentifier(url)] if what.get("own_point") or what.get("other_point") else None
    return x509.IssuingDistributionPoint(full_name=point, relative_name=None, only_some_reasons=reasons, **flags)


PARTIAL = {
    "delta": x509.DeltaCRLIndicator(1),
    "only_authorities": scope(only_contains_ca_certs=True),
    "only_attributes": scope(only_contains_attribute_certs=True),
    "only_some_reasons": scope(some_reasons=True),
    "another_point": scope(other_point=True),
    "unheard_of": x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
}
WHOLE = {
    "only_persons": scope(only_contains_user_certs=True),
    "its_own_point": scope(own_point=True),
    "numbered": x509.CRLNumber(7),
}


@pytest.mark.parametrize("kind", PARTIAL)
def test_a_list_about_less_confirms_nothing_and_spares_nothing(trial: TrialPki, signed: bytes, kind: str) -> None:
    narrow = list_of(trial, PARTIAL[kind])
    assert find_answers(loaded(trial, "signer"), loaded(trial, "issuing"), [Evidence(CRL, narrow)]) == []
    found = first(signed, with_answers(trial, crls=(trial.crl("root"), narrow)))
    assert (found.verdict, found.still_good) == (Verdict.VALID, None)
    assert CRL_URL in {one.url for one in found.wanted}


@pytest.mark.parametrize("kind", [*PARTIAL, *WHOLE])
def test_a_list_about_less_revokes(trial: TrialPki, signed: bytes, kind: str) -> None:
    naming = list_of(trial, {**PARTIAL, **WHOLE}[kind], naming="signer")
    found = first(signed, with_answers(trial, crls=(trial.crl("root"), naming)))
    assert (found.verdict, found.revoked_at) == (Verdict.REVOKED, REVOKED_AT)


@pytest.mark.parametrize("kind", WHOLE)
def test_a_list_about_all_that_matters_confirms(trial: TrialPki, signed: bytes, kind: str) -> None:
    found = first(signed, with_answers(trial, crls=(trial.crl("root"), list_of(trial, WHOLE[kind]))))
    assert (found.verdict, found.still_good, found.wanted) == (Verdict.VALID, True, ())


def test_an_indirect_list_is_left_to_the_path_validator(trial: TrialPki) -> None:
    indirect = list_of(trial, scope(indirect_crl=True), naming="signer")
    assert find_answers(loaded(trial, "signer"), loaded(trial, "issuing"), [Evidence(CRL, indirect)]) == []


# Forged and broken ones say nothing, and break nothing.


def forged(trial: TrialPki) -> dict[str, TrustStore]:
    root, own = trial.crl("root"), trial.crl("issuing")
    wrong = bytearray(good_response(trial, "signer", NOW, NOW + DAY))
    wrong[-1] ^= 1
    return {
        "list": with_answers(trial, crls=(root, list_of(trial, key=STRANGER))),
        "list_that_revokes": with_answers(trial, crls=(root, list_of(trial, key=STRANGER, naming="signer"))),
        "indirect": with_answers(trial, crls=(root, list_of(trial, scope(indirect_crl=True), key=STRANGER))),
        "altered": with_answers(trial, crls=(root, own[:-1] + bytes([own[-1] ^ 1]))),
        "response": with_answers(trial, crls=(root,), ocsps=(bytes(wrong),)),
    }


@pytest.mark.parametrize("kind", ["list", "list_that_revokes", "indirect", "altered", "response"])
def test_a_forged_answer_changes_nothing(trial: TrialPki, signed: bytes, kind: str) -> None:
    found = first(signed, forged(trial)[kind])
    assert (found.verdict, found.reason, found.still_good) == (Verdict.VALID, None, None)
    assert CRL_URL in {one.url for one in found.wanted}
    strict = first(signed, forged(trial)[kind], revocation="require")
    assert (strict.verdict, strict.reason) == (Verdict.SIGNER_NOT_CONFIRMED, "revocation_unknown")


def test_beside_a_forged_answer_a_true_one_counts(trial: TrialPki, signed: bytes) -> None:
    fake = list_of(trial, key=STRANGER)
    both = with_answers(trial, crls=(trial.crl("root"), fake, trial.crl("issuing")))
    assert (first(signed, both).verdict, first(signed, both).still_good) == (Verdict.VALID, True)
    revoked = first(trial.sign(attacks.paper(), "revoked"), both)
    assert (revoked.verdict, revoked.revoked_at) == (Verdict.REVOKED, REVOKED_AT)


BROKEN = [b"", b"junk", b"\x04\x01a", b"\x30\x03\x02\x01\x01", b"\x30\x80", b"\x30\x03\x0a\x01\x00"]


@pytest.mark.parametrize("body", BROKEN)
def test_an_answer_that_cannot_be_read_is_none(trial: TrialPki, signed: bytes, body: bytes) -> None:
    lists = (trial.crl("root"), trial.crl("issuing"))
    assert first(signed, with_answers(trial, crls=(*lists, body))).still_good is True
    assert first(signed, with_answers(trial, crls=lists, ocsps=(body,))).still_good is True


def test_no_byte_of_a_list_makes_a_file_uncheckable(trial: TrialPki, signed: bytes) -> None:
    body = list_of(trial, x509.CRLNumber(7), naming="second", critical=False)
    for place in range(0, len(body), 3):
        bent = body[:place] + bytes([body[place] ^ 0xFF]) + body[place + 1 :]
        found = first(signed, with_answers(trial, crls=(trial.crl("root"), bent)))
        assert (found.verdict, found.still_good) == (Verdict.VALID, None), place

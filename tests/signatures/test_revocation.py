"""What is known about revocation: by whose word, of when, and what would have to be fetched."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator import ValidationContext

from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.report import Revocation, SignatureReport, Wanted
from entitylocker.signatures.revocation_answers import CRL, OCSP, Evidence, find_answers
from entitylocker.signatures.standing import find_standing
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Verdict
from entitylocker.signatures.wanted import capped, questions_about
from tests.pki import Pki
from tests.signatures import attacks
from tests.signatures.trial_pki import CRL_URL, NOW, OCSP_URL, REVOKED_AT, TrialPki

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def signed(trial: TrialPki) -> bytes:
    return trial.sign(attacks.paper())


def first(data: bytes, trust: TrustStore, at: datetime = NOW, revocation: str = "if-known") -> SignatureReport:
    return check_bytes(data, trust=trust, at=at, revocation=revocation).signatures[0]


def with_answers(trial: TrialPki, *, crls: tuple[bytes, ...] = (), ocsps: tuple[bytes, ...] = ()) -> TrustStore:
    return TrustStore(trial.roots.roots, (), crls, ocsps)


def test_a_list_confirms(trial: TrialPki, signed: bytes) -> None:
    found = first(signed, trial.trust)
    assert found.still_good is True
    assert found.revocation is not None
    assert (found.revocation.source, found.revocation.embedded) == ("crl", False)
    assert found.revocation.produced_at <= NOW <= (found.revocation.next_update or NOW)
    assert found.wanted == ()


def test_a_response_confirms(trial: TrialPki, signed: bytes) -> None:
    found = first(signed, with_answers(trial, crls=(trial.crl("root"),), ocsps=(trial.ocsp("signer"),)))
    assert (found.still_good, found.verdict) == (True, Verdict.VALID)
    assert found.revocation == Revocation("ocsp", False, NOW, NOW + timedelta(minutes=10))


def test_the_documents_own_store_confirms(trial: TrialPki) -> None:
    found = first(trial.with_store(trial.sign(attacks.paper(), stamped=NOW)), trial.roots)
    assert found.revocation is not None
    assert (found.still_good, found.revocation.embedded) == (True, True)


def test_a_response_revokes(trial: TrialPki) -> None:
    found = first(trial.sign(attacks.paper(), "revoked"), with_answers(trial, ocsps=(trial.ocsp("revoked"),)))
    assert (found.verdict, found.revoked_at, found.still_good) == (Verdict.REVOKED, REVOKED_AT, False)
    assert found.revocation is None


def test_an_answer_about_another_certificate_confirms_nothing(trial: TrialPki, signed: bytes) -> None:
    found = first(signed, with_answers(trial, crls=(trial.crl("root"),), ocsps=(trial.ocsp("second"),)))
    assert (found.still_good, found.revocation) == (None, None)


def test_an_old_list_confirms_nothing_and_a_new_one_is_wanted(trial: TrialPki, signed: bytes) -> None:
    old = NOW - timedelta(days=400)
    found = first(signed, with_answers(trial, crls=(trial.crl("root", old), trial.crl("issuing", old))))
    assert (found.still_good, found.revocation, found.verdict) == (None, None, Verdict.VALID)
    assert CRL_URL in {one.url for one in found.wanted}
    strict = first(
        signed, with_answers(trial, crls=(trial.crl("root", old), trial.crl("issuing", old))), revocation="require"
    )
    assert (strict.verdict, strict.reason, strict.sub_indication) == (
        Verdict.SIGNER_NOT_CONFIRMED,
        "revocation_unknown",
        "TRY_LATER",
    )


def test_what_is_wanted_of_a_trusted_path(trial: TrialPki, signed: bytes) -> None:
    wanted = first(signed, trial.roots).wanted
    assert [(one.kind, one.url) for one in wanted] == [
        (CRL, CRL_URL.replace("issuing", "root")),
        (OCSP, OCSP_URL),
        (CRL, CRL_URL),
    ]
    request = ocsp.load_der_ocsp_request(base64.b64decode(wanted[1].request))
    assert request.serial_number == trial.certificate("signer").serial_number
    assert request.issuer_key_hash == trial.certificate("issuing").public_key.sha1
    assert wanted[0].request == ""


def test_nothing_is_wanted_of_a_stranger(trial: TrialPki, signed: bytes) -> None:
    assert first(signed, TrustStore()).wanted == ()


def test_of_time_stamps_it_is_wanted_as_well(trial: TrialPki) -> None:
    found = first(trial.sign(attacks.paper(), stamped=NOW), trial.roots)
    assert len({one.request for one in found.wanted if one.kind == OCSP}) == 1
    assert [one.url for one in found.wanted].count(CRL_URL) == 1


# A certificate that has expired: authorities forget what they knew of it.

START, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)
_KEY = ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


_STRANGER = ec.generate_private_key(ec.SECP256R1())


def _certificate(
    subject: str,
    *extensions: x509.ExtensionType,
    end: datetime = END,
    key: ec.EllipticCurvePrivateKey = _KEY,
    by: ec.EllipticCurvePrivateKey = _KEY,
) -> x509.Certificate:
    builder = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name("A"))
    builder = builder.public_key(key.public_key()).serial_number(77).not_valid_before(START).not_valid_after(end)
    for one in extensions:
        builder = builder.add_extension(one, critical=False)
    return builder.sign(by, hashes.SHA256())


def _list(produced: datetime, *, keeps_from: datetime | None = None, name: str = "A") -> Evidence:
    builder = x509.CertificateRevocationListBuilder().issuer_name(_name(name))
    builder = builder.last_update(produced).next_update(produced + 30 * DAY)
    if keeps_from is not None:
        value = core.GeneralizedTime(keeps_from).dump()
        oid = x509.ObjectIdentifier("2.5.29.60")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
    return Evidence(CRL, builder.sign(_KEY, hashes.SHA256()).public_bytes(Encoding.DER))


@pytest.mark.parametrize(
    ("evidence", "confirmed"),
    [
        (_list(datetime(2021, 6, 1, tzinfo=UTC)), True),
        (_list(datetime(2021, 2, 1, tzinfo=UTC)), False),  # overdue when the certificate was used
        (_list(datetime(2026, 6, 1, tzinfo=UTC)), False),  # from after the expiry: it no longer names it
        (_list(datetime(2026, 6, 1, tzinfo=UTC), keeps_from=START), True),
        (_list(datetime(2026, 6, 1, tzinfo=UTC), keeps_from=END + DAY), False),
        (_list(datetime(2026, 12, 1, tzinfo=UTC), keeps_from=START), False),  # not yet there
    ],
)
def test_silence_about_an_expired_certificate(evidence: Evidence, confirmed: bool) -> None:
    path = [_certificate(name).public_bytes(Encoding.DER) for name in ("A", "B")]
    standing = find_standing(path, [evidence], at=NOW, moment=datetime(2021, 5, 20, tzinfo=UTC))
    assert standing.confirmed is confirmed


def test_a_list_of_another_name_or_key_is_no_answer() -> None:
    certificate, issuer = _certificate("B"), _certificate("A")
    other = Evidence(CRL, b"\x30\x03\x02\x01\x01")
    assert find_answers(certificate, issuer, [_list(NOW, name="C"), other, Evidence(OCSP, b"")]) == []
    assert len(find_answers(certificate, issuer, [_list(NOW)])) == 1


def _response(responder: x509.Certificate, key: ec.EllipticCurvePrivateKey = _KEY) -> Evidence:
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=_certificate("B"),
        issuer=_certificate("A"),
        algorithm=hashes.SHA256(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=START + DAY,
        next_update=None,
        revocation_time=None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, responder).certificates([responder])
    return Evidence(OCSP, builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))


_PURPOSE = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.OCSP_SIGNING])
_LATE = NOW + 9000 * DAY


@pytest.mark.parametrize(
    ("response", "counts"),
    [
        (_response(_certificate("A")), True),
        (_response(_certificate("R", _PURPOSE, end=_LATE, key=_STRANGER), _STRANGER), True),
        (_response(_certificate("R", end=_LATE, key=_STRANGER), _STRANGER), False),  # not made for it
        (_response(_certificate("R", _PURPOSE, key=_STRANGER), _STRANGER), False),  # had expired when it answered
        (_response(_certificate("R", _PURPOSE, end=_LATE, key=_STRANGER, by=_STRANGER), _STRANGER), False),
        (_response(_certificate("A", key=_STRANGER), _STRANGER), False),  # somebody of the same name
    ],
)
def test_who_may_answer(response: Evidence, counts: bool) -> None:
    assert len(find_answers(_certificate("B"), _certificate("A"), [response])) == counts


def test_an_answer_for_another_issuer() -> None:
    namesake = _certificate("A", key=_STRANGER)
    assert find_answers(_certificate("B"), namesake, [_response(_certificate("A"))]) == []


# Addresses come from certificates, and so from strangers.


def _pointing_to(*urls: str) -> x509.Certificate:
    points = [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None) for url in urls]
    access = [
        x509.AccessDescription(x509.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url))
        for url in urls
    ]
    return _certificate("B", x509.CRLDistributionPoints(points), x509.AuthorityInformationAccess(access))


@pytest.mark.parametrize(
    "url",
    [
        "ldap://directory.test/cn=list",
        "file:///etc/passwd",
        "http:///no-host",
        "http://user:password@host.test/",
        "http://host.test/a b",
        "http://host.test/\x07",
        "http://[::1/",
        "http://host.test/" + "a" * 2000,
    ],
)
def test_addresses_that_nobody_should_ask(url: str) -> None:
    assert list(questions_about(_pointing_to(url), _certificate("A"), expired=False)) == []


def test_only_so_many_addresses() -> None:
    many = _pointing_to(*(f"http://host.test/{number}" for number in range(50)))
    questions = list(questions_about(many, _certificate("A"), expired=False))
    assert len(questions) == 8
    assert len(capped(Wanted(CRL, f"http://host.test/{number}") for number in range(50))) == 16
    assert len(capped([Wanted(CRL, "http://host.test/")] * 3)) == 1


def test_of_an_expired_certificate_no_responder_knows() -> None:
    asked = questions_about(_pointing_to("https://host.test/"), _certificate("A"), expired=True)
    assert [one.kind for one in asked] == [CRL]


def test_a_list_inside_the_signature_confirms(trial: TrialPki) -> None:
    """Adobe's attribute: the lists come with the signature itself."""
    lists = ValidationContext(
        trust_roots=[trial.certificate("root")],
        crls=[trial.crl(name) for name in ("root", "issuing")],
        allow_fetching=False,
        moment=NOW,
    )
    adobe = {"subfilter": SigSeedSubFilter.ADOBE_PKCS7_DETACHED, "embed_validation_info": True}
    found = first(trial.sign(attacks.paper(), validation_context=lists, **adobe), trial.roots)
    assert found.revocation is not None
    assert (found.still_good, found.revocation.embedded, found.level) == (True, True, "PKCS#7")


def test_under_require_also_an_expired_signer_must_be_confirmed(pki: Pki) -> None:
    """The lists are from after the expiry; they say nothing about him any more."""
    paper = pki.make_signed_pdf("expired")
    lenient = check_bytes(paper, trust=pki.trust)
    strict = check_bytes(paper, trust=pki.trust, revocation="require")
    assert (lenient.verdict, lenient.policy) == (Verdict.VALID_AT_CLAIMED_TIME, "if-known")
    assert (strict.verdict, strict.reason, strict.policy) == (
        Verdict.SIGNER_NOT_CONFIRMED,
        "revocation_unknown",
        "require",
    )

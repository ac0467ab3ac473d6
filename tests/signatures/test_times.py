"""Time stamps, levels, and algorithms that were good enough once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import algos
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import pdf_byterange

from entitylocker.signatures.algorithms import DatedAlgorithms, end_of_digest, end_of_key, was_good_enough
from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.report import Report
from entitylocker.signatures.verdicts import Verdict
from tests.pki import Pki
from tests.signatures import attacks
from tests.signatures.trial_pki import NOW, TrialPki

LONG_AGO = datetime(2011, 3, 1, tzinfo=UTC)
PKCS7 = SigSeedSubFilter.ADOBE_PKCS7_DETACHED


def check(trial: TrialPki, data: bytes) -> Report:
    return check_bytes(data, trust=trial.trust, at=NOW)


# Levels (EN 319 142-1, 6.1).


def test_levels(trial: TrialPki) -> None:
    plain, stamped = trial.sign(attacks.paper()), trial.sign(attacks.paper(), stamped=NOW)
    stored = trial.with_store(stamped)
    made = {
        "B-B": plain,
        "B-T": stamped,
        "B-LT": stored,
        "B-LTA": trial.stamp(stored),
        "PKCS#7": trial.sign(attacks.paper(), subfilter=PKCS7),
    }
    assert {level: check(trial, data).signatures[0].level for level, data in made.items()} == {
        level: level for level in made
    }


def test_a_store_without_lists_for_the_path_is_no_long_term_data(trial: TrialPki) -> None:
    half = trial.with_store(trial.sign(attacks.paper(), stamped=NOW), names=["root"])
    assert check(trial, half).signatures[0].level == "B-T"


def test_a_document_time_stamp_makes_b_t(trial: TrialPki) -> None:
    report = check(trial, trial.stamp(trial.sign(attacks.paper())))
    assert [one.level for one in report.signatures] == ["B-T", None]


def test_without_the_attribute_that_names_the_certificate_there_is_no_level(
    trial: TrialPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entitylocker.signatures.levels.get_signing_cert_attr", lambda attributes: None)
    assert check(trial, trial.sign(attacks.paper())).signatures[0].level == "PAdES"


# Document time stamps.


def test_a_document_time_stamp_proves_what_it_covers(trial: TrialPki) -> None:
    signature, stamp = check(trial, trial.stamp(trial.sign(attacks.paper()))).signatures
    assert (signature.proven_at, signature.verdict) == (NOW, Verdict.VALID)
    assert (stamp.kind, stamp.verdict, stamp.proven_at) == ("timestamp", Verdict.VALID, NOW)


def test_a_document_time_stamp_of_the_wrong_type_is_read(trial: TrialPki, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many programs write /Type /Sig (ISO 32000-2, table 255, wants /DocTimeStamp)."""
    made = pdf_byterange.DocumentTimestamp.__init__

    def mistyped(self: Any, *arguments: Any, **options: Any) -> None:
        made(self, *arguments, **options)
        self["/Type"] = attacks.NameObject("/Sig")

    monkeypatch.setattr(pdf_byterange.DocumentTimestamp, "__init__", mistyped)
    stamped = trial.stamp(trial.sign(attacks.paper()))
    assert b"/DocTimeStamp" not in stamped
    signature, stamp = check(trial, stamped).signatures
    assert (signature.verdict, stamp.kind, stamp.verdict) == (Verdict.VALID, "timestamp", Verdict.VALID)


def test_a_time_stamp_alone_is_nobodys_signature(trial: TrialPki) -> None:
    report = check(trial, trial.stamp(attacks.paper()))
    assert (report.verdict, report.reason) == (Verdict.SIGNER_NOT_CONFIRMED, "only_timestamp")


# Algorithms.


def test_short_keys_need_proof_of_age(trial: TrialPki) -> None:
    today = check(trial, trial.sign(attacks.paper(), "short"))
    then = check(trial, trial.sign(attacks.paper(), "short", stamped=LONG_AGO))
    assert (today.verdict, then.verdict) == (Verdict.OLD_CRYPTOGRAPHY, Verdict.VALID)
    assert then.signatures[0].proven_at == LONG_AGO


def test_sha1_needs_proof_of_age(trial: TrialPki) -> None:
    options = {"md_algorithm": "sha1", "subfilter": PKCS7}
    signed = trial.sign(attacks.paper(), "rsa", **options)
    too_late = trial.stamp(signed, datetime(2015, 1, 1, tzinfo=UTC))
    for data in (signed, too_late):
        assert check(trial, data).verdict is Verdict.OLD_CRYPTOGRAPHY
    assert check(trial, trial.stamp(signed, LONG_AGO)).verdict is Verdict.VALID


def test_a_time_stamp_that_rests_on_sha1_itself_proves_nothing(trial: TrialPki) -> None:
    """The stamp inside the signature uses its digest; no newer one covers it."""
    data = trial.sign(attacks.paper(), "rsa", stamped=LONG_AGO, md_algorithm="sha1", subfilter=PKCS7)
    (one,) = check(trial, data).signatures
    assert (one.verdict, one.proven_at) == (Verdict.OLD_CRYPTOGRAPHY, None)
    (one, stamp) = check(trial, trial.stamp(data, LONG_AGO + timedelta(days=1))).signatures
    assert (one.verdict, one.proven_at, stamp.verdict) == (Verdict.VALID, LONG_AGO, Verdict.VALID)


def test_a_claimed_time_is_no_proof_of_age(pki: Pki) -> None:
    old = pki.make_signed_pdf("old_cryptography", at=LONG_AGO)
    report = check_bytes(old, trust=pki.trust)
    assert report.verdict is Verdict.OLD_CRYPTOGRAPHY


def test_a_certificate_younger_than_the_end_of_sha1_cannot_be_saved_by_proof(pki: Pki) -> None:
    (one,) = check_bytes(pki.make_signed_pdf("old_cryptography"), trust=pki.trust).signatures
    assert one.sub_indication == "CRYPTO_CONSTRAINTS_FAILURE"


@pytest.mark.parametrize(
    ("kind", "bits", "good_in", "good_now"),
    [
        ("rsa", 512, None, False),
        ("rsa", 1024, 2012, False),
        ("rsa", 1536, 2016, False),
        ("rsa", 2048, 2026, True),
        ("dsa", 1024, 2012, False),
        ("ec", 160, 2012, False),
        ("ec", 224, 2016, False),
        ("ec", 256, 2026, True),
        ("ed25519", 256, 2026, True),
    ],
)
def test_keys(kind: str, bits: int, good_in: int | None, good_now: bool) -> None:
    end = end_of_key(kind, bits)
    assert (end is None) is good_now
    if good_in is not None and end is not None:
        assert datetime(good_in, 12, 31, tzinfo=UTC) < end <= datetime(good_in + 1, 1, 1, tzinfo=UTC)


def test_digests() -> None:
    assert end_of_digest("sha256") is end_of_digest("sha3_256") is None
    end = end_of_digest("sha1")
    assert end is not None
    assert was_good_enough("sha1", end - timedelta(days=1))
    assert not was_good_enough("sha1", end)
    assert not was_good_enough("sha1", None)
    assert was_good_enough("sha256", None)


@pytest.mark.parametrize("mechanism", ["sha1_rsa", "sha1_ecdsa", "md5_rsa"])
def test_a_mechanism_is_as_good_as_its_digest(mechanism: str) -> None:
    algorithm = algos.SignedDigestAlgorithm({"algorithm": mechanism})
    verdict = DatedAlgorithms(NOW).signature_algorithm_allowed(algorithm, LONG_AGO, None)
    assert not verdict
    assert verdict.not_allowed_after is not None
    newer = algos.SignedDigestAlgorithm({"algorithm": mechanism.replace("sha1", "sha256").replace("md5", "sha256")})
    assert DatedAlgorithms(NOW).signature_algorithm_allowed(newer, LONG_AGO, None)


# adbe.pkcs7.sha1.


def test_an_envelope_is_old_though_its_digest_is_new(pki: Pki) -> None:
    (one,) = check_bytes(pki.enveloped(), trust=pki.trust).signatures
    assert (one.verdict, one.algorithm, one.level) == (Verdict.OLD_CRYPTOGRAPHY, "sha256_rsa sha256", "PKCS#7")

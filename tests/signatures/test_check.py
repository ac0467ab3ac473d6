"""What the check says of files whose history is known, because they were made here."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime

import pikepdf
import pytest

from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.report import Report
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Colour, Verdict, colour
from tests.pki import KINDS, Pki, chain_of_objects

EXPECTED: dict[str, tuple[str, str | None]] = {
    "unsigned": ("not_signed", None),
    "valid": ("valid", None),
    "certified": ("valid", None),
    "timestamped": ("valid", None),
    "two_signatures": ("valid_with_additions", None),
    "filled_in": ("filled_in_after_signing", None),
    "filled_in_certified": ("valid_with_additions", None),
    "filled_in_forbidden": ("changed_after_signing", "not_permitted"),
    "unknown_signer": ("signer_not_confirmed", "unknown_authority"),
    "stranger_later": ("signer_not_confirmed", "stranger_signed_later"),
    "expired": ("valid_at_claimed_time", "expired"),
    "expired_stamped": ("valid", None),
    "expired_before_signing": ("signer_not_confirmed", "expired"),
    "revoked": ("revoked", None),
    "revoked_after_stamp": ("signer_not_confirmed", "revoked_after_proven_time"),
    "old_cryptography": ("old_cryptography", None),
    "changed_after_signing": ("changed_after_signing", "not_permitted"),
    "note_added": ("changed_after_signing", "not_permitted"),
    "script_added": ("changed_after_signing", "not_permitted"),
    "altered": ("altered", None),
    "encrypted": ("valid", None),
    "password": ("not_checkable", "password"),
    "xfa": ("valid", None),
    "active_content": ("valid", None),
    "zero_pages": ("not_checkable", "damaged"),
}


def check(pki: Pki, data: bytes, **options: object) -> Report:
    return check_bytes(data, **{"trust": pki.trust, **options})  # type: ignore[arg-type]


def said(report: Report) -> tuple[str, str | None]:
    return report.verdict.value, report.reason


def test_every_kind_of_paper_has_an_expectation() -> None:
    assert set(EXPECTED) == set(KINDS)


@pytest.mark.parametrize("kind", EXPECTED)
def test_verdict(pki: Pki, kind: str) -> None:
    assert said(check(pki, pki.make_signed_pdf(kind))) == EXPECTED[kind]


def test_all_answers_about_a_good_signature(pki: Pki) -> None:
    (one,) = check(pki, pki.make_signed_pdf("timestamped")).signatures
    assert one.signer is not None
    assert (one.signer.name, one.signer.organisation) == ("Asha Verma (demo)", "Demo Traders Private Limited")
    assert one.chain == (
        "EntityLocker Demo Root (not for real use)",
        "EntityLocker Demo CA (not for real use)",
        "Asha Verma (demo)",
    )
    assert (one.level, one.coverage, one.changes) == ("B-T", "file", ())
    assert one.proven_at is not None
    assert (one.intact, one.trusted, one.still_good) == (True, True, True)


def test_nobody_is_trusted_but_the_configured_roots(pki: Pki) -> None:
    report = check(pki, pki.make_signed_pdf("valid"), trust=TrustStore())
    assert said(report) == ("signer_not_confirmed", "unknown_authority")
    assert (report.intact, report.trusted) == (True, False)


def test_a_later_stranger_is_named_and_the_first_signature_still_stands(pki: Pki) -> None:
    first, second = check(pki, pki.make_signed_pdf("stranger_later")).signatures
    assert first.verdict is Verdict.VALID_WITH_ADDITIONS
    assert [(change.kind, change.detail) for change in first.changes] == [("signature_added", "Signature2")]
    assert (second.verdict, second.reason) == (Verdict.SIGNER_NOT_CONFIRMED, "stranger_signed_later")


def test_values_filled_in_later_are_named(pki: Pki) -> None:
    (change,) = check(pki, pki.make_signed_pdf("filled_in")).changes
    assert (change.kind, change.detail) == ("field_filled_in", "amount")


def test_a_revocation_the_root_hands_over_counts_though_the_certificate_names_no_list(pki: Pki) -> None:
    unknowing = TrustStore(pki.trust.roots, pki.trust.intermediates)
    assert check(pki, pki.make_signed_pdf("revoked"), trust=unknowing).verdict is Verdict.VALID
    report = check(pki, pki.make_signed_pdf("revoked"))
    assert report.signatures[0].revoked_at == datetime(2024, 6, 1, tzinfo=UTC)
    assert report.still_good is False


def test_a_revocation_is_not_known_before_it_happened(pki: Pki) -> None:
    stated = datetime(2023, 1, 1, 12, tzinfo=UTC)
    paper = pki.make_signed_pdf("revoked", at=stated)
    assert check(pki, paper, at=datetime(2023, 6, 1, tzinfo=UTC)).verdict is Verdict.VALID
    assert check(pki, paper).verdict is Verdict.REVOKED


def test_require_does_not_believe_what_nobody_confirms(pki: Pki) -> None:
    unknowing = TrustStore(pki.trust.roots, pki.trust.intermediates)
    paper = pki.make_signed_pdf("valid")
    lenient = check(pki, paper, trust=unknowing)
    strict = check(pki, paper, trust=unknowing, revocation="require")
    assert (said(lenient), lenient.still_good, lenient.policy) == (("valid", None), None, "if-known")
    assert said(strict) == ("signer_not_confirmed", "revocation_unknown")
    assert check(pki, paper, revocation="require").verdict is Verdict.VALID


def test_a_missing_intermediate_is_found_in_the_trust(pki: Pki) -> None:
    certificate = (pki.authority.trust_dir.parent / "intermediate.pem").read_bytes()
    extra = pki.authority.trust_dir.parent / "extra"
    extra.mkdir(exist_ok=True)
    (extra / "intermediate.pem").write_bytes(certificate)
    assert len(TrustStore.load([extra]).intermediates) == 1
    assert not TrustStore.load([extra]).roots


def test_the_password_opens(pki: Pki) -> None:
    paper = pki.make_signed_pdf("password")
    assert said(check(pki, paper, password="wrong")) == ("not_checkable", "password")
    assert check(pki, paper, password="open sesame").verdict is Verdict.NOT_SIGNED


@pytest.mark.parametrize(
    ("kind", "found"), [("xfa", "xfa"), ("active_content", "javascript"), ("script_added", "javascript")]
)
def test_what_could_act_by_itself_is_listed(pki: Pki, kind: str, found: str) -> None:
    assert found in check(pki, pki.make_signed_pdf(kind)).active_content


@pytest.mark.parametrize("name", [b"/adbe.x509.rsa_sha1", b"/My.Own.Format"])
def test_an_unknown_format_is_never_called_unsigned(pki: Pki, name: bytes) -> None:
    report = check(pki, pki.sub_filter(name))
    assert said(report) == ("not_checkable", "unsupported")
    assert report.signed is True


def test_sha1_in_an_envelope_is_read_and_called_old(pki: Pki) -> None:
    report = check(pki, pki.enveloped())
    assert said(report) == ("old_cryptography", None)
    assert (report.intact, report.trusted) == (True, True)


def test_sha1_in_an_envelope_of_other_bytes_is_altered(pki: Pki) -> None:
    assert said(check(pki, pki.enveloped(digest_of=b"something else"))) == ("altered", None)


def test_bytes_behind_the_end(pki: Pki) -> None:
    paper = pki.make_signed_pdf("valid")
    assert check(pki, paper + b"\n").verdict is Verdict.VALID
    assert said(check(pki, paper + b"more")) == ("changed_after_signing", "bytes_after_the_end")


def test_bytes_before_the_header(pki: Pki) -> None:
    assert said(check(pki, b"junk\n" + pki.make_signed_pdf("valid"))) == ("not_checkable", "damaged")


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"PK\x03\x04 a zip", b"<html>"])
def test_what_is_no_pdf_is_unsupported(pki: Pki, data: bytes) -> None:
    report = check(pki, data)
    assert said(report) == ("not_checkable", "unsupported")
    assert (report.signed, report.intact, report.trusted) == (None, None, None)


def test_a_rewritten_file_is_red(pki: Pki) -> None:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pki.make_signed_pdf("valid"))) as pdf:
        pdf.save(target)
    assert colour(check(pki, target.getvalue()).verdict) is Colour.RED


def test_a_signature_taken_out_by_a_later_revision_is_noticed(pki: Pki) -> None:
    signed = pki.make_signed_pdf("valid")
    start = signed.rindex(b"startxref")
    with pikepdf.open(io.BytesIO(signed)) as pdf:
        root = pdf.Root.objgen[0]
        pages = pdf.Root.Pages.objgen[0]
        size = int(pdf.trailer.Size)
    previous = int(signed[start + 9 :].split()[0])
    offset = len(signed)
    added = b"%d 0 obj\n<</Type/Catalog/Pages %d 0 R>>\nendobj\n" % (root, pages)
    table = b"xref\n%d 1\n%010d 00000 n \n" % (root, offset)
    trailer = b"trailer\n<</Size %d/Root %d 0 R/Prev %d>>\n" % (size, root, previous)
    ending = b"startxref\n%d\n%%%%EOF\n" % (offset + len(added))
    report = check(pki, signed + added + table + trailer + ending)
    assert colour(report.verdict) is Colour.RED


def test_too_many_objects_in_one_stream_is_a_limit(pki: Pki) -> None:
    assert said(check(pki, chain_of_objects(20_001))) == ("not_checkable", "limit")


def test_a_policy_or_time_that_makes_no_sense_is_refused(pki: Pki) -> None:
    with pytest.raises(ValueError, match="policies"):
        check(pki, b"", revocation="maybe")
    with pytest.raises(ValueError, match="aware"):
        check(pki, b"", at=datetime(2026, 1, 1))


def test_random_bytes_in_a_pdf_coat_never_raise_and_are_never_green(pki: Pki) -> None:
    paper = pki.make_signed_pdf("valid")
    for cut in range(100, len(paper) - 20, len(paper) // 12):
        report = check(pki, paper[:cut] + os.urandom(20) + paper[cut + 20 :])
        assert colour(report.verdict) is not Colour.GREEN, cut

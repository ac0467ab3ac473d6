"""No byte that a signature covers can be changed and leave the file green; nor any of the signature that counts."""

from __future__ import annotations

import pytest
from asn1crypto import cms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.verdicts import Colour, colour
from tests.pki import Pki
from tests.signatures import attacks
from tests.signatures.trial_pki import NOW, TrialPki

KINDS = [
    "valid",
    "timestamped",
    "certified",
    "two_signatures",
    "filled_in_certified",
    "encrypted",
    "xfa",
    "active_content",
    "expired_stamped",
]
_SETTINGS = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


def flipped(paper: bytes, where: int, mask: int) -> bytes:
    return paper[:where] + bytes([paper[where] ^ mask]) + paper[where + 1 :]


def is_green(pki: Pki, paper: bytes) -> bool:
    return colour(check_bytes(paper, trust=pki.trust).verdict) is Colour.GREEN


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, **_SETTINGS)  # type: ignore[arg-type]
@given(data=st.data())
def test_a_flipped_byte_is_never_green(pki: Pki, kind: str, data: st.DataObject) -> None:
    """Of the first signature of the file: what it covers are all bytes up to its end but its own contents."""
    paper = pki.make_signed_pdf(kind)
    first = attacks.all_byte_ranges(paper)[0]
    where = data.draw(st.integers(0, first[1] - 1) | st.integers(first[2], first[2] + first[3] - 1))
    assert not is_green(pki, flipped(paper, where, data.draw(st.integers(1, 255))))


@settings(max_examples=60, **_SETTINGS)  # type: ignore[arg-type]
@given(data=st.data())
def test_behind_the_last_signature_nothing_is_left_uncovered(pki: Pki, data: st.DataObject) -> None:
    paper = pki.make_signed_pdf("two_signatures")
    last = attacks.all_byte_ranges(paper)[-1]
    assert last[2] + last[3] == len(paper)
    where = data.draw(st.integers(last[2], len(paper) - 1))
    assert not is_green(pki, flipped(paper, where, data.draw(st.integers(1, 255))))


@pytest.mark.parametrize("name", ["signer", "rsa"])
@settings(max_examples=60, **_SETTINGS)  # type: ignore[arg-type]
@given(data=st.data())
def test_a_digit_of_the_signature_itself(trial: TrialPki, name: str, data: st.DataObject) -> None:
    """The contents of a signature are not covered by it. What counts of them is: the digest, the attributes that
    were signed, the value, and the signer's certificate. Padding, and certificates nobody needs, do not count.
    """
    paper = trial.signed_paper(name)
    start, length = attacks.all_byte_ranges(paper)[0][1] + 1, len(_contents(paper)) * 2
    where = start + data.draw(st.integers(0, length - 1))
    digit = data.draw(st.sampled_from(b"0123456789abcdef"))
    changed = paper[:where] + bytes([digit]) + paper[where + 1 :]
    report = check_bytes(changed, trust=trial.trust, at=NOW)
    assert colour(report.verdict) is not Colour.GREEN or _counts_alike(paper, changed)


def _contents(paper: bytes) -> bytes:
    """The CMS without its padding."""
    first = attacks.all_byte_ranges(paper)[0]
    padded = bytes.fromhex(paper[first[1] + 1 : first[2] - 1].decode("ascii"))
    der: bytes = cms.ContentInfo.load(padded).dump()
    return der


def _counts_alike(paper: bytes, changed: bytes) -> bool:
    """Whether both signatures are the same in everything that counts, however it may be written."""
    return _what_counts(paper) == _what_counts(changed)


def _what_counts(paper: bytes) -> tuple[object, ...]:
    signed = cms.ContentInfo.load(_contents(paper))["content"]
    signer = signed["signer_infos"][0]
    sid = signer["sid"].chosen
    serial, issuer = sid["serial_number"].native, sid["issuer"]
    certificate = next(
        one for one in signed["certificates"] if (one.chosen.serial_number, one.chosen.issuer) == (serial, issuer)
    )
    parts = (signer["signed_attrs"].native, signer["signature"].native, certificate.chosen.dump())
    return (*parts, *(signer[name]["algorithm"].native for name in ("digest_algorithm", "signature_algorithm")))

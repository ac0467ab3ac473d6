"""What a signature field itself demands of who signs in it (seed values, ISO 32000-2, 12.7.5.5)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    SigCertConstraintFlags,
    SigCertConstraints,
    SigFieldSpec,
    SigSeedValFlags,
    SigSeedValueSpec,
    append_signature_field,
)
from pyhanko.sign.signers.pdf_signer import PdfSigningSession

from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.verdicts import Verdict
from tests.signatures import attacks
from tests.signatures.trial_pki import NOW, TrialPki


def demanding(seeds: SigSeedValueSpec) -> bytes:
    """The paper with an empty signature field that demands something."""
    writer = IncrementalPdfFileWriter(io.BytesIO(attacks.paper()))
    append_signature_field(writer, SigFieldSpec("Sig1", seed_value_dict=seeds))
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that signs without looking at what the field demands."""
    monkeypatch.setattr(PdfSigningSession, "_enforce_seed_value_constraints", lambda *arguments, **options: None)


REASONS = SigSeedValueSpec(flags=SigSeedValFlags.REASONS, reasons=["I agree"])
STAMP = SigSeedValueSpec(timestamp_server_url="http://stamps.test/", timestamp_required=True)
DIGESTS = SigSeedValueSpec(flags=SigSeedValFlags.DIGEST_METHOD, digest_methods=["sha512"])


@pytest.mark.usefixtures("careless")
@pytest.mark.parametrize(
    ("seeds", "options", "kept"),
    [
        (REASONS, {"reason": "I agree"}, True),
        (REASONS, {"reason": "I was told to"}, False),
        (DIGESTS, {}, False),
        (DIGESTS, {"md_algorithm": "sha512"}, True),
        (STAMP, {"stamped": NOW}, True),
    ],
)
def test_seed_values(trial: TrialPki, seeds: SigSeedValueSpec, options: dict[str, Any], kept: bool) -> None:
    report = check_bytes(trial.sign(demanding(seeds), spec=None, **options), trust=trial.trust, at=NOW)
    expected = (Verdict.VALID, None) if kept else (Verdict.SIGNER_NOT_CONFIRMED, "not_as_demanded")
    assert (report.verdict, report.reason) == expected


@pytest.mark.usefixtures("careless")
def test_only_a_certain_signer(trial: TrialPki) -> None:
    constraints = SigCertConstraints(flags=SigCertConstraintFlags.SUBJECT, subjects=[trial.certificate("second")])
    paper = demanding(SigSeedValueSpec(cert=constraints))
    wrong = check_bytes(trial.sign(paper, "signer", spec=None), trust=trial.trust, at=NOW)
    right = check_bytes(trial.sign(paper, "second", spec=None), trust=trial.trust, at=NOW)
    assert (wrong.reason, right.reason) == ("not_as_demanded", None)

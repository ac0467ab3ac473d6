"""The XML of TS 119 102-2: it fits the published schema and says what the report says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree
from pyhanko.generated.etsi import ts_11910202
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.etsi_report import etsi_xml
from entitylocker.signatures.report import Report
from tests.pki import KINDS, Pki

# The classes are generated from the schema of TS 119 102-2 v1.2.1.
STRICT = ParserConfig(fail_on_unknown_properties=True, fail_on_unknown_attributes=True, fail_on_converter_warnings=True)
MAIN = {"TOTAL-PASSED": "total-passed", "TOTAL-FAILED": "total-failed", "INDETERMINATE": "indeterminate"}
ORDER = [
    "SignatureIdentifier",
    "ValidationConstraintsEvaluationReport",
    "ValidationTimeInfo",
    "SignersDocument",
    "SignatureAttributes",
    "SignerInformation",
    "SignatureValidationProcess",
    "SignatureValidationStatus",
]


def parsed(report: Report) -> ts_11910202.ValidationReport:
    return XmlParser(config=STRICT).from_bytes(etsi_xml(report), ts_11910202.ValidationReport)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_it_fits_the_schema_and_says_the_same(pki: Pki, kind: str) -> None:
    report = check_bytes(pki.make_signed_pdf(kind), trust=pki.trust)
    if not report.signatures:
        with pytest.raises(ValueError, match="no signature"):
            etsi_xml(report)
        return
    told = parsed(report).signature_validation_report
    assert len(told) == len(report.signatures)
    for ours, theirs in zip(report.signatures, told, strict=True):
        status = theirs.signature_validation_status
        assert status.main_indication == f"urn:etsi:019102:mainindication:{MAIN[ours.indication or '']}"
        assert list(status.sub_indication) == [f"urn:etsi:019102:subindication:{ours.sub_indication}"] * bool(
            ours.sub_indication
        )
        assert theirs.signature_identifier.daidentifier == ours.field
        assert theirs.signer_information.signer == ours.signer.name


def test_the_parts_are_in_the_order_of_the_schema(pki: Pki) -> None:
    root = etree.fromstring(etsi_xml(check_bytes(pki.make_signed_pdf("revoked"), trust=pki.trust)))
    names = [part.tag.rpartition("}")[2] for part in root[0]]
    assert names == [name for name in ORDER if name in names]


def test_references_lead_somewhere(pki: Pki) -> None:
    root = etree.fromstring(etsi_xml(check_bytes(pki.make_signed_pdf("revoked"), trust=pki.trust)))
    wanted = {part.get("VOReference") for part in root.iter() if part.get("VOReference")}
    assert wanted <= {part.get("id") for part in root.iter()}


def test_the_verdict_of_the_file_stands_beside_each_signature(pki: Pki) -> None:
    text = etsi_xml(check_bytes(pki.make_signed_pdf("valid") + b"more", trust=pki.trust)).decode()
    assert "mainindication:total-passed" not in text
    assert ">changed_after_signing<" in text
    assert ">bytes_after_the_end<" in text


def test_hostile_names_leave_it_well_formed(pki: Pki) -> None:
    report = check_bytes(pki.make_signed_pdf("valid"), trust=pki.trust)
    odd = replace(report.signatures[0], field="a\x00\x1b<&]]>\ud800\uffff")
    (told,) = parsed(replace(report, signatures=(odd,))).signature_validation_report
    assert told.signature_identifier.daidentifier == "a\ufffd\ufffd<&]]>\ufffd\ufffd"

"""A report in the XML of ETSI TS 119 102-2 (v1.2.1), for programs that compare checkers. It says what ours says."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from entitylocker.signatures.etsi_words import FAILED, INDETERMINATE, PASSED
from entitylocker.signatures.report import Report, SignatureReport

_VR = "http://uri.etsi.org/19102/v1.2.1#"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_XADES = "http://uri.etsi.org/01903/v1.3.2#"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XS = "http://www.w3.org/2001/XMLSchema"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_ETSI = "urn:etsi:019102"
_OWN = "urn:entitylocker:report"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2

_MAIN = {PASSED: "total-passed", INDETERMINATE: "indeterminate", FAILED: "total-failed"}
_ANSWER = {True: "passed", False: "failed", None: "indeterminate"}
_PROCESSES = {"B-LTA": "LTA", "B-LT": "LTVM", "B-T": "LTVM"}

for _prefix, _uri in (("vr", _VR), ("ds", _DS), ("xades", _XADES), ("xsi", _XSI)):
    ET.register_namespace(_prefix, _uri)


def etsi_xml(report: Report) -> bytes:
    """`report` as a ValidationReport document in UTF-8, with one SignatureValidationReport a signature.

    It is not signed. Raises ValueError for a report about no signature at all: the schema wants one.
    """
    if not report.signatures:
        raise ValueError("a report about no signature")
    root = ET.Element(_tag("ValidationReport"))
    for number, one in enumerate(report.signatures, start=1):
        _signature(root, report, one, number)
    _objects(root, report.signatures)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _signature(root: ET.Element, report: Report, one: SignatureReport, number: int) -> None:
    """The order of the parts is that of the schema."""
    part = _add(root, "SignatureValidationReport")
    identifier = _add(part, "SignatureIdentifier", id=f"S-{number}")
    _add(identifier, "HashOnly", "false")
    _add(identifier, "DocHashOnly", "false")
    _add(identifier, "DAIdentifier", one.field)
    _constraints(part, report, one)
    _times(part, report, one)
    if report.sha256:
        _digest(_add(_add(part, "SignersDocument"), "DigestAlgAndValue"), report.sha256)
    if one.claimed_at is not None and one.kind == "signature":
        stated = _add(_add(part, "SignatureAttributes"), "SigningTime", Signed="true")
        _add(stated, "Time", _instant(one.claimed_at))
    if one.signer is not None:
        information = _add(part, "SignerInformation")
        _add(information, "SignerCertificate", VOReference=_identifier(one))
        _add(information, "Signer", one.signer.name)
    process = f"{_ETSI}:validationprocess:{_PROCESSES.get(one.level or '', 'Basic')}"
    _add(_add(part, "SignatureValidationProcess"), "SignatureValidationProcessID", process)
    _status(part, report, one)


def _constraints(part: ET.Element, report: Report, one: SignatureReport) -> None:
    """Our policy and the single answers under it."""
    evaluation = _add(part, "ValidationConstraintsEvaluationReport")
    policy = _add(evaluation, "SignatureValidationPolicy")
    implied = _add(policy, "SignaturePolicyIdentifier")
    ET.SubElement(implied, f"{{{_XADES}}}SignaturePolicyImplied")
    version = report.engine.get("policy", "")
    _add(policy, "PolicyName", f"EntityLocker {version}, revocation {report.policy}")
    for name, answer in (("intact", one.intact), ("trusted", one.trusted), ("still_good", one.still_good)):
        constraint = _add(evaluation, "ValidationConstraint")
        _add(constraint, "ValidationConstraintIdentifier", f"{_OWN}:{name}")
        _add(_add(constraint, "ConstraintStatus"), "Status", f"{_ETSI}:constraintStatus:applied")
        _add(_add(constraint, "ValidationStatus"), "MainIndication", f"{_ETSI}:mainindication:{_ANSWER[answer]}")


def _times(part: ET.Element, report: Report, one: SignatureReport) -> None:
    """Without a trusted time stamp, the best that is proven is that the signature exists now."""
    as_of = report.valid_on or report.checked_at
    times = _add(part, "ValidationTimeInfo")
    _add(times, "ValidationTime", _instant(as_of))
    best = _add(times, "BestSignatureTime")
    _add(best, "POETime", _instant(one.proven_at or as_of))
    _add(best, "TypeOfProof", f"{_ETSI}:poetype:validation")


def _status(part: ET.Element, report: Report, one: SignatureReport) -> None:
    status = _add(part, "SignatureValidationStatus")
    _add(status, "MainIndication", f"{_ETSI}:mainindication:{_MAIN[one.indication or INDETERMINATE]}")
    if one.sub_indication:
        _add(status, "SubIndication", f"{_ETSI}:subindication:{one.sub_indication}")
    data = _add(status, "AssociatedValidationReportData")
    if one.revoked_at is not None and one.signer is not None and one.sub_indication != "REVOKED_CA_NO_POE":
        revocation = _add(data, "RevocationStatusInformation")
        _add(revocation, "ValidationObjectId", VOReference=_identifier(one))
        _add(revocation, "RevocationTime", _instant(one.revoked_at))
    additional = _add(data, "AdditionalValidationReportData")
    for name, text in _own_words(report, one):
        entry = _add(additional, "ReportData")
        _add(entry, "Type", f"{_OWN}:{name}")
        value = _add(entry, "Value", text)
        value.set("xmlns:xs", _XS)
        value.set(f"{{{_XSI}}}type", "xs:string")


def _own_words(report: Report, one: SignatureReport) -> Iterable[tuple[str, str]]:
    """What the standard has no words for: the verdicts, what changed later, what was odd about the file."""
    yield "verdict", one.verdict.value
    if one.reason:
        yield "reason", one.reason
    yield "file_verdict", report.verdict.value
    for name in ("level", "coverage", "permission", "algorithm", "issuer_missing", "fault"):
        value = getattr(one, name)
        if value:
            yield name, value
    for link in one.chain:
        yield "chain", link
    for change in one.changes:
        pages = ",".join(map(str, change.pages))
        yield "change", " ".join(filter(None, (change.kind, change.detail, f"pages {pages}" if pages else "")))
    for finding in report.gate:
        yield "file_finding", " ".join(filter(None, (finding.code, finding.detail)))


def _objects(root: ET.Element, signatures: Iterable[SignatureReport]) -> None:
    signers = {_identifier(one): one.signer for one in signatures if one.signer is not None}
    if not signers:
        return
    listed = _add(root, "SignatureValidationObjects")
    for identifier, signer in signers.items():
        entry = _add(listed, "ValidationObject", id=identifier)
        _add(entry, "ObjectType", f"{_ETSI}:validationObject:certificate")
        _digest(_add(_add(entry, "ValidationObjectRepresentation"), "DigestAlgAndValue"), signer.fingerprint)


def _identifier(one: SignatureReport) -> str:
    return f"C-{one.signer.fingerprint}" if one.signer is not None else ""


def _digest(parent: ET.Element, sha256: str) -> None:
    ET.SubElement(parent, f"{{{_DS}}}DigestMethod", Algorithm=_SHA256)
    value = ET.SubElement(parent, f"{{{_DS}}}DigestValue")
    value.text = base64.b64encode(bytes.fromhex(sha256)).decode("ascii")


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    part = ET.SubElement(parent, _tag(name), attributes)
    part.text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text) if text is not None else None
    return part


def _tag(name: str) -> str:
    return f"{{{_VR}}}{name}"


def _instant(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

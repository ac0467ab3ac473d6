"""One signature or document time stamp: everything there is to say about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import x509
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from entitylocker.signatures import caps, judging
from entitylocker.signatures.byte_ranges import gap_holds
from entitylocker.signatures.chain import Case, Chain, claim_fits, lead_back
from entitylocker.signatures.changes import coverage_word, find_changes, permission_word
from entitylocker.signatures.material import Material
from entitylocker.signatures.report import Change, SignatureReport, Signer
from entitylocker.signatures.timestamps import Stamp, read_stamp, signature_stamps
from entitylocker.signatures.verdicts import Reason, Verdict

DETACHED = {"/adbe.pkcs7.detached", "/ETSI.CAdES.detached", "/PBAD.PAdES"}
ENVELOPED_SHA1 = "/adbe.pkcs7.sha1"
DOCUMENT_TIMESTAMP = "/ETSI.RFC3161"


@dataclass(frozen=True)
class Circumstances:
    """What is the same for all signatures of a file."""

    data: bytes
    material: Material
    at: datetime
    require_revocation: bool
    signature_fields: Collection[str]


async def check_signature(
    signature: EmbeddedPdfSignature, around: Circumstances, proven_at: datetime | None
) -> SignatureReport:
    """Check an ordinary signature. `proven_at`: a trusted later document time stamp covers it.

    Raises whatever the libraries raise on malformed input.
    """
    enveloped = _sub_filter(signature) == ENVELOPED_SHA1
    signature.compute_integrity_info()  # type: ignore[no-untyped-call]
    material = around.material.with_signature(signature.signer_info)
    stamps = await signature_stamps(signature.signer_info, material, around.at, proven_at)
    proven = min((time for time in [proven_at, *(one.proves for one in stamps)] if time), default=None)
    claimed = _claimed_at(signature)
    chain = await lead_back(
        Case(
            signed_data=signature.signed_data,
            digest=None if enveloped else signature.compute_digest(),
            material=material,
            at=around.at,
            proven_at=proven,
            claimed_at=claimed,
            require_revocation=around.require_revocation,
        )
    )
    intact = chain.intact and (not enveloped or _envelope_holds(signature))
    changes = _changes(signature, around)
    return _report(signature, chain, changes, stamps, intact=intact, proven=proven, claimed=claimed, around=around)


def _report(
    signature: EmbeddedPdfSignature,
    chain: Chain,
    changes: tuple[Change, ...],
    stamps: list[Stamp],
    *,
    intact: bool,
    proven: datetime | None,
    claimed: datetime | None,
    around: Circumstances,
) -> SignatureReport:
    permission = permission_word(signature)
    certificate = signature.signer_cert
    facts = judging.Facts(
        intact=intact,
        changes=changes,
        filling_permitted=permission in ("fill_in_forms", "annotate"),
        problem=chain.problem,
        revoked=chain.revoked_at is not None,
        revoked_after_proof=chain.revoked_after_proof,
        weak=chain.weak or _sub_filter(signature) == ENVELOPED_SHA1,
        at_claimed_time=chain.at_claimed_time,
        claim_fits=claim_fits(certificate, claimed),
        timestamp_broken=any(not stamp.intact for stamp in stamps),
    )
    verdict, reason = judging.judge(facts)
    return SignatureReport(
        field=signature.field_name[: caps.MAX_TEXT],
        verdict=verdict,
        reason=reason,
        signer=describe_signer(certificate),
        claimed_at=claimed,
        proven_at=proven,
        revoked_at=chain.revoked_at,
        level=_level(signature, around.material, stamped=bool(stamps)),
        coverage=coverage_word(signature),
        permission=permission,
        changes=changes,
        intact=intact,
        trusted=chain.trusted if intact else None,
        still_good=chain.still_good if intact else None,
        chain=chain.names,
        algorithm=_algorithm(signature),
        indication=chain.indication,
    )


async def check_document_timestamp(
    signature: EmbeddedPdfSignature, around: Circumstances, proven_at: datetime | None
) -> SignatureReport:
    """Check a document time stamp (ETSI EN 319 142-1, 5.4.3): a seal with a time, by nobody's hand."""
    signature.compute_integrity_info()  # type: ignore[no-untyped-call]
    stamp = await read_stamp(signature.signed_data, signature.compute_digest, around.material, around.at, proven_at)
    changes = _changes(signature, around)
    intact = stamp.intact
    facts = judging.Facts(
        intact=intact,
        changes=changes,
        filling_permitted=False,
        problem=stamp.chain.problem,
        revoked=stamp.chain.revoked_at is not None,
        revoked_after_proof=stamp.chain.revoked_after_proof,
        weak=stamp.chain.weak,
    )
    verdict, reason = judging.judge(facts)
    return SignatureReport(
        field=signature.field_name[: caps.MAX_TEXT],
        verdict=verdict,
        reason=reason,
        kind="timestamp",
        signer=describe_signer(signature.signer_cert),
        claimed_at=stamp.time,
        proven_at=stamp.proves if intact else None,
        revoked_at=stamp.chain.revoked_at,
        coverage=coverage_word(signature),
        changes=changes,
        intact=intact,
        trusted=stamp.chain.trusted if intact else None,
        still_good=stamp.chain.still_good if intact else None,
        chain=stamp.chain.names,
        algorithm=_algorithm(signature),
        indication=stamp.chain.indication,
    )


def not_checkable(field: str, reason: Reason, fault: str | None = None) -> SignatureReport:
    """The answer about a signature that is there but could not be checked."""
    return SignatureReport(
        field=field[: caps.MAX_TEXT], verdict=Verdict.NOT_CHECKABLE, reason=reason.value, fault=fault
    )


def describe_signer(certificate: x509.Certificate) -> Signer:
    """The signer by the certificate's own words."""
    subject, issuer = certificate.subject.native, certificate.issuer.native
    return Signer(
        name=_text(subject.get("common_name") or subject.get("organization_name")),
        organisation=_text(subject.get("organization_name")),
        serial=f"{certificate.serial_number:x}",
        issuer=_text(issuer.get("common_name") or issuer.get("organization_name")),
        fingerprint=certificate.sha256.hex(),
    )


def _text(value: Any) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return str(first)[: caps.MAX_TEXT] if first else ""


def _sub_filter(signature: EmbeddedPdfSignature) -> str:
    return str(signature.sig_object.get("/SubFilter", ""))


def _changes(signature: EmbeddedPdfSignature, around: Circumstances) -> tuple[Change, ...]:
    """The changes after `signature`. What stands in the gap must be the very signature that was read."""
    ranges = [int(number) for number in signature.byte_range]
    if len(ranges) != 4 or not gap_holds(around.data, ranges, signature.pkcs7_content):
        return (Change(judging.NOT_COVERED),)
    return find_changes(signature, around.signature_fields)


def _envelope_holds(signature: EmbeddedPdfSignature) -> bool:
    """adbe.pkcs7.sha1 (ISO 32000-1, 12.8.3.3): the signed content is the SHA-1 of the byte ranges."""
    content = signature.signed_data["encap_content_info"]["content"].native
    return bool(content == signature.compute_digest("sha1"))


def _claimed_at(signature: EmbeddedPdfSignature) -> datetime | None:
    try:
        claimed = signature.self_reported_timestamp
    except (ValueError, TypeError, AttributeError):
        return None
    if claimed is None:
        return None
    return (claimed if claimed.tzinfo else claimed.replace(tzinfo=UTC)).astimezone(UTC)


def _algorithm(signature: EmbeddedPdfSignature) -> str:
    mechanism = signature.signer_info["signature_algorithm"]["algorithm"].native
    return f"{mechanism} {signature.md_algorithm}"[: caps.MAX_TEXT]


def _level(signature: EmbeddedPdfSignature, material: Material, *, stamped: bool) -> str:
    """PAdES baseline level as far as one signature shows it; the file check raises B-LT to B-LTA."""
    if _sub_filter(signature) != "/ETSI.CAdES.detached":
        return "PKCS#7"
    if not stamped:
        return "B-B"
    return "B-LT" if material.has_store else "B-T"

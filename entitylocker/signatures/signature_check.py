"""One signature or document time stamp: everything there is to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import x509

from entitylocker.signatures import caps, judging
from entitylocker.signatures.algorithms import was_good_enough
from entitylocker.signatures.chain import Case, Chain, claim_fits, lead_back
from entitylocker.signatures.examined import ENVELOPED_SHA1, Signed
from entitylocker.signatures.levels import base_level
from entitylocker.signatures.material import Material
from entitylocker.signatures.report import SignatureReport, Signer
from entitylocker.signatures.timestamps import Stamp, read_stamp, signature_stamps
from entitylocker.signatures.wanted import capped


@dataclass(frozen=True)
class Circumstances:
    """What is the same for all signatures of a file."""

    material: Material
    at: datetime
    require_revocation: bool


async def check_signature(signature: Signed, around: Circumstances, proven_at: datetime | None) -> SignatureReport:
    """Check an ordinary signature. `proven_at`: a trusted later document time stamp covers it.

    Raises whatever the libraries raise on malformed input.
    """
    enveloped = signature.sub_filter == ENVELOPED_SHA1
    material = around.material.with_signature(signature.signer_info)
    stamps = await signature_stamps(signature.signer_info, material, around.at, proven_at)
    proven = min((time for time in [proven_at, *(one.proves for one in stamps)] if time), default=None)
    chain = await lead_back(
        Case(
            signed_data=signature.signed_data,
            digest=None if enveloped else signature.compute_digest(),
            material=material,
            at=around.at,
            proven_at=proven,
            claimed_at=signature.claimed_at,
            require_revocation=around.require_revocation,
        )
    )
    intact = chain.intact and (not enveloped or _envelope_holds(signature))
    return _report(signature, chain, stamps, intact=intact, proven=proven)


def _report(
    signature: Signed,
    chain: Chain,
    stamps: list[Stamp],
    *,
    intact: bool,
    proven: datetime | None,
) -> SignatureReport:
    certificate = signature.signer_cert
    facts = judging.Facts(
        intact=intact,
        changes=signature.changes,
        filling_permitted=signature.permission in ("fill_in_forms", "annotate"),
        problem=chain.problem,
        revoked=chain.revoked_at is not None,
        revoked_after_proof=chain.revoked_after_proof,
        weak=chain.weak or (signature.sub_filter == ENVELOPED_SHA1 and not was_good_enough("sha1", proven)),
        at_claimed_time=chain.at_claimed_time,
        claim_fits=claim_fits(certificate, signature.claimed_at),
        timestamp_broken=any(not stamp.intact for stamp in stamps),
        seeds_broken=signature.seeds_kept is False,
    )
    verdict, reason = judging.judge(facts)
    return SignatureReport(
        field=signature.field_name[: caps.MAX_TEXT],
        verdict=verdict,
        reason=reason,
        signer=describe_signer(certificate),
        claimed_at=signature.claimed_at,
        proven_at=proven,
        revoked_at=chain.revoked_at,
        level=base_level(signature, stamped=any(stamp.intact for stamp in stamps), stored=chain.stored),
        coverage=signature.coverage,
        permission=signature.permission,
        changes=signature.changes,
        intact=intact,
        trusted=chain.trusted if intact else None,
        still_good=chain.still_good if intact else None,
        chain=chain.names,
        algorithm=_algorithm(signature),
        sub_indication=chain.particular,
        issuer_missing=chain.issuer_missing,
        revocation=chain.revocation if intact else None,
        wanted=capped([*chain.wanted, *(one for stamp in stamps for one in stamp.chain.wanted)]),
    )


async def check_document_timestamp(
    signature: Signed, around: Circumstances, proven_at: datetime | None
) -> SignatureReport:
    """Check a document time stamp (ETSI EN 319 142-1, 5.4.3): a seal with a time, by nobody's hand."""
    stamp = await read_stamp(signature.signed_data, signature.compute_digest, around.material, around.at, proven_at)
    intact = stamp.intact
    facts = judging.Facts(
        intact=intact,
        changes=signature.changes,
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
        coverage=signature.coverage,
        changes=signature.changes,
        intact=intact,
        trusted=stamp.chain.trusted if intact else None,
        still_good=stamp.chain.still_good if intact else None,
        chain=stamp.chain.names,
        algorithm=_algorithm(signature),
        sub_indication=stamp.chain.particular,
        issuer_missing=stamp.chain.issuer_missing,
        revocation=stamp.chain.revocation if intact else None,
        wanted=capped(stamp.chain.wanted),
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


def _envelope_holds(signature: Signed) -> bool:
    """adbe.pkcs7.sha1 (ISO 32000-1, 12.8.3.3): the signed content is the SHA-1 of the byte ranges."""
    content = signature.signed_data["encap_content_info"]["content"].native
    return bool(content == signature.compute_digest("sha1"))


def _algorithm(signature: Signed) -> str:
    mechanism = signature.signer_info["signature_algorithm"]["algorithm"].native
    return f"{mechanism} {signature.md_algorithm}"[: caps.MAX_TEXT]

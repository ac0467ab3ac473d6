"""Use cases of offline e-KYC: a file becomes a proof; only the result is kept.

Such a file proves that UIDAI issued it for a name on a day, and that who brought it knew its share code. It does not
prove who that is: pages and records say so, and it opens nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask_babel import gettext, ngettext
from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.people import on_own_account
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.citizen.aadhaar import mask_aadhaar, without_unseen
from entitylocker.citizen.errors import EkycDiffers, EkycNotOffered, EkycRefused, EkycTaken
from entitylocker.citizen.linking import end_source
from entitylocker.citizen.models import CitizenLink, CitizenProof, EkycUse
from entitylocker.citizen.rules import same_birth, same_name
from entitylocker.config import BadSetting
from entitylocker.errors import N_, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.signatures.ekyc import EkycRefusal, EkycResult
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.web.engine_room import engines

SETTING = "ENTITYLOCKER_EKYC_CERTIFICATES"
DAYS_SETTING = "ENTITYLOCKER_EKYC_DAYS"
_MOST_DAYS = 365

_FIELD = {EkycRefusal.WRONG_CODE: "code"}
_WORDS: dict[EkycRefusal, str] = {
    EkycRefusal.NOT_A_ZIP: N_("This is no ZIP file. Take the file as it was downloaded from UIDAI."),
    EkycRefusal.WRONG_CODE: N_("The share code does not open this file."),
    EkycRefusal.TOO_LARGE: N_("This file is larger than any offline e-KYC file. It was not looked at further."),
    EkycRefusal.NOT_EKYC: N_("There is no offline e-KYC in this file."),
    EkycRefusal.NOT_SIGNED: N_("Nobody signed this file, so it proves nothing."),
    EkycRefusal.ALTERED: N_("This file was changed, or UIDAI did not sign it. Download a fresh one."),
    EkycRefusal.EXPIRED_SIGNER: N_("The certificate that signed this file was no longer valid then."),
    EkycRefusal.ERROR: N_("The file could not be read on our side. Please try again."),
}


def read_certificates(directory: str) -> tuple[bytes, ...]:
    """Every certificate in the operator's directory, as DER. Raises BadSetting for what is none."""
    found = []
    try:
        paths = sorted(path for path in Path(directory).iterdir() if path.suffix in (".pem", ".cer", ".crt", ".der"))
        for path in paths:
            found += _certificates_in(path.read_bytes())
    except (OSError, ValueError) as fault:
        raise BadSetting(name=SETTING, why="a certificate in it cannot be read") from fault
    return tuple(found)


def _certificates_in(data: bytes) -> list[bytes]:
    if b"-----BEGIN" in data:
        return [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(data)]
    return [x509.load_der_x509_certificate(data).public_bytes(Encoding.DER)]


def offers_ekyc() -> bool:
    """Whether this installation knows by whom such files are signed."""
    return bool(engines().settings.ekyc_certificates)


def ekyc_lasts() -> timedelta:
    """How old such a file may be. Raises BadSetting."""
    return check_days(engines().settings.ekyc_days)


def check_days(days: int) -> timedelta:
    """`days` as a length, if such files may be that old. Raises BadSetting."""
    if not 1 <= days <= _MOST_DAYS:
        raise BadSetting(name=DAYS_SETTING, why=f"it must be between 1 and {_MOST_DAYS}")
    return timedelta(days=days)


def _too_old(days: int) -> str:
    return ngettext(
        "This file is older than one day. Download a fresh one.",
        "This file is older than %(num)s days. Download a fresh one.",
        days,
    )


@open_use_case("the checker reads the file while no transaction is open; what it calls asks for the permission")
def add_ekyc(actor: Actor, data: bytes, code: str, *, with_birthday: bool) -> None:
    """Keep what an offline e-KYC file proves of the actor, in place of what one proved before.

    The share code opens the file and is not kept. Raises EkycNotOffered, EkycRefused, EkycTaken (the file was
    somebody else's proof), EkycDiffers (another day of birth than a linked citizen locker proves), CheckerUnavailable.
    """
    if not offers_ekyc():
        raise EkycNotOffered
    certificates, lasts = read_certificates(engines().settings.ekyc_certificates), ekyc_lasts()
    found = engines().checker.read_ekyc(data, code, certificates=certificates, lasts=lasts)
    if isinstance(found, EkycRefusal):
        why = _too_old(lasts.days) if found is EkycRefusal.TOO_OLD else gettext(_WORDS[found])
        raise EkycRefused({_FIELD.get(found, "file"): [why]})
    _keep(on_own_account(actor), found, found.born_on if with_birthday else None)


@use_case(Permission.ACCOUNT_OWN)
def _keep(actor: Actor, found: EkycResult, born_on: date | None) -> None:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    digest = bytes.fromhex(found.reference_digest)
    links = _links(actor)
    if any(same_birth(found.born, link.born_on) is False for link in links if link.born_on):
        raise EkycDiffers(field="file")
    _use(actor, digest)
    earlier = _find(actor)
    if earlier is not None:
        _remove(earlier)
    proof = CitizenProof(
        id=uuid7(), created_at=utc_now(), person_id=actor.person_id, name=mask_aadhaar(without_unseen(found.name)),
        born_on=born_on, proved_at=utc_now(), signed_at=found.signed_at, signer_sha256=found.signer_sha256,
        signature_method=found.method, reference_digest=digest,
    )  # fmt: skip
    db.session.add(proof)
    record(
        actor, EventTag.PROOF_ADD, Subject("citizen_proof", proof.id, "offline e-KYC"),
        proves="a file issued for a name", issued_at=found.signed_at.isoformat(timespec="seconds"),
        signer=found.signer_sha256, method=found.method, same_name=same_name(actor.name, proof.name),
        same_name_as_lockers=all(same_name(link.name, proof.name) for link in links) if links else None,
    )  # fmt: skip


def _links(actor: Actor) -> list[CitizenLink]:
    """What citizen lockers prove of the actor, kept from changing until the commit."""
    found = select(CitizenLink).where(CitizenLink.person_id == actor.person_id).order_by(CitizenLink.id)
    return list(db.session.scalars(found.with_for_update(read=True)))


def _use(actor: Actor, digest: bytes) -> None:
    """Let the file be the actor's from now on, if it is not somebody else's already. Raises EkycTaken."""
    whose = db.session.execute(text("SELECT lookup_ekyc_use(:digest)"), {"digest": digest}).scalar()
    if whose is None:
        try:
            with db.session.begin_nested():
                use = {"id": uuid7(), "created_at": utc_now(), "reference_digest": digest, "person_id": actor.person_id}
                db.session.execute(insert(EkycUse).values(**use))
        except IntegrityError:
            raise EkycTaken(field="file") from None
    elif whose != actor.person_id:
        raise EkycTaken(field="file")


def _find(actor: Actor) -> CitizenProof | None:
    found = select(CitizenProof).where(CitizenProof.person_id == actor.person_id).with_for_update()
    return db.session.scalars(found).one_or_none()


def _remove(proof: CitizenProof) -> None:
    end_source(proof.id)
    db.session.execute(
        delete(CitizenProof).where(CitizenProof.person_id == proof.person_id, CitizenProof.id == proof.id)
    )


@open_use_case("what it calls asks for the permission")
def remove_ekyc(actor: Actor, proof_id: UUID) -> None:
    """Forget a proof; it is shown nowhere any more. Raises NotFound."""
    _forget(on_own_account(actor), proof_id)


@use_case(Permission.ACCOUNT_OWN)
def _forget(actor: Actor, proof_id: UUID) -> None:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    proof = _find(actor)
    if proof is None or proof.id != proof_id:
        raise NotFound
    _remove(proof)
    record(actor, EventTag.PROOF_REMOVE, Subject("citizen_proof", proof_id, "offline e-KYC"))

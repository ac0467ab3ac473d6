"""From the signer's certificate to a configured root: trusted, expired, revoked or unknown, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import x509
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.validation.generic_cms import cms_basic_validation
from pyhanko.sign.validation.settings import KeyUsageConstraints

from entitylocker.signatures.material import Material
from entitylocker.signatures.revocation_lists import earliest_revocation

# Either says "may sign documents"; Indian certificates carry both, Adobe accepts either.
_SIGNER_USAGE = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"})
_OTHER_PURPOSES = {"server_auth", "code_signing", "time_stamping", "ocsp_signing"}
_WEAK = {
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE,
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
}
_PROBLEMS = {
    AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND: "unknown_authority",
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE: "expired",
    AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE: "not_for_signing",
    AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE: "chain_broken",
    AdESIndeterminate.TRY_LATER: "revocation_unknown",
}


@dataclass(frozen=True, slots=True)
class Chain:
    """`problem` None: a path to a configured root stands; `at_claimed_time`: it stood then, not now."""

    intact: bool
    problem: str | None = None
    weak: bool = False
    revoked_at: datetime | None = None
    revoked_after_proof: bool = False
    at_claimed_time: bool = False
    still_good: bool | None = None
    names: tuple[str, ...] = ()
    indication: str | None = None

    @property
    def trusted(self) -> bool:
        """Whether the signer leads to a configured root, now or at the claimed time."""
        return self.problem is None and self.revoked_at is None


@dataclass(frozen=True)
class Case:
    """One signature to be led back to a root. `at`: as of when; `proven_at`: by when it surely existed."""

    signed_data: Any
    digest: bytes | None
    material: Material
    at: datetime
    proven_at: datetime | None = None
    claimed_at: datetime | None = None
    require_revocation: bool = False
    key_usage: KeyUsageConstraints = _SIGNER_USAGE

    @property
    def moment(self) -> datetime:
        """The time the certificates must have been valid at: the proven one if there is one."""
        return self.proven_at or self.at


async def lead_back(case: Case) -> Chain:
    """Validate the signature of `case` and the path of its certificate.

    Raises whatever the libraries raise on malformed input.
    """
    # The strict question first: where it is answered well, nothing more is to be asked.
    knows_revocation = bool(case.material.crls or case.material.ocsps)
    found = await _validate(case, case.moment, require_revocation=knows_revocation)
    confirmed = knows_revocation and found["trust_problem_indic"] is None
    if knows_revocation and not confirmed:
        found = await _validate(case, case.moment)
    weak = found["trust_problem_indic"] in _WEAK
    if weak:
        found = await _validate(case, case.moment, any_algorithm=True)
    chain = _first_answer(case, found, weak=weak)
    if not chain.intact:
        return chain
    if chain.problem is None:
        chain = await _about_revocation(case, chain, confirmed=confirmed)
    elif chain.revoked_at is None and _may_have_expired(case):
        chain = await _at_claimed_time(case, chain)
    return chain


async def _validate(
    case: Case, moment: datetime, *, require_revocation: bool = False, any_algorithm: bool = False
) -> dict[str, Any]:
    context = case.material.context(
        moment, require_revocation=require_revocation, any_algorithm=any_algorithm, past=moment < case.at
    )
    result: dict[str, Any] = await cms_basic_validation(
        case.signed_data,
        raw_digest=case.digest,
        validation_context=context,
        key_usage_settings=case.key_usage,
    )
    return result


def _first_answer(case: Case, found: dict[str, Any], *, weak: bool) -> Chain:
    indication = found["trust_problem_indic"]
    certificates = _certificates(found)
    problem = _problem(found)
    if problem is None and case.key_usage is _SIGNER_USAGE and _is_for_other_purposes(found["signing_cert"]):
        problem = "not_for_signing"
    chain = Chain(
        intact=bool(found["intact"] and found["valid"]),
        problem=problem,
        weak=weak,
        names=tuple(_name(one) for one in certificates),
        indication=indication.standard_name if indication is not None else None,
    )
    revoked_at = _revoked_at(case, found, certificates)
    if revoked_at is None:
        return chain
    if case.proven_at is not None and case.proven_at < revoked_at:
        return replace(chain, revoked_after_proof=True, still_good=False)
    return replace(chain, revoked_at=revoked_at, problem=chain.problem or "revoked", still_good=False)


def _certificates(found: dict[str, Any]) -> list[x509.Certificate]:
    path = found["validation_path"]
    return list(path.iter_certs(include_root=True)) if path is not None else []


def _problem(found: dict[str, Any]) -> str | None:
    indication = found["trust_problem_indic"]
    certificate = found["signing_cert"]
    if indication is None and found["validation_path"] is not None:
        return None
    if found["revocation_details"] is not None:
        return "revoked"
    if certificate.self_signed == "yes":
        return "self_signed"
    return _PROBLEMS.get(indication, "unknown_authority")


def _is_for_other_purposes(certificate: x509.Certificate) -> bool:
    """A certificate for web servers, code, time stamps or OCSP alone signs no documents."""
    purposes = certificate.extended_key_usage_value
    return purposes is not None and set(purposes.native) <= _OTHER_PURPOSES


def _revoked_at(case: Case, found: dict[str, Any], certificates: list[x509.Certificate]) -> datetime | None:
    details = found["revocation_details"]
    times: list[datetime] = [details.revocation_date] if details is not None else []
    known = earliest_revocation([one.dump() for one in certificates], case.material.crl_bytes())
    if known is not None:
        times.append(known.at)
    # What happens only after the instant the check is made for is not known at that instant.
    return min((time for time in times if time <= case.at), default=None)


async def _about_revocation(case: Case, chain: Chain, *, confirmed: bool) -> Chain:
    """Say whether the certificates are known not to be revoked; under `require`, not knowing is a problem."""
    if chain.still_good is False:
        return chain
    if not confirmed and chain.weak:
        found = await _validate(case, case.moment, require_revocation=True, any_algorithm=True)
        confirmed = found["trust_problem_indic"] is None
    if confirmed:
        return replace(chain, still_good=True)
    if case.require_revocation:
        return replace(chain, problem="revocation_unknown", indication="TRY_LATER")
    return chain


def _may_have_expired(case: Case) -> bool:
    return case.proven_at is None and case.claimed_at is not None and case.claimed_at < case.at


async def _at_claimed_time(case: Case, chain: Chain) -> Chain:
    """A path that does not stand now may have stood at the time the signer claims."""
    assert case.claimed_at is not None
    found = await _validate(case, case.claimed_at, any_algorithm=chain.weak)
    weak = chain.weak or found["trust_problem_indic"] in _WEAK
    if weak and not chain.weak:
        found = await _validate(case, case.claimed_at, any_algorithm=True)
    certificates = _certificates(found)
    if _problem(found) is not None or _stands(certificates, case.at):
        return chain
    names = tuple(_name(one) for one in certificates)
    revoked_at = _revoked_at(case, found, certificates)
    if revoked_at is not None:
        return replace(chain, revoked_at=revoked_at, problem="revoked", still_good=False, names=names, weak=weak)
    return replace(chain, problem=None, at_claimed_time=True, still_good=False, names=names, weak=weak)


def _stands(certificates: list[x509.Certificate], at: datetime) -> bool:
    """Whether none of `certificates` had expired at `at`: then it was not age that broke the path."""
    return all(one.not_valid_after >= at for one in certificates)


def _name(certificate: x509.Certificate) -> str:
    native = certificate.subject.native
    value = native.get("common_name") or native.get("organization_name") or certificate.subject.human_friendly
    return str(value if not isinstance(value, list) else value[0])[:200]


def claim_fits(certificate: x509.Certificate, claimed_at: datetime | None) -> bool:
    """Whether the claimed time lies in the certificate's validity, give or take a day for wrong clocks."""
    if claimed_at is None:
        return True
    day = timedelta(days=1)
    return bool(certificate.not_valid_before - day <= claimed_at <= certificate.not_valid_after + day)

"""From the signer's certificate to a configured root: trusted, expired, revoked or unknown, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import x509
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.validation.generic_cms import cms_basic_validation
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.policy_decl import AcceptAllAlgorithms

from entitylocker.signatures.algorithms import DatedAlgorithms
from entitylocker.signatures.issuers import missing_issuer
from entitylocker.signatures.material import Material
from entitylocker.signatures.path_findings import (
    certificates_of,
    has_no_path,
    is_broken,
    is_for_other_purposes,
    is_too_late,
    is_weak,
    names_of,
    particular_of,
    problem_of,
    stands,
)
from entitylocker.signatures.report import Revocation, Wanted
from entitylocker.signatures.standing import Standing, find_standing

# Either says "may sign documents"; Indian certificates carry both, Adobe accepts either.
_SIGNER_USAGE = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"})
_ANY = AcceptAllAlgorithms()


@dataclass(frozen=True, slots=True)
class Chain:
    """`problem` None: a path to a configured root stands; `at_claimed_time`: it stood then, not now.

    `particular`: the word of EN 319 102-1 (5.1.3) that says more exactly what is wrong. `wanted`: only of a path
    that leads to a configured root, so that strangers' addresses are never asked.
    """

    intact: bool
    problem: str | None = None
    weak: bool = False
    revoked_at: datetime | None = None
    revoked_after_proof: bool = False
    at_claimed_time: bool = False
    still_good: bool | None = None
    names: tuple[str, ...] = ()
    particular: str | None = None
    issuer_missing: str | None = None
    revocation: Revocation | None = None
    stored: bool = False
    wanted: tuple[Wanted, ...] = ()

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
    found = await _validate(case, case.moment, revocation="require" if knows_revocation else "none")
    confirmed = knows_revocation and found["trust_problem_indic"] is None
    if knows_revocation and not confirmed and not has_no_path(found):
        found = await _validate_softly(case, case.moment)
    weak, too_late = is_weak(found), is_too_late(found)
    if weak:
        found = await _validate_softly(case, case.moment, any_algorithm=True)
    chain = _first_answer(case, found, weak=weak)
    if not chain.intact:
        return chain
    if too_late:
        chain = replace(chain, particular=chain.particular or "CRYPTO_CONSTRAINTS_FAILURE")
    if chain.problem is None:
        chain = await _about_revocation(case, chain, confirmed=confirmed)
    elif chain.revoked_at is None and _may_have_expired(case) and not has_no_path(found):
        chain = await _at_claimed_time(case, chain)
    return chain


async def _validate_softly(case: Case, moment: datetime, *, any_algorithm: bool = False) -> dict[str, Any]:
    """Revocation counts where it is known. Answers that are overdue or forged are as good as none, not worse."""
    found = await _validate(case, moment, revocation="soft-fail", any_algorithm=any_algorithm)
    if is_broken(found) and case.material.evidence:
        plain = await _validate(case, moment, revocation="none", any_algorithm=any_algorithm)
        case = replace(case, material=case.material.without_forgeries(certificates_of(plain)))
        found = await _validate(case, moment, revocation="soft-fail", any_algorithm=any_algorithm)
    if found["trust_problem_indic"] is AdESIndeterminate.TRY_LATER:
        found = await _validate(case, moment, revocation="none", any_algorithm=any_algorithm)
    return found


async def _validate(case: Case, moment: datetime, *, revocation: str, any_algorithm: bool = False) -> dict[str, Any]:
    context = case.material.context(
        moment,
        revocation=revocation,
        algorithms=_ANY if any_algorithm else DatedAlgorithms(case.moment),
        past=moment < case.at,
    )
    result: dict[str, Any] = await cms_basic_validation(
        case.signed_data,
        raw_digest=case.digest,
        validation_context=context,
        key_usage_settings=case.key_usage,
    )
    return result


def _first_answer(case: Case, found: dict[str, Any], *, weak: bool) -> Chain:
    problem = problem_of(found)
    if problem is None and case.key_usage is _SIGNER_USAGE and is_for_other_purposes(found["signing_cert"]):
        problem = "not_for_signing"
    chain = Chain(
        intact=bool(found["intact"] and found["valid"]),
        problem=problem,
        weak=weak,
        names=names_of(found),
        particular=particular_of(found),
        issuer_missing=_issuer_missing(case, found) if problem == "unknown_authority" else None,
    )
    standing = _standing(case, found, case.moment)
    revoked_at = _revoked_at(case, found, standing)
    if revoked_at is None:
        return _with(chain, standing)
    if case.proven_at is not None and case.proven_at < revoked_at:
        return replace(chain, revoked_after_proof=True, still_good=False)
    return _revoked(chain, found, standing, revoked_at)


def _with(chain: Chain, standing: Standing) -> Chain:
    confirmation = standing.confirmation if standing.confirmed else None
    return replace(chain, revocation=confirmation, stored=standing.stored, wanted=standing.wanted)


def _revoked(chain: Chain, found: dict[str, Any], standing: Standing, revoked_at: datetime) -> Chain:
    details = found["revocation_details"]
    of_authority = standing.of_authority or (details is not None and details.ca_revoked)
    return replace(
        chain,
        revoked_at=revoked_at,
        problem=chain.problem or "revoked",
        still_good=False,
        particular="REVOKED_CA_NO_POE" if of_authority else "REVOKED_NO_POE",
    )


def _issuer_missing(case: Case, found: dict[str, Any]) -> str | None:
    carried = [one.chosen for one in case.signed_data["certificates"] if one.name == "certificate"]
    return missing_issuer(found["signing_cert"], [*case.material.roots, *case.material.others, *carried])


def _standing(case: Case, found: dict[str, Any], moment: datetime) -> Standing:
    return find_standing([one.dump() for one in certificates_of(found)], case.material.evidence, case.at, moment)


def _revoked_at(case: Case, found: dict[str, Any], standing: Standing) -> datetime | None:
    details = found["revocation_details"]
    times = [details.revocation_date if details is not None else None, standing.revoked_at]
    return min((time for time in times if time is not None and time <= case.at), default=None)


async def _about_revocation(case: Case, chain: Chain, *, confirmed: bool) -> Chain:
    """Say whether the certificates are known not to be revoked; under `require`, not knowing is a problem."""
    if chain.still_good is False:
        return chain
    if not confirmed and chain.weak:
        found = await _validate(case, case.moment, revocation="require", any_algorithm=True)
        confirmed = found["trust_problem_indic"] is None
    if confirmed and chain.revocation is not None:
        return replace(chain, still_good=True)
    chain = replace(chain, revocation=None)
    if case.require_revocation:
        return replace(chain, problem="revocation_unknown", particular="TRY_LATER")
    return chain


def _may_have_expired(case: Case) -> bool:
    return case.proven_at is None and case.claimed_at is not None and case.claimed_at < case.at


async def _at_claimed_time(case: Case, chain: Chain) -> Chain:
    """A path that does not stand now may have stood at the time the signer claims."""
    assert case.claimed_at is not None
    found = await _validate_softly(case, case.claimed_at, any_algorithm=chain.weak)
    weak = chain.weak or is_weak(found)
    if weak and not chain.weak:
        found = await _validate_softly(case, case.claimed_at, any_algorithm=True)
    if problem_of(found) is not None or stands(certificates_of(found), case.at):
        return chain
    standing = _standing(case, found, case.claimed_at)
    if case.require_revocation and not standing.confirmed and standing.revoked_at is None:
        return replace(_with(chain, standing), problem="revocation_unknown", particular="TRY_LATER")
    chain = replace(chain, names=names_of(found), weak=weak, issuer_missing=None)
    revoked_at = _revoked_at(case, found, standing)
    if revoked_at is not None:
        return _revoked(chain, found, standing, revoked_at)
    particular = "OUT_OF_BOUNDS_NOT_REVOKED" if standing.confirmed else "OUT_OF_BOUNDS_NO_POE"
    chain = replace(chain, problem=None, at_claimed_time=True, still_good=False, particular=particular)
    return _with(chain, standing)


def claim_fits(certificate: x509.Certificate, claimed_at: datetime | None) -> bool:
    """Whether the claimed time lies in the certificate's validity, give or take a day for wrong clocks."""
    if claimed_at is None:
        return True
    day = timedelta(days=1)
    return bool(certificate.not_valid_before - day <= claimed_at <= certificate.not_valid_after + day)

"""Reading what the library found out about one signature and its path: a dictionary becomes our own words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from asn1crypto import x509
from pyhanko.sign.ades.report import AdESIndeterminate

from entitylocker.signatures.issuers import display_name

_OTHER_PURPOSES = {"server_auth", "code_signing", "time_stamping", "ocsp_signing"}
_WEAK = {
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE,
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
}
_PATHLESS = {AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND, AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE}
_PROBLEMS = {
    AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND: "unknown_authority",
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE: "expired",
    AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE: "not_for_signing",
    AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE: "chain_broken",
    AdESIndeterminate.TRY_LATER: "revocation_unknown",
}


def has_no_path(found: dict[str, Any]) -> bool:
    """Whether no path to a root could be built at all: no other time and no other answers make one."""
    return found["trust_problem_indic"] in _PATHLESS


def is_broken(found: dict[str, Any]) -> bool:
    """Whether something on the path is wrong that has no word of its own: answers about revocation may be it."""
    general = AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE
    return found["trust_problem_indic"] is general and found["revocation_details"] is None


def is_weak(found: dict[str, Any]) -> bool:
    """Whether an algorithm was not good enough."""
    return found["trust_problem_indic"] in _WEAK


def is_too_late(found: dict[str, Any]) -> bool:
    """Whether the signer's certificate is younger than the end of an algorithm: no proof can help then."""
    end = found["error_time_horizon"]
    return is_weak(found) and (end is None or found["signing_cert"].not_valid_before >= end)


def problem_of(found: dict[str, Any]) -> str | None:
    """Why the signer is not confirmed, if so; None: the path stands."""
    indication = found["trust_problem_indic"]
    certificate = found["signing_cert"]
    if indication is None and found["validation_path"] is not None:
        return None
    if found["revocation_details"] is not None:
        return "revoked"
    if certificate.self_signed != "no":  # "maybe": it names no key, so that it might be another's of the same name
        return "self_signed"
    return _PROBLEMS.get(indication, "unknown_authority")


def particular_of(found: dict[str, Any]) -> str | None:
    """What is wrong in the words of EN 319 102-1: first about the bytes, then about the path."""
    if not found["intact"]:
        return "HASH_FAILURE"
    if not found["valid"]:
        return "SIG_CRYPTO_FAILURE"
    indication = found["trust_problem_indic"]
    return str(indication.standard_name) if indication is not None else None


def certificates_of(found: dict[str, Any]) -> list[x509.Certificate]:
    """The path, root first; nothing where there is none."""
    path = found["validation_path"]
    return list(path.iter_certs(include_root=True)) if path is not None else []


def names_of(found: dict[str, Any]) -> tuple[str, ...]:
    """The names on the path, root first."""
    return tuple(display_name(one.subject) for one in certificates_of(found))


def is_for_other_purposes(certificate: x509.Certificate) -> bool:
    """A certificate for web servers, code, time stamps or OCSP alone signs no documents."""
    purposes = certificate.extended_key_usage_value
    return purposes is not None and set(purposes.native) <= _OTHER_PURPOSES


def stands(certificates: list[x509.Certificate], at: datetime) -> bool:
    """Whether none of `certificates` had expired at `at`: then it was not age that broke the path."""
    return all(one.not_valid_after >= at for one in certificates)

"""Holding the identifiers of one organisation against one another: they carry parts of each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from entitylocker.errors import N_, LockerError
from entitylocker.identifiers.kinds import IdentifierKind, OrganisationKind, kinds_for
from entitylocker.identifiers.parse import Identifier


class Disagreement(LockerError):
    """Two identifiers, or one and the kind of organisation, cannot both be right. Listed, or raised."""

    code = "identifiers_disagree"
    status = 422
    worded = frozenset({"kind"})
    message = N_("These identifiers cannot belong to the same organisation.")
    advice = N_("Compare them with the certificates and correct the one that is wrong.")


class GstinOfAnotherPan(Disagreement):
    code = "gstin_of_another_pan"
    message = N_("The GSTIN %(gstin)s belongs to PAN %(pan_inside)s, not to PAN %(pan)s.")


class GstinsOfTwoPans(Disagreement):
    code = "gstins_of_two_pans"
    message = N_("The GSTINs %(first)s and %(second)s belong to two different PANs.")


class PanOfAnotherHolder(Disagreement):
    code = "pan_of_another_holder"
    message = N_(
        "The fourth letter of the PAN %(pan)s is %(holder_type)s. "
        "For this kind of organisation it must be one of: %(allowed)s."
    )


class NotForThisKind(Disagreement):
    code = "identifier_not_for_this_kind"
    message = N_("%(kind)s: this kind of organisation does not have one.")


class MoreThanOne(Disagreement):
    code = "identifier_more_than_one"
    message = N_("An organisation has only one %(kind)s: %(first)s and %(second)s were given.")


class CompanyAndPartnership(Disagreement):
    code = "cin_and_llpin"
    message = N_("An organisation has either a CIN or an LLPIN, not both.")


_HOLDERS: dict[OrganisationKind, str] = {
    OrganisationKind.COMPANY: "C",
    OrganisationKind.LLP: "F",
    OrganisationKind.PARTNERSHIP: "F",
    OrganisationKind.PROPRIETORSHIP: "HP",
    OrganisationKind.TRUST: "ABJKT",
    OrganisationKind.SOCIETY: "ABJT",
    OrganisationKind.GOVERNMENT_DEPARTMENT: "GJL",
}


def checked_against_one_another(
    identifiers: Sequence[Identifier], organisation_kind: OrganisationKind | None = None
) -> list[Disagreement]:
    """Everything about one organisation's identifiers that cannot be true together; empty when they agree.

    With `organisation_kind`, also whether such an organisation has these identifiers and such a PAN. States
    are not compared: an organisation registered in one state trades in others.
    """
    problems: list[Disagreement] = []
    problems += _repeated(identifiers)
    problems += _both_registers(identifiers)
    problems += _pans_inside_gstins(identifiers)
    problems += _holder_problems(identifiers, organisation_kind)
    if organisation_kind is not None:
        problems += _not_for(identifiers, organisation_kind)
    return problems


def _of(identifiers: Iterable[Identifier], kind: IdentifierKind) -> list[Identifier]:
    return [identifier for identifier in identifiers if identifier.kind is kind]


def _repeated(identifiers: Sequence[Identifier]) -> list[Disagreement]:
    """Only GSTINs come in numbers: one for each state."""
    problems: list[Disagreement] = []
    for kind in IdentifierKind:
        values = sorted({identifier.value for identifier in _of(identifiers, kind)})
        if kind is not IdentifierKind.GSTIN and len(values) > 1:
            problems.append(MoreThanOne(kind=kind.label, first=values[0], second=values[1]))
    return problems


def _both_registers(identifiers: Sequence[Identifier]) -> list[Disagreement]:
    both = _of(identifiers, IdentifierKind.CIN) and _of(identifiers, IdentifierKind.LLPIN)
    return [CompanyAndPartnership()] if both else []


def _pans_inside_gstins(identifiers: Sequence[Identifier]) -> list[Disagreement]:
    gstins, pans = _of(identifiers, IdentifierKind.GSTIN), _of(identifiers, IdentifierKind.PAN)
    if pans:
        return [
            GstinOfAnotherPan(gstin=gstin.value, pan_inside=gstin.facts["pan"], pan=pan.value)
            for gstin in gstins
            for pan in pans
            if gstin.facts["pan"] != pan.value
        ]
    return [
        GstinsOfTwoPans(first=gstins[0].value, second=gstin.value)
        for gstin in gstins[1:]
        if gstin.facts["pan"] != gstins[0].facts["pan"]
    ]


def _holder_problems(
    identifiers: Sequence[Identifier], organisation_kind: OrganisationKind | None
) -> list[Disagreement]:
    """A CIN or LLPIN says what an organisation is, whatever it calls itself (an MSME can be a company)."""
    allowed = _allowed_holders(identifiers, organisation_kind)
    if allowed is None:
        return []
    holders = {
        str(identifier.facts.get("pan", identifier.value)): str(identifier.facts["holder_type"])
        for identifier in identifiers
        if "holder_type" in identifier.facts
    }
    return [
        PanOfAnotherHolder(pan=number, holder_type=holder, allowed=", ".join(allowed))
        for number, holder in holders.items()
        if holder not in allowed
    ]


def _allowed_holders(identifiers: Sequence[Identifier], organisation_kind: OrganisationKind | None) -> str | None:
    if _of(identifiers, IdentifierKind.CIN):
        return _HOLDERS[OrganisationKind.COMPANY]
    if _of(identifiers, IdentifierKind.LLPIN):
        return _HOLDERS[OrganisationKind.LLP]
    return _HOLDERS.get(organisation_kind) if organisation_kind else None


def _not_for(identifiers: Sequence[Identifier], organisation_kind: OrganisationKind) -> list[Disagreement]:
    fitting = kinds_for(organisation_kind)
    given = dict.fromkeys(identifier.kind for identifier in identifiers)
    return [NotForThisKind(kind=kind.label) for kind in given if kind not in fitting]

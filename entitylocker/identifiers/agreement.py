"""Holding the identifiers of one organisation against one another: they carry parts of each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from entitylocker.identifiers.disagreements import (
    CompanyAndPartnership,
    Disagreement,
    GstinOfAnotherPan,
    GstinOfAnotherTan,
    GstinsOfTwoPans,
    IecOfAnotherPan,
    MoreThanOne,
    NotForThisKind,
    PanOfAnotherHolder,
)
from entitylocker.identifiers.kinds import IdentifierKind, OrganisationKind, kinds_for
from entitylocker.identifiers.parts import Identifier

# One for each state, each place that deducts tax, each kitchen, each director.
_IN_NUMBERS = frozenset({IdentifierKind.GSTIN, IdentifierKind.TAN, IdentifierKind.FSSAI, IdentifierKind.DIN})

# Fourth letters of the PAN. The register publishes what a letter means, not which body gets which: where practice
# varies, all that occur are taken.
_HOLDERS: dict[OrganisationKind, str] = {
    OrganisationKind.COMPANY: "C",
    OrganisationKind.LLP: "EF",
    OrganisationKind.PARTNERSHIP: "EF",
    OrganisationKind.PROPRIETORSHIP: "HP",
    OrganisationKind.TRUST: "ABJKT",
    OrganisationKind.SOCIETY: "ABJKT",
    OrganisationKind.GOVERNMENT_DEPARTMENT: "ABGJLT",
}


def checked_against_one_another(
    identifiers: Sequence[Identifier], organisation_kind: OrganisationKind | None = None
) -> list[Disagreement]:
    """Everything about one organisation's identifiers that cannot be true together; empty when they agree.

    With `organisation_kind`, also whether such an organisation has these identifiers and such a PAN. What is only
    unusual is told by `oddities`.
    """
    problems: list[Disagreement] = []
    problems += _repeated(identifiers)
    problems += _both_registers(identifiers)
    problems += _pans_inside_gstins(identifiers)
    problems += _tans_inside_gstins(identifiers)
    problems += _pans_inside_iecs(identifiers)
    problems += _holder_problems(identifiers, organisation_kind)
    if organisation_kind is not None:
        problems += _not_for(identifiers, organisation_kind)
    return problems


def _of(identifiers: Iterable[Identifier], kind: IdentifierKind) -> list[Identifier]:
    return [identifier for identifier in identifiers if identifier.kind is kind]


def _repeated(identifiers: Sequence[Identifier]) -> list[Disagreement]:
    problems: list[Disagreement] = []
    for kind in IdentifierKind:
        values = sorted({identifier.value for identifier in _of(identifiers, kind)})
        if kind not in _IN_NUMBERS and len(values) > 1:
            problems.append(MoreThanOne(kind=kind.label, first=values[0], second=values[1]))
    return problems


def _both_registers(identifiers: Sequence[Identifier]) -> list[Disagreement]:
    both = _of(identifiers, IdentifierKind.CIN) and _of(identifiers, IdentifierKind.LLPIN)
    return [CompanyAndPartnership()] if both else []


def _carrying(identifiers: Sequence[Identifier], kind: IdentifierKind, fact: str) -> list[tuple[str, str]]:
    """The identifiers of a kind that carry a number of another register: (value, that number)."""
    found = _of(identifiers, kind)
    return [(each.value, str(each.facts[fact])) for each in found if fact in each.facts]


def _pans_inside_gstins(identifiers: Sequence[Identifier]) -> list[Disagreement]:
    gstins, pans = _carrying(identifiers, IdentifierKind.GSTIN, "pan"), _of(identifiers, IdentifierKind.PAN)
    if pans:
        return [
            GstinOfAnotherPan(gstin=gstin, pan_inside=inside, pan=pan.value)
            for gstin, inside in gstins
            for pan in pans
            if inside != pan.value
        ]
    return [GstinsOfTwoPans(first=gstins[0][0], second=gstin) for gstin, inside in gstins[1:] if inside != gstins[0][1]]


def _tans_inside_gstins(identifiers: Sequence[Identifier]) -> list[Disagreement]:
    """An organisation has many TANs, so a GSTIN made of one contradicts them only if it is none of them."""
    tans = {tan.value for tan in _of(identifiers, IdentifierKind.TAN)}
    return [
        GstinOfAnotherTan(gstin=gstin, tan_inside=inside)
        for gstin, inside in _carrying(identifiers, IdentifierKind.GSTIN, "tan")
        if tans and inside not in tans
    ]


def _pans_inside_iecs(identifiers: Sequence[Identifier]) -> list[Disagreement]:
    """Codes from before 2018 carry no PAN: they agree with every one."""
    pans = [pan.value for pan in _of(identifiers, IdentifierKind.PAN)]
    pans += [inside for _, inside in _carrying(identifiers, IdentifierKind.GSTIN, "pan")]
    return [
        IecOfAnotherPan(iec=iec, pan=pan)
        for iec, inside in _carrying(identifiers, IdentifierKind.IEC, "pan")
        for pan in dict.fromkeys(pans)
        if inside != pan
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
    given = dict.fromkeys(identifier.kind for identifier in identifiers if identifier.kind.of_organisation)
    return [NotForThisKind(kind=kind.label) for kind in given if kind not in fitting]

"""What can be wrong, or only odd, between two identifiers of one organisation: one class a sentence."""

from __future__ import annotations

from entitylocker.errors import N_, LockerError


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


class GstinOfAnotherTan(Disagreement):
    code = "gstin_of_another_tan"
    message = N_("The GSTIN %(gstin)s belongs to TAN %(tan_inside)s, which is not among those stated here.")


class IecOfAnotherPan(Disagreement):
    code = "iec_of_another_pan"
    message = N_("The IEC %(iec)s is the PAN of its holder, and that is not PAN %(pan)s.")


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


class Oddity(LockerError):
    """Unusual but possible: shown to whoever verifies, never a reason to refuse."""

    code = "identifiers_odd"
    status = 422
    worded = frozenset({"state"})
    message = N_("These identifiers are unusual together.")


class StatesDiffer(Oddity):
    code = "cin_of_another_state"
    message = N_(
        "The CIN is of %(state)s, and no GSTIN is: %(other)s. A company may trade in other states than its own."
    )


class ListedThoughPrivate(Oddity):
    code = "cin_listed_though_private"
    message = N_(
        "The CIN begins with L for a listed company, but its type %(company_type)s is not one whose shares are listed."
    )


class LicenceBeforeCompany(Oddity):
    code = "fssai_before_cin"
    message = N_("The FSSAI number is of %(licence_year)s, the company was registered in %(company_year)s.")

"""What can go wrong with public checks and check pages."""

from __future__ import annotations

from entitylocker.errors import N_, Conflict, TooManyRequests, Unavailable


class TooManyChecks(TooManyRequests):
    """One network asked too often. Facts `seconds` and `minutes`: when to try again."""

    code = "too_many_checks"
    message = N_("Too many requests came from your network. Please try again in %(minutes)s minutes.")


class ChecksBusy(Unavailable):
    """As many public checks as this machine spares for them are running."""

    code = "checks_busy"
    message = N_("Many files are being checked just now. Yours was not checked, and nothing of it was kept.")
    advice = N_("Please try again in half a minute.")


class CheckerSilent(Unavailable):
    code = "checker_silent"
    message = N_("The part of the locker that checks files does not answer. Nothing of your file was kept.")
    advice = N_("Please try again in a minute.")


class CheckPageIsOn(Conflict):
    code = "check_page_is_on"
    message = N_("The check page of this document is switched on already.")

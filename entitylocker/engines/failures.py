"""What can go wrong with the engines, in words."""

from __future__ import annotations

from entitylocker.errors import N_, LockerError


class HomeInUse(LockerError):
    """Another process holds the home. Facts: `home`, `pid`."""

    code = "home_in_use"
    status = 503
    message = N_("Another EntityLocker (process %(pid)s) is already using the home %(home)s.")
    advice = N_("Stop that one first, or choose another home.")


class EngineFailed(LockerError):
    """An embedded engine does not run. Facts: `engine` (its name in words), `reason` (a sentence)."""

    code = "engine_failed"
    status = 503
    message = N_("%(engine)s could not be started. %(reason)s")
    advice = N_("Put right what is named above and start again. Nothing that was stored is lost.")


class HomeUnusable(EngineFailed):
    """The home cannot carry the engines. Facts: `home`, `reason` (a sentence)."""

    code = "home_unusable"
    message = N_("The home %(home)s cannot be used. %(reason)s")
    advice = N_("Choose another home, or put right what is named above.")

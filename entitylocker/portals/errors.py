"""What can be wrong with a portal."""

from __future__ import annotations

from entitylocker.errors import N_, Conflict, InvalidInput


class BadKeys(InvalidInput):
    """The key set cannot be used. Fact `why`: an English sentence, translated before it is shown."""

    code = "bad_keys"
    message = N_("These keys cannot be used: %(why)s")


class BadAddress(InvalidInput):
    code = "bad_address"
    message = N_("“%(address)s” cannot be used: %(why)s")


class AlreadyDecided(Conflict):
    code = "already_decided"
    message = N_("This portal is not waiting for that decision any more.")

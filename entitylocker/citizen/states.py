"""The words in which a visit, a proof and a lending are written down."""

from __future__ import annotations

from enum import StrEnum

from entitylocker.errors import N_


class Purpose(StrEnum):
    """What somebody went to a citizen locker for."""

    LINK = "link"
    SIGN_IN = "sign_in"


class Source(StrEnum):
    """Where a proof of who a person is comes from."""

    LOCKER = "locker"
    EKYC = "ekyc"


class Ending(StrEnum):
    """Why a lending ended."""

    WITHDRAWN = "withdrawn"
    TIME = "time"
    UNLINKED = "unlinked"
    MEMBERSHIP = "membership"
    CLOSED = "closed"


ENDING_WORDS: dict[str, str] = {
    Ending.WITHDRAWN: N_("withdrawn"),
    Ending.TIME: N_("its time was over"),
    Ending.UNLINKED: N_("the link to the citizen locker ended"),
    Ending.MEMBERSHIP: N_("the membership ended"),
    Ending.CLOSED: N_("the organisation was closed"),
}

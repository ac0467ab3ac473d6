"""Pure decisions about trust: what suffices for sharing, how much may be taken over."""

from __future__ import annotations

from entitylocker.signatures.verdicts import ORDER, Verdict, may_be_offered

# Without a word of the organisation: most signatures in India carry no time stamp, so that a stricter default would
# keep most documents from every portal. The portal reads the verdict and may itself ask for more.
CLAIMED_TIME_SUFFICES = True
NOT_PROVEN = "not_proven"
MOST_OF_INSTALLATION = 500
MOST_OF_ORGANISATION = 100


def why_not_offered(verdict: Verdict, claimed_time_suffices: bool) -> str | None:
    """Why a document with `verdict` is not offered to portals, or None: `checking`, the red verdict, `not_proven`.

    Where a signature that is valid only at the time it claims does not suffice, nothing worse does either. Documents
    that nobody signed claim nothing and stay outside of it.
    """
    if not may_be_offered(verdict):
        return verdict.value
    if claimed_time_suffices or verdict is Verdict.NOT_SIGNED:
        return None
    return None if ORDER.index(verdict) > ORDER.index(Verdict.VALID_AT_CLAIMED_TIME) else NOT_PROVEN

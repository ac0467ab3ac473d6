"""Why a consent cannot be given, or does not hold any more."""

from __future__ import annotations

from entitylocker.errors import N_, InvalidInput, LockerError


class ConsentEnded(LockerError):
    """A token is known, but what it stood for does not hold. Asking again cannot help; a new consent can."""

    code = "consent_ended"
    status = 401
    message = N_("This consent does not hold any more.")
    advice = N_("Ask the organisation for a new consent.")


class ConsentWithdrawn(ConsentEnded):
    code = "consent_withdrawn"
    message = N_("The organisation has withdrawn this consent.")


class ConsentExpired(ConsentEnded):
    code = "consent_expired"
    message = N_("This consent has ended.")


class PortalNotActive(ConsentEnded):
    code = "portal_suspended"
    status = 403
    message = N_("This portal may not ask for documents at present.")
    advice = N_("Ask the operator of this locker why the portal is not active.")


class GiverNotVerified(ConsentEnded):
    code = "organisation_not_verified"
    status = 403
    message = N_("The organisation that gave this consent is not verified at present.")
    advice = N_("Ask the organisation to have its identifier verified again.")


class GiverNotActive(ConsentEnded):
    code = "organisation_not_active"
    status = 403
    message = N_("The organisation that gave this consent is suspended or closed.")
    advice = N_("Ask the organisation. When it is active again, this consent works until its end.")


class FetchLimitReached(LockerError):
    """Fact `times`: how often each document might be fetched."""

    code = "fetch_limit_reached"
    status = 403
    message = N_("This document was fetched %(times)s times already: the consent allows no more.")
    advice = N_("Ask the organisation for a new consent.")


class BelowLeastVerdict(LockerError):
    """The document is worse now than what the portal itself said it takes. Fact `verdict`."""

    code = "below_least_verdict"
    status = 403
    message = N_("This document is not as good any more as you asked for. Its verdict is now: %(verdict)s.")


class NothingChosen(InvalidInput):
    code = "nothing_chosen"
    message = N_("Choose at least one document, or choose “Do not allow”.")


class NotOffered(InvalidInput):
    code = "not_offered"
    message = N_("One of these documents cannot be given to this portal. Look at the reasons beside them.")

"""Errors of the authorization server: of its pages and tokens as errors of the house, of its endpoints as OAuth's."""

from __future__ import annotations

from authlib.oauth2.base import OAuth2Error

from entitylocker.errors import N_, LockerError


class InvalidToken(LockerError):
    code = "invalid_token"
    status = 401
    message = N_("This access token is unknown, has ended or was given back.")
    advice = N_("Get a new one from the token endpoint.")


class UnusableRequest(LockerError):
    """The address brings no request that can be answered; there is nowhere safe to send the person back to."""

    code = "unusable_request"
    status = 400
    message = N_("This request cannot be answered: it is unknown, too old, or belongs to another portal.")
    advice = N_("Nothing was given. Go back to the portal and begin again there.")


class PortalMayNotAsk(LockerError):
    code = "portal_may_not_ask"
    status = 403
    message = N_("This portal may not ask for documents at present.")
    advice = N_("Nothing was given. The portal has to settle this with the operator of this locker.")


class AlreadyAnswered(LockerError):
    """The request was answered already, and whoever asks now cannot be sent on."""

    code = "already_answered"
    status = 409
    message = N_("This request was answered already. Nothing was given twice.")
    advice = N_("Look under Consents to see what was given, or go back to the portal.")


class InvalidAuthorizationDetails(OAuth2Error):
    """RFC 9396 section 5."""

    error = "invalid_authorization_details"

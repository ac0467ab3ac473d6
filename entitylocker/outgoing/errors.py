"""What can go wrong on the way out, each with a stable code. None of them ever carries what the other side said."""

from __future__ import annotations

from entitylocker.errors import N_, LockerError


class OutgoingError(LockerError):
    """A call to somewhere else that brought nothing usable."""

    code = "outgoing_failed"
    status = 502
    message = N_("Another server could not be asked.")


class AddressRefused(OutgoingError):
    """The address is not one the locker calls. Fact `why`: a word for the log."""

    code = "outgoing_address_refused"
    message = N_("The locker does not call this address (%(why)s).")


class NotPublic(OutgoingError):
    """The name leads to an address inside some network, and the operator did not allow it."""

    code = "outgoing_not_public"
    message = N_("The address leads into a private network. The operator can allow it.")


class UnknownHost(OutgoingError):
    code = "outgoing_unknown_host"
    message = N_("No server has this name.")


class Unreachable(OutgoingError):
    code = "outgoing_unreachable"
    message = N_("The server does not answer.")


class CertificateRefused(OutgoingError):
    code = "outgoing_certificate_refused"
    message = N_("The server does not show who it is: its certificate does not fit.")


class TooSlow(OutgoingError):
    code = "outgoing_too_slow"
    message = N_("The server took too long.")


class TooLarge(OutgoingError):
    code = "outgoing_too_large"
    message = N_("The server sent more than the locker takes.")


class BadAnswer(OutgoingError):
    """What came is no usable answer. Fact `why`: a word for the log, such as status_404."""

    code = "outgoing_bad_answer"
    message = N_("The server gave no usable answer (%(why)s).")

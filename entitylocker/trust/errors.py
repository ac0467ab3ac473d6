"""What can go wrong when somebody is to be trusted."""

from __future__ import annotations

from entitylocker.errors import N_, InvalidInput, LockerError


class NothingToAdd(InvalidInput):
    code = "nothing_to_add"
    message = N_("None of these is a certificate that can be taken over.")


class NoFile(InvalidInput):
    code = "no_file"
    message = N_("Choose at least one file.")


class TooManyAtOnce(InvalidInput):
    """Fact `most`: certificates."""

    code = "too_many_at_once"
    message = N_("These files hold too many certificates. Send at most %(most)s at a time.")


class TrustIsFull(LockerError):
    """Fact `most`: certificates."""

    code = "trust_is_full"
    status = 422
    message = N_("There is room for %(most)s certificates. Remove those that are no longer needed first.")


class ListsTooLarge(LockerError):
    """Fact `megabytes`."""

    code = "trust_lists_too_large"
    status = 422
    message = N_("Imported lists of revoked certificates may hold %(megabytes)s MB together.")
    advice = N_("Most lists need no import: the locker fetches them by itself.")

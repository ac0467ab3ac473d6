"""What can go wrong with delegations and with rights that change."""

from __future__ import annotations

from entitylocker.errors import N_, Conflict, LockerError
from entitylocker.organisations.days import EndsBeforeStart, EndsInThePast

__all__ = [
    "EndsBeforeStart",
    "EndsInThePast",
    "LongerThanYours",
    "NoSuchFolder",
    "NoSuchMember",
    "NotYoursToGive",
    "RightsChanged",
    "WrongRoleForFolder",
]


class RightsChanged(Conflict):
    """The actor's rights or session ended, or changed, while the request ran. Nothing was done."""

    code = "rights_changed"
    message = N_("Your rights changed while this was running. Nothing was done.")
    advice = N_("Load the page again to see what you may do now.")


class NotYoursToGive(LockerError):
    code = "not_yours_to_give"
    status = 422
    message = N_("You can only give a role that you hold yourself, in the same folder and for the same time.")


class LongerThanYours(NotYoursToGive):
    code = "longer_than_yours"
    message = N_("Your own role ends before that. Choose days on which you hold it yourself.")


class WrongRoleForFolder(LockerError):
    code = "wrong_role_for_folder"
    status = 422
    message = N_("This role is about the whole organisation and cannot be given for one folder.")


class NoSuchMember(LockerError):
    code = "no_such_member"
    status = 422
    message = N_("Choose a member of your organisation.")


class NoSuchFolder(LockerError):
    code = "no_such_folder"
    status = 422
    message = N_("Choose a folder of your organisation.")

"""Telling a person, in their language, of what happened to their account or their place somewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.web.links import link_to


@dataclass(frozen=True)
class Kind:
    """A kind of notice: what its mail is called and the sentence it says. `mine`: the person may have done it."""

    subject: Any
    sentence: Any
    mine: bool = True


# The sentences hold what the template shows below them in a list: nothing here is made of what somebody typed.
KINDS: dict[str, Kind] = {
    "new_sign_in": Kind(
        _l("You signed in from a new browser"),
        _l("somebody, probably you, signed in to your account from a browser that was not used for it before."),
    ),
    "password_changed": Kind(_l("Your password was changed"), _l("the password of your account was changed.")),
    "password_reset": Kind(
        _l("Your password was set anew"),
        _l(
            "the password of your account was set anew through a link that we sent you. All sessions were ended. "
            "Passkeys, citizen lockers and sign-ins of organisations open your account as before."
        ),
    ),
    "address_changed": Kind(
        _l("Your e-mail address was changed"), _l("you sign in with this e-mail address from now on.")
    ),
    "address_restored": Kind(
        _l("Your e-mail address is yours again"),
        _l(
            "the change of your e-mail address was undone. All sessions were ended and the password was removed. "
            "Set a new one to sign in:"
        ),
        mine=False,
    ),
    "second_factor_added": Kind(
        _l("A second step was added to your account"), _l("signing in to your account now takes a second step.")
    ),
    "second_factor_removed": Kind(
        _l("A second step was removed from your account"),
        _l("a second step of signing in was removed from your account."),
    ),
    "passkey_added": Kind(_l("A passkey was added to your account"), _l("a passkey was added to your account.")),
    "passkey_removed": Kind(
        _l("A passkey was removed from your account"), _l("a passkey was removed from your account.")
    ),
    "recovery_codes_made": Kind(
        _l("New recovery codes were made"), _l("new recovery codes were made. The earlier ones do not work any more.")
    ),
    "recovery_code_used": Kind(
        _l("A recovery code was used"), _l("somebody, probably you, signed in to your account with a recovery code.")
    ),
    "passkey_suspected": Kind(
        _l("One of your passkeys may have been copied"),
        _l(
            "a passkey of your account counted backwards, as a copy of it would. It was not accepted. "
            "Remove that passkey and add a new one."
        ),
        mine=False,
    ),
    "codes_guessed": Kind(
        _l("Somebody is guessing the codes of your account"),
        _l(
            "many wrong codes were typed for your account today, so no more are taken until tomorrow. "
            "Whoever did it may know your password: change it. A passkey still works."
        ),
        mine=False,
    ),
    "citizen_linked": Kind(
        _l("A citizen locker was linked to your account"),
        _l(
            "a citizen locker was linked to your account. Whoever signs in there can sign in here as you. "
            "If it was not you, end the link on the page “Citizen locker and proofs” of your account, too."
        ),
    ),
    "citizen_renamed": Kind(
        _l("Your citizen locker names you differently"),
        _l(
            "a citizen locker was linked to your account again and gives another name than before. Organisations do "
            "not see any more what it proved of you. Show it again on the page “Citizen locker and proofs” of your "
            "account."
        ),
    ),
    "citizen_unlinked": Kind(
        _l("A citizen locker was unlinked from your account"), _l("a citizen locker was unlinked from your account.")
    ),
    "only_way_in_ended": Kind(
        _l("Set a password to sign in again"),
        _l(
            "the link to your citizen locker has ended, and it was the only way to sign in to your account. Set a "
            "password to come in again:"
        ),
        mine=False,
    ),
    "provider_connected": Kind(
        _l("A sign-in of an organisation was connected to your account"),
        _l(
            "the own sign-in of an organisation was connected to your account. Whoever signs in there as you can act "
            "as you for that organisation."
        ),
    ),
    "provider_disconnected": Kind(
        _l("A sign-in of an organisation was disconnected from your account"),
        _l("the own sign-in of an organisation was disconnected from your account."),
    ),
    "directory_token_ended": Kind(
        _l("The directory of your organisation cannot change anything any more"),
        _l(
            "a token of your organisation’s directory has ended, because whoever issued it is no administrator any "
            "more. The directory neither brings nor removes anybody with it, and its open invitations have ended. "
            "Whoever came in by it stays: look at the people. If it is still needed, issue a new one on the page "
            "“Sign-in and directory” and put it into the settings of the directory:"
        ),
        mine=False,
    ),
    "directory_token_ends": Kind(
        _l("A token of your organisation’s directory ends soon"),
        _l(
            "a token of your organisation’s directory ends soon. After that the directory neither brings nor removes "
            "anybody with it. Issue a new one on the page “Sign-in and directory” and put it into the settings of the "
            "directory:"
        ),
        mine=False,
    ),
    "sessions_ended": Kind(
        _l("You were signed out elsewhere"), _l("sessions of your account were ended from another browser.")
    ),
    "strong_role_offered": Kind(
        _l("Somebody is invited to a strong role in your organisation"),
        _l(
            "somebody is invited to your organisation with a strong role. If you did not expect it, sign in and take "
            "the invitation back on the page of the people:"
        ),
        mine=False,
    ),
    "strong_role_begun": Kind(
        _l("Your organisation has another administrator"),
        _l("somebody came into your organisation as administrator. If you did not expect it, look at its people:"),
        mine=False,
    ),
    "strong_role_given": Kind(
        _l("A strong role was given in your organisation"),
        _l(
            "a member of your organisation got a role over all of it, beside the role of their membership. "
            "If you did not expect it, look at the page “Roles given”:"
        ),
        mine=False,
    ),
    "strong_role_taken_back": Kind(
        _l("A strong role was taken back in your organisation"),
        _l("a role over all of your organisation that a member had beside their membership was taken back."),
        mine=False,
    ),
    "provider_set_up": Kind(
        _l("Your organisation has another way to sign in"),
        _l(
            "an own sign-in was set up for your organisation. Members who connect it to their account come in as whom "
            "its provider says they are. If you did not expect it, end it on the page “Sign-in and directory”:"
        ),
        mine=False,
    ),
    "directory_token_issued": Kind(
        _l("A directory may bring and remove people in your organisation"),
        _l(
            "a token for the directory of your organisation was issued. Whoever has it can invite people and end "
            "memberships. If you did not expect it, end it on the page “Sign-in and directory”:"
        ),
        mine=False,
    ),
    "role_changed": Kind(_l("Your role was changed"), _l("your role in an organisation was changed."), mine=False),
    "membership_ended": Kind(
        _l("You do not belong to an organisation any more"),
        _l("you were removed from an organisation. You cannot see anything of it any more."),
        mine=False,
    ),
}


def tell_person(person_id: UUID, kind: str, **facts: Any) -> None:
    """Write to a person, in the running transaction, what happened: `kind` is one of KINDS.

    The transaction must be the person's own or of an organisation to which they belong or belonged; of others nothing
    is known here, and then nobody is told. `facts` are shown as they are: `browser`, `address` (of the network),
    `name` (of a passkey, a locker), `organisation`, `role`, `by` (who did it), `who` (it is about), `count` (of
    sessions, or of codes that are left), `at` (default: now), `until`, `used_at` and `newer` (of a token that ends),
    `first_day` and `last_day` (of a role given for a time).
    `link`: where to look, else the account's security.
    """
    told = KINDS[kind]
    found = db.session.execute(text("SELECT * FROM lookup_addressee(:id)"), {"id": person_id}).first()
    if found is None:
        return
    tell_address(found.email, kind, told, found.name, found.language, **facts)


def tell_address(email: str, kind: str, told: Kind, person: str, language: str | None, **facts: Any) -> None:
    """The same to an address that is known already."""
    given = {"at": utc_now(), **facts}
    send_mail(
        to=email, subject=told.subject, template="mail/notice", language=language, kind=kind, told=told, person=person,
        link=given.pop("link", "") or link_to(
            "accounts.forgotten" if kind == "address_restored" else "accounts.security"
        ),
        facts=given,
        organisation=given.get("organisation"),
    )  # fmt: skip

"""How mails between organisations are headed, and which of them have a template of their own."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext

from entitylocker.audit.tags import EventTag

T = EventTag
# Every other one is made of templates/mail/between.txt.
TEMPLATES: dict[EventTag, str] = {
    T.UNIT_ASK: "mail/unit_asked",
    T.AUTHORISATION_PROPOSE: "mail/authorisation_proposed",
}
_SUBJECTS: dict[EventTag, Any] = {
    T.UNIT_ASK: lazy_gettext("An organisation asks yours to become its unit"),
    T.UNIT_JOIN: lazy_gettext("An organisation has become your unit"),
    T.UNIT_LEAVE: lazy_gettext("Another organisation is no longer your parent or unit"),
    T.UNIT_ABOVE: lazy_gettext("What stands above your organisation has changed"),
    T.UNIT_AGREE: lazy_gettext("A unit has agreed to what stands above it"),
    T.UNIT_VOUCH: lazy_gettext("Another organisation vouches for yours"),
    T.UNIT_WITHDRAW_VOUCHING: lazy_gettext("A vouching has ended"),
    T.BRANCH_GIVE: lazy_gettext("Somebody administers your organisation from above"),
    T.BRANCH_REVOKE: lazy_gettext("The administration of a branch has ended"),
    T.AUTHORISATION_PROPOSE: lazy_gettext("A letter of authorisation waits for you"),
    T.AUTHORISATION_CONFIRM: lazy_gettext("Both sides have agreed to a letter of authorisation"),
    T.AUTHORISATION_END: lazy_gettext("A letter of authorisation has ended"),
    T.AGENT_NAME: lazy_gettext("An agency has named who acts for you"),
    T.AGENT_END: lazy_gettext("Somebody of an agency acts for you no longer"),
    T.INVITATION_ISSUE: lazy_gettext("A unit of yours gets its first administrator"),
}


def subject_of(tag: EventTag) -> Any:
    """What the mail about an act is headed, in the language of whoever gets it."""
    return _SUBJECTS[tag]

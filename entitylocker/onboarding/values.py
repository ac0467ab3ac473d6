"""What stands in single cells, as what it means: roles, languages, ways, kinds, addresses, numbers. Pure."""

from __future__ import annotations

import re

from marshmallow import ValidationError

from entitylocker.access import Role
from entitylocker.accounts.schemas import EmailAddress
from entitylocker.identifiers import OrganisationKind
from entitylocker.notifications.addresses import is_one_mailbox
from entitylocker.onboarding.headers import plain
from entitylocker.organisations.states import InvitationWay

_ROLES: dict[Role, str] = {
    Role.ADMINISTRATOR: "administrator|admin|व्यवस्थापक|प्रशासक",
    Role.SIGNATORY: "signatory|authorised signatory|authorized signatory|हस्ताक्षरकर्ता|अधिकृत हस्ताक्षरकर्ता|"
    "प्राधिकृत हस्ताक्षरकर्ता",
    Role.RECORDS_OFFICER: "records officer|record officer|record keeper|records|records_officer|अभिलेख अधिकारी|"
    "रिकॉर्ड अधिकारी",
    Role.READER: "reader|read only|viewer|पाठक",
    Role.AUDITOR: "auditor|audit|लेखा परीक्षक|लेखापरीक्षक|अंकेक्षक",
    Role.MEMBER: "member|सदस्य",
}
_LANGUAGES = {"en": "en|english|eng|अंग्रेजी|इंग्लिश", "hi": "hi|hindi|hin|हिन्दी|हिंदी"}
_WAYS: dict[InvitationWay, str] = {
    InvitationWay.MAIL: "mail|email|e mail|by mail|by email|मेल|ईमेल|ई मेल",
    InvitationWay.SLIP: "slip|paper|printed slip|print|by slip|पर्ची|कागज",
    InvitationWay.SMS: "sms|text|text message|message|by sms|mobile|एसएमएस|संदेश",
}
_KINDS: dict[OrganisationKind, str] = {
    OrganisationKind.GOVERNMENT_DEPARTMENT: "government department|department|government|govt department|govt|"
    "government_department|office|directorate|सरकारी विभाग|शासकीय विभाग|विभाग|कार्यालय|निदेशालय",
    OrganisationKind.COMPANY: "company|corporation|कंपनी|कम्पनी|निगम",
    OrganisationKind.SOCIETY: "society|समिति|सोसायटी",
    OrganisationKind.TRUST: "trust|न्यास|ट्रस्ट",
    OrganisationKind.OTHER: "other|board|authority|autonomous body|अन्य|मंडल|बोर्ड|प्राधिकरण",
}
ROLES = {plain(word): role for role, words in _ROLES.items() for word in words.split("|")}
LANGUAGES = {plain(word): language for language, words in _LANGUAGES.items() for word in words.split("|")}
WAYS = {plain(word): way for way, words in _WAYS.items() for word in words.split("|")}
KINDS = {plain(word): kind for kind, words in _KINDS.items() for word in words.split("|")}

_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")
_AT = re.compile(r"\s*[\[({]\s*at\s*[\])}]\s*", re.IGNORECASE)
_DOT = re.compile(r"\s*[\[({]\s*dot\s*[\])}]\s*", re.IGNORECASE)
_EMAIL = EmailAddress(required=True)


def is_shortened(number: str) -> bool:
    """Whether a spreadsheet has written a number with an exponent."""
    return bool(_SHORTENED.fullmatch(number))


def read_email(typed: str) -> tuple[str | None, str | None]:
    """An address, or None and the code of what is wrong. `asha[at]gov[dot]in` is read, as offices write it."""
    text = _DOT.sub(".", _AT.sub("@", typed)).removeprefix("mailto:").strip(" <>;,\u200b")
    if text.count("@") > 1 and re.search(r"[;,/\s]", text):
        return None, "two_emails"
    try:
        found = str(_EMAIL.deserialize(text))
    except ValidationError:
        return None, "bad_email"
    return (found, None) if is_one_mailbox(found) else (None, "mistakable_email")

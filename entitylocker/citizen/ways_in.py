"""Whether a link to a citizen locker is the only way into an account. It may be ended all the same: it is theirs."""

from __future__ import annotations

from sqlalchemy import func, select

from entitylocker.accounts.factors import read_factors
from entitylocker.accounts.models import Person
from entitylocker.accounts.notices import tell_person
from entitylocker.citizen.models import CitizenLink
from entitylocker.extensions import db
from entitylocker.web.links import link_to


def is_only_way_in(link: CitizenLink) -> bool:
    """Whether its person has neither password nor passkey nor another link; in the running transaction of theirs.

    An organisation's own sign-in does not count: it opens what is that organisation's. Neither does an authenticator
    app: it is a second step only. A link for a password comes by mail in any case.
    """
    has_password = select(Person.password_hash.is_not(None)).where(Person.id == link.person_id)
    links = select(func.count()).select_from(CitizenLink).where(CitizenLink.person_id == link.person_id)
    others = int(db.session.scalar(links.where(CitizenLink.id != link.id)) or 0)
    return not (db.session.scalar(has_password) or others or read_factors(link.person_id).passkeys)


def tell_linked(link: CitizenLink, name: str) -> None:
    """Tell the person by mail that there is one more way to sign in."""
    tell_person(link.person_id, "citizen_linked", name=name)


def tell_renamed(link: CitizenLink, name: str) -> None:
    """Tell the person by mail that the locker names them differently, and that nobody sees what it proved before."""
    tell_person(link.person_id, "citizen_renamed", name=name)


def tell_unlinked(link: CitizenLink, name: str) -> None:
    """Tell the person by mail, before the row goes; with the way to a password if there is no other way in."""
    if is_only_way_in(link):
        tell_person(link.person_id, "only_way_in_ended", name=name, link=link_to("accounts.forgotten"))
    else:
        tell_person(link.person_id, "citizen_unlinked", name=name)

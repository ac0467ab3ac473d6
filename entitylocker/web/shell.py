"""The shell of a page: for whom one acts, the way round, one's other organisations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask, request, url_for
from flask_babel import gettext
from flask_login import current_user

from entitylocker.access import Actor, Facts, Permission, Role, decide
from entitylocker.errors import N_
from entitylocker.web.actors import acting_actor

ROLE_LABELS: dict[Role, str] = {
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.SIGNATORY: N_("Authorised signatory"),
    Role.RECORDS_OFFICER: N_("Records officer"),
    Role.READER: N_("Reader"),
    Role.AUDITOR: N_("Auditor"),
    Role.MEMBER: N_("Member"),
    Role.BRANCH_ADMINISTRATOR: N_("Branch administrator"),
}


@dataclass(frozen=True)
class NavEntry:
    """One way in the side navigation, shown to whoever holds `permission` in any folder.

    `also` names the other pages that lie behind it: endpoints, or whole rooms.
    """

    icon: str
    label: str
    endpoint: str
    permission: Permission
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class NavItem:
    icon: str
    label: str
    href: str
    current: bool
    count: int = 0


_entries: list[NavEntry] = []
_my_organisations: list[Callable[[UUID], list[Any]]] = []


def set_navigation(entries: list[NavEntry], my_organisations: Callable[[UUID], list[Any]]) -> None:
    """Say once, in `app.py`, which ways there are and how a person's organisations are found."""
    _entries[:] = entries
    _my_organisations[:] = [my_organisations]


def role_label(role: Role | str) -> str:
    """The role in the reader's language."""
    return str(gettext(ROLE_LABELS[Role(role)]))


def _acting_role(member: Actor) -> str:
    """As what one acts: the role of the membership; through another organisation the one it gave, in a folder too."""
    held = [grant.role for grant in member.grants if grant.role is not None]
    roles = held[-1:] if member.through else member.roles[:1]
    return role_label(roles[0]) if roles else ""


def holds_somewhere(actor: Actor, permission: Permission) -> bool:
    """Whether the actor holds `permission` in any scope now: for showing a way, never for allowing an act."""
    return any(
        decide(actor, permission, Facts(actor.organisation_id, folder_path=grant.folder_path)) for grant in actor.grants
    )


def _nav_items(actor: Actor) -> list[NavItem]:
    return [
        NavItem(
            icon=entry.icon,
            label=str(gettext(entry.label)),
            href=url_for(entry.endpoint, organisation_id=actor.organisation_id),
            current=entry is _current_entry(),
        )
        for entry in _entries
        if holds_somewhere(actor, entry.permission)
    ]


def _account_items() -> list[NavItem]:
    """The ways to what is one's own; a session that counts for one organisation opens none of them."""
    if current_user.limited_to is not None:
        return []
    trust = url_for("operator_trust.certificates")
    of_operator = [
        NavItem("inbox", str(gettext("To approve")), url_for("operator.approvals"), current=False),
        NavItem("shield-check", str(gettext("Trusted authorities")), trust, current=False),
    ]
    return [
        *(of_operator if current_user.is_operator else []),
        NavItem("user", str(gettext("My account")), url_for("accounts.account"), current=False),
        NavItem("shield-user", str(gettext("Security")), url_for("accounts.security"), current=False),
        NavItem("id-card", str(gettext("Citizen locker and proofs")), url_for("citizen.links"), current=False),
        NavItem("repeat", str(gettext("What I lend")), url_for("citizen.lending"), current=False),
        NavItem("building-2", str(gettext("My organisations")), url_for("organisations.mine"), current=False),
    ]


def _current_entry() -> NavEntry | None:
    """The entry that leads to this page, else the one that names it, its room, or is the first of its room."""
    endpoint = request.endpoint or ""
    room = endpoint.split(".")[0]
    return (
        next((entry for entry in _entries if entry.endpoint == endpoint), None)
        or next((entry for entry in _entries if endpoint in entry.also), None)
        or next((entry for entry in _entries if room in entry.also), None)
        or next((entry for entry in _entries if entry.endpoint.split(".")[0] == room), None)
    )


def _reachable(person: Any) -> list[Any]:
    """The person's organisations; in a session that counts for one of them, that one."""
    found = _my_organisations[0](person.person_id)
    return [each for each in found if person.limited_to in (None, each.organisation_id)]


def register_shell(app: Flask) -> None:
    """Give every template what the shell shows."""

    @app.context_processor
    def shell() -> dict[str, Any]:
        actor = acting_actor()
        person = current_user if current_user and current_user.is_authenticated else None
        member = actor if actor is not None and actor.membership_id is not None else None
        return {
            "person": person,
            "sign_out_url": url_for("accounts.sign_out") if person else None,
            "limited": person is not None and person.limited_to is not None,
            "account_items": _account_items() if person else [],
            "acting": member,
            "acting_role": _acting_role(member) if member else "",
            "nav_items": _nav_items(member) if member else [],
            "my_organisations": _reachable(person) if person and _my_organisations else [],
            "can": lambda permission, facts=None: bool(
                member and decide(member, Permission(permission), facts or member.facts)
            ),
            "role_label": role_label,
        }

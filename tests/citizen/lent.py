"""A paper that is lent, the organisation that has it, and a reader there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.citizen.models import Lending
from entitylocker.extensions import db
from entitylocker.organisations.models import Membership
from entitylocker.tenancy import Tenant
from tests.citizen.house import Citizens
from tests.factories import Member


class Lent:
    """Meera lends one paper to an organisation she belongs to; a reader there."""

    def __init__(self, citizens: Citizens) -> None:
        self.citizens = citizens
        citizens.fresh_citizen("meera")
        self.person, self.administrator = citizens.member()
        self.reader, _ = citizens.member(Role.READER, to=self.administrator)
        self.link = citizens.link(self.person)
        self.row: Lending = citizens.lend(self.person, self.link, self.administrator)
        self.place = self.administrator.organisation_id

    @property
    def path(self) -> str:
        return f"/organisations/{self.place}/lent/{self.row.id}"

    def open(self, member: Member | None = None) -> Any:
        return self.citizens.browser(member or self.reader).get(f"{self.path}/content")

    def fresh(self) -> Lending:
        found = self.citizens.rows(self.person, Lending, Lending.id == self.row.id)
        row: Lending = found[0]
        return row

    def set(self, **values: Any) -> None:
        with self.citizens.app.app_context(), tenancy.transaction(Tenant(organisation_id=self.place)):
            db.session.execute(update(Lending).where(Lending.id == self.row.id).values(**values))

    def post(self, path: str, **fields: Any) -> Any:
        return self.citizens.browser(self.person).post(f"/account/lending/{self.row.id}/{path}", **fields)

    def is_closed(self, because: str) -> None:
        """Nobody reads it, nobody could: the key is gone."""
        answer = self.open()
        assert answer.status_code == 404, answer.status_code
        assert self.citizens.browser(self.reader).get(self.path).status_code == 404
        row = self.fresh()
        assert (row.wrapped_key, row.ended_because) == (None, because) and row.ended_at is not None


def join(lent: Lent, elsewhere: Member) -> None:
    with tenancy.transaction(Tenant(organisation_id=elsewhere.organisation_id)):
        db.session.add(
            Membership(
                id=uuid7(), organisation_id=elsewhere.organisation_id, person_id=lent.person.person_id,
                person_name=lent.person.name, person_email=lent.person.email, role="member",
            )
        )  # fmt: skip


def lend_again(lent: Lent, **changes: Any) -> Any:
    fields = lent.citizens.terms(lent.person, lent.link, lent.administrator, **changes)
    return lent.citizens.browser(lent.person).post(
        f"/account/citizen/links/{lent.link.id}/lend", **fields, decision="allow"
    )

"""Which second factors a person has: what sign-in, confirming and the security page ask first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select

from entitylocker import tenancy
from entitylocker.accounts.factor_models import AuthenticatorApp, Passkey, RecoveryCode
from entitylocker.extensions import db
from entitylocker.tenancy import Tenant, open_use_case


@dataclass(frozen=True)
class Factors:
    """How many passkeys, whether an authenticator app, how many recovery codes are left."""

    passkeys: int = 0
    app: bool = False
    codes_left: int = 0

    @property
    def any(self) -> bool:
        """Whether there is a second factor. Recovery codes only stand in for one."""
        return self.app or self.passkeys > 0


@open_use_case("a person's factors are asked for before there is a session")
def find_factors(person_id: UUID) -> Factors:
    """What the person has set up and confirmed."""
    with tenancy.transaction(Tenant(person_id=person_id)):
        return read_factors(person_id)


def read_factors(person_id: UUID) -> Factors:
    """The same in the running transaction of that person."""
    passkeys = select(func.count()).select_from(Passkey).where(Passkey.person_id == person_id)
    apps = (
        select(func.count())
        .select_from(AuthenticatorApp)
        .where(AuthenticatorApp.person_id == person_id, AuthenticatorApp.confirmed_at.is_not(None))
    )
    codes = (
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    )
    row = db.session.execute(select(passkeys.scalar_subquery(), apps.scalar_subquery(), codes.scalar_subquery())).one()
    return Factors(int(row[0]), bool(row[1]), int(row[2]))


def remove_factors_since(person_id: UUID, since: datetime) -> None:
    """Remove what somebody else may have added to an account, in the running transaction of its person."""
    for table in (Passkey, AuthenticatorApp, RecoveryCode):
        db.session.execute(delete(table).where(table.person_id == person_id, table.created_at >= since))

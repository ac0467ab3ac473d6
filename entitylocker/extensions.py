"""The shared Flask extensions and the base of all tables. Created here, wired to an app in `app.py`."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import Babel
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from flask_wtf import CSRFProtect
from sqlalchemy import DateTime, MetaData, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from uuid_utils.compat import uuid7

from entitylocker import tenancy

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def utc_now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def network_of(address: str) -> str:
    """Whom to count: an address, of IPv6 the /64 that one connection has to itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def visitor_network() -> str:
    """The network that this request comes from, for counting."""
    return network_of(request.remote_addr or "")


_COLUMN_TYPES: dict[Any, Any] = {
    datetime: DateTime(timezone=True),
    UUID: Uuid(),
    dict[str, Any]: JSONB(),
    list[Any]: JSONB(),
}


class Base(DeclarativeBase):
    """Base of every table: named constraints, aware times, JSONB."""

    registry = registry(metadata=MetaData(naming_convention=_NAMES), type_annotation_map=_COLUMN_TYPES)


class Identified:
    """A row with an id of its own (UUIDv7: sorts by time of making)."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)


class Dated:
    """A row that knows when it was made."""

    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class RoutedSession(FlaskSession):
    """A session that speaks to the database in the role of the running transaction."""

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **rest: Any) -> Any:
        role = tenancy.current().tenant.role
        return db.engines[None if role is tenancy.DatabaseRole.APP else role.value]


db = SQLAlchemy(
    model_class=Base,
    session_options={"class_": RoutedSession, "expire_on_commit": False},
    disable_autonaming=True,
)
migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()
limiter = Limiter(key_func=visitor_network)
tenancy.attach(db.session)

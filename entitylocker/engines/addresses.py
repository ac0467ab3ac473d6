"""Where the running engines answer, and by which passwords."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from entitylocker.engines import roles
from entitylocker.engines.secret_values import SecretValues

DATABASE = "entitylocker"


@dataclass(frozen=True)
class EngineAddresses:
    """SQLAlchemy addresses of the database in four roles, and the S3 end point (`host:port`) with its
    keys."""

    database_owner_url: str = field(repr=False)
    database_app_url: str = field(repr=False)
    database_operator_url: str = field(repr=False)
    database_worker_url: str = field(repr=False)
    s3_endpoint: str
    s3_access_key: str = field(repr=False)
    s3_secret_key: str = field(repr=False)
    s3_secure: bool


def database_url(role: str, password: str, sockets: Path, database: str = DATABASE) -> str:
    """The SQLAlchemy address of a database behind the sockets in a directory."""
    return f"postgresql+psycopg://{role}:{password}@/{database}?host={quote(str(sockets), safe='')}"


def make_addresses(values: SecretValues, sockets: Path, s3_port: int, database: str = DATABASE) -> EngineAddresses:
    """Put together the addresses of embedded engines."""
    return EngineAddresses(
        database_owner_url=database_url(roles.OWNER, values.el_owner, sockets, database),
        database_app_url=database_url(roles.APP, values.el_app, sockets, database),
        database_operator_url=database_url(roles.OPERATOR, values.el_operator, sockets, database),
        database_worker_url=database_url(roles.WORKER, values.el_worker, sockets, database),
        s3_endpoint=f"127.0.0.1:{s3_port}",
        s3_access_key=values.s3_access_key,
        s3_secret_key=values.s3_secret_key,
        s3_secure=False,
    )

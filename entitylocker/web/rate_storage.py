"""Rate limits counted in PostgreSQL, so that all processes and machines count together."""

from __future__ import annotations

import hashlib
import itertools
import time
from datetime import datetime
from typing import Any

from limits.storage import Storage
from sqlalchemy import BigInteger, LargeBinary, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, db
from entitylocker.tenancy import TableKind

# How often ended windows are cleared away: once in so many hits of this process.
_SWEEP_EVERY = 512


class Throttle(Base):
    """One window of one limit for one address or account. The key is a digest: it tells nobody whose."""

    __tablename__ = "throttles"
    __table_args__ = ({"info": {"kind": TableKind.DOOR}},)

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    hits: Mapped[int] = mapped_column(BigInteger)
    ends_at: Mapped[datetime] = mapped_column(index=True)


class PostgresStorage(Storage):
    """A storage of the `limits` library for fixed windows: `entitylocker+postgres://`.

    Each count is one statement in a short transaction of its own: a refused request counts, too.
    Works inside an app context only.
    """

    STORAGE_SCHEME = ["entitylocker+postgres"]  # noqa: RUF012 - the library reads it from the class

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._hits = itertools.count(1)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the database may raise."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` in the window of `key`, or begin one of `expiry` seconds; returns the count."""
        if next(self._hits) % _SWEEP_EVERY == 0:
            self._run("SELECT throttle_sweep()")
        row = self._run("SELECT throttle_hit(:key, :seconds, :amount)", key=_digest(key), seconds=expiry, amount=amount)
        return int(row[0])

    def get(self, key: str) -> int:
        """The count of the running window of `key`."""
        row = self._run("SELECT hits FROM throttle_look(:key)", key=_digest(key))
        return int(row[0]) if row else 0

    def get_expiry(self, key: str) -> float:
        """When the running window of `key` ends, in seconds since 1970."""
        row = self._run("SELECT ends_at FROM throttle_look(:key)", key=_digest(key))
        return float(row[0].timestamp()) if row else time.time()

    def check(self) -> bool:
        """Whether the database answers."""
        try:
            return self._run("SELECT 1") is not None
        except SQLAlchemyError:
            return False

    def reset(self) -> int | None:
        """Forget every count."""
        self._run("SELECT throttle_clear(NULL)")
        return None

    def clear(self, key: str) -> None:
        """Forget the count of `key`."""
        self._run("SELECT throttle_clear(:key)", key=_digest(key))

    def _run(self, statement: str, **values: Any) -> Any:
        with db.engines[None].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return connection.execute(text(statement), values).first()


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()

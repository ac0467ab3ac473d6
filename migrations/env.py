"""Alembic's environment: migrations run as the owner of the database, one at a time."""

import sys
from pathlib import Path

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, text

sys.path.insert(0, str(Path(__file__).parent))

target_metadata = current_app.extensions["migrate"].db.metadata

# An arbitrary number that stands for "a migration of EntityLocker is running".
_LOCK = 7216340021


def run_migrations() -> None:
    engine = create_engine(current_app.config["DATABASE_OWNER_URL"], connect_args={"options": "-c search_path=public"})
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": _LOCK})
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=target_metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run_migrations()

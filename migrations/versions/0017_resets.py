"""Links that set a new password or change an address; accounts without a password; what became of a mail."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

AT = sa.DateTime(timezone=True)

_LOOKUPS = (
    "lookup_language(text)",
    "lookup_addressee(uuid)",
    "lookup_password_reset(bytea)",
    "claim_password_reset(bytea)",
    "sweep_password_resets(uuid)",
    "lookup_held_address(text)",
    "lookup_address_change(bytea)",
    "claim_address_change(bytea, bytea, integer)",
    "lookup_address_undo(bytea)",
    "claim_address_undo(bytea)",
    "sweep_address_changes(uuid)",
    "lookup_my_places()",
)


def upgrade() -> None:
    op.execute("SET row_security = off")
    # Who signs in by other means may have no password.
    op.alter_column("persons", "password_hash", nullable=True)
    op.add_column("sessions", sa.Column("browser_digest", sa.LargeBinary()))
    _outbox()
    _resets()
    _changes()
    _telling()


def downgrade() -> None:
    op.execute("SET row_security = off")
    for signature in _LOOKUPS:
        kinds.drop_lookup(signature)
    op.drop_table("address_changes")
    op.drop_table("password_resets")
    op.execute("REVOKE DELETE ON outbox_messages FROM el_worker")
    for column in ("failure", "failed_at", "language"):
        op.drop_column("outbox_messages", column)
    op.execute("REVOKE UPDATE (text, html) ON outbox_messages FROM el_worker")
    op.drop_column("sessions", "browser_digest")
    # Behind the walls no row can be changed: whoever has no password gets one that no password fits.
    op.execute("ALTER TABLE persons ALTER COLUMN password_hash TYPE text USING coalesce(password_hash, 'none')")
    op.alter_column("persons", "password_hash", nullable=False)


def _outbox() -> None:
    op.add_column("outbox_messages", sa.Column("language", sa.Text(), nullable=False, server_default="en"))
    op.alter_column("outbox_messages", "language", server_default=None)
    op.add_column("outbox_messages", sa.Column("failed_at", AT))
    op.add_column("outbox_messages", sa.Column("failure", sa.Text()))
    op.execute("GRANT UPDATE (text, html, failed_at, failure), DELETE ON outbox_messages TO el_worker")


def _resets() -> None:
    op.create_table(
        "password_resets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        # Empty where nobody has the address: such a row costs the same work and opens nothing.
        sa.Column("person_id", sa.Uuid()),
        sa.Column("expires_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_password_resets"),
        sa.UniqueConstraint("token_digest", name="uq_password_resets_token_digest"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_password_resets_person_id"),
    )
    op.create_index("ix_password_resets_expires_at", "password_resets", ["expires_at"])
    op.create_index("ix_password_resets_person_id", "password_resets", ["person_id"])
    kinds.door("password_resets")
    reset = ("password_resets", ["id", "token_digest", "person_id", "expires_at"])
    person = ("persons", ["id", "name", "email"])
    # Of two links asked for at the same moment only the later one works.
    kinds.lookup(
        """CREATE FUNCTION lookup_password_reset(bytea) RETURNS TABLE (person_id uuid, name text, email text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT p.id, p.name, p.email FROM password_resets r JOIN persons p ON p.id = r.person_id
              WHERE r.token_digest = $1 AND r.expires_at > now() AND NOT EXISTS (
                  SELECT FROM password_resets l WHERE l.person_id = r.person_id AND l.id > r.id) $$""",
        "lookup_password_reset(bytea)",
        reads=[reset, person],
    )
    kinds.lookup(
        """CREATE FUNCTION claim_password_reset(bytea) RETURNS uuid
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ DELETE FROM password_resets r
              WHERE r.token_digest = $1 AND r.expires_at > now() AND NOT EXISTS (
                  SELECT FROM password_resets l WHERE l.person_id = r.person_id AND l.id > r.id)
              RETURNING r.person_id $$""",
        "claim_password_reset(bytea)",
        reads=[reset],
        writes="DELETE",
    )
    kinds.lookup(
        """CREATE FUNCTION sweep_password_resets(uuid) RETURNS TABLE (id uuid, person_id uuid, expired boolean)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ DELETE FROM password_resets r WHERE r.expires_at <= now() OR r.person_id = $1
              RETURNING r.id, r.person_id, r.expires_at <= now() $$""",
        "sweep_password_resets(uuid)",
        reads=[reset],
        writes="DELETE",
    )


def _changes() -> None:
    op.create_table(
        "address_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("old_email", sa.Text(), nullable=False),
        sa.Column("old_normalised", sa.Text(), nullable=False),
        sa.Column("new_email", sa.Text(), nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("confirmed_at", AT),
        sa.Column("undo_digest", sa.LargeBinary()),
        sa.Column("undo_until", AT),
        sa.PrimaryKeyConstraint("id", name="pk_address_changes"),
        sa.UniqueConstraint("token_digest", name="uq_address_changes_token_digest"),
        sa.UniqueConstraint("undo_digest", name="uq_address_changes_undo_digest"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_address_changes_person_id"),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (undo_digest IS NULL) AND (confirmed_at IS NULL) = (undo_until IS NULL)",
            name="ck_address_changes_undo_whole",
        ),
    )
    op.create_index("ix_address_changes_person_id", "address_changes", ["person_id"])
    op.create_index("ix_address_changes_old_normalised", "address_changes", ["old_normalised"])
    kinds.door("address_changes")
    _change_lookups()
    _undo_lookups()


_CHANGE = (
    "address_changes",
    [
        "id",
        "person_id",
        "token_digest",
        "old_email",
        "old_normalised",
        "new_email",
        "expires_at",
        "confirmed_at",
        "undo_digest",
        "undo_until",
    ],
)


def _change_lookups() -> None:
    # For whom is not an argument: a link is worth something to the person of the transaction only.
    open_to_me = f"""c.token_digest = $1 AND c.person_id = {kinds.PERSON} AND c.confirmed_at IS NULL
              AND c.expires_at > now() AND NOT EXISTS (
                  SELECT FROM address_changes l WHERE l.person_id = c.person_id AND l.id > c.id)"""
    kinds.lookup(
        f"""CREATE FUNCTION lookup_address_change(bytea) RETURNS TABLE (old_email text, new_email text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT c.old_email, c.new_email FROM address_changes c WHERE {open_to_me} $$""",
        "lookup_address_change(bytea)",
        reads=[_CHANGE],
    )
    kinds.lookup(
        f"""CREATE FUNCTION claim_address_change(bytea, bytea, integer)
        RETURNS TABLE (old_email text, new_email text)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ UPDATE address_changes c
              SET confirmed_at = now(), undo_digest = $2, undo_until = now() + make_interval(secs => $3)
              WHERE {open_to_me} RETURNING c.old_email, c.new_email $$""",
        "claim_address_change(bytea, bytea, integer)",
        reads=[_CHANGE],
        writes="UPDATE (confirmed_at, undo_digest, undo_until)",
    )
    # Links that nobody followed in time, chances to undo that nobody took, and what $1 has asked for before.
    kinds.lookup(
        """CREATE FUNCTION sweep_address_changes(uuid)
        RETURNS TABLE (id uuid, person_id uuid, expired boolean, undone boolean)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ DELETE FROM address_changes c
              WHERE (c.confirmed_at IS NULL AND (c.expires_at <= now() OR c.person_id = $1)) OR c.undo_until <= now()
              RETURNING c.id, c.person_id, coalesce(c.undo_until, c.expires_at) <= now(),
                        c.confirmed_at IS NOT NULL $$""",
        "sweep_address_changes(uuid)",
        reads=[_CHANGE],
        writes="DELETE",
    )


def _undo_lookups() -> None:
    kinds.lookup(
        """CREATE FUNCTION lookup_held_address(text) RETURNS uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT c.person_id FROM address_changes c WHERE c.old_normalised = $1 AND c.undo_until > now()
              LIMIT 1 $$""",
        "lookup_held_address(text)",
        reads=[_CHANGE],
    )
    kinds.lookup(
        """CREATE FUNCTION lookup_address_undo(bytea)
        RETURNS TABLE (person_id uuid, name text, old_email text, new_email text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT c.person_id, p.name, c.old_email, c.new_email
              FROM address_changes c JOIN persons p ON p.id = c.person_id
              WHERE c.undo_digest = $1 AND c.undo_until > now() $$""",
        "lookup_address_undo(bytea)",
        reads=[_CHANGE, ("persons", ["id", "name"])],
    )
    # Later changes go with the one that is undone: who made them is who made that one.
    kinds.lookup(
        """CREATE FUNCTION claim_address_undo(bytea)
        RETURNS TABLE (id uuid, old_email text, new_email text, this boolean)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ DELETE FROM address_changes c USING address_changes u
              WHERE u.undo_digest = $1 AND u.undo_until > now() AND c.person_id = u.person_id AND c.id >= u.id
              RETURNING c.id, c.old_email, c.new_email, c.id = u.id $$""",
        "claim_address_undo(bytea)",
        reads=[_CHANGE],
        writes="DELETE",
    )


def _telling() -> None:
    kinds.lookup(
        """CREATE FUNCTION lookup_language(text) RETURNS text
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT language FROM persons WHERE email_normalised = $1 $$""",
        "lookup_language(text)",
        reads=[("persons", ["email_normalised", "language"])],
    )
    # Where a person is written to: known to themselves and to organisations they belong to or belonged to.
    kinds.lookup(
        f"""CREATE FUNCTION lookup_addressee(uuid) RETURNS TABLE (name text, email text, language text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT p.name, p.email, p.language FROM persons p
              WHERE p.id = $1 AND (p.id = {kinds.PERSON} OR EXISTS (
                  SELECT FROM memberships m
                  WHERE m.person_id = p.id AND m.organisation_id = {kinds.ORGANISATION})) $$""",
        "lookup_addressee(uuid)",
        reads=[
            ("persons", ["id", "name", "email", "language"]),
            ("memberships", ["organisation_id", "person_id"]),
        ],
    )
    # Mails are also written by the operator's acts and by jobs.
    op.execute("SET LOCAL ROLE el_lookup")
    for signature in ("lookup_language(text)", "lookup_addressee(uuid)"):
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO el_operator, el_worker")
    op.execute("RESET ROLE")
    kinds.lookup(
        f"""CREATE FUNCTION lookup_my_places() RETURNS SETOF uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT DISTINCT m.organisation_id FROM memberships m
              WHERE m.person_id = {kinds.PERSON} AND m.ended_at IS NULL ORDER BY 1 $$""",
        "lookup_my_places()",
        reads=[("memberships", ["organisation_id", "person_id", "ended_at"])],
    )

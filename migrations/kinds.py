"""The walls round tables, one function for each kind (design 5.3). Migrations call these; nothing else grants.

Database roles: `el_app` serves, `el_operator` approves, `el_worker` finds work, `el_lookup` owns the few functions
that may look before the tenant is known. None owns a table or bypasses row level security.
"""

from alembic import op

ORGANISATION = "nullif(current_setting('app.organisation_id', true), '')::uuid"
PERSON = "nullif(current_setting('app.person_id', true), '')::uuid"


def _force(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _policy(table: str, name: str, role: str, using: str, command: str = "ALL", check: str | None = None) -> None:
    conditions = f"WITH CHECK ({using})" if command == "INSERT" else f"USING ({using})"
    if check is not None:
        conditions += f" WITH CHECK ({check})"
    op.execute(f"CREATE POLICY {name} ON {table} FOR {command} TO {role} {conditions}")


def own(table: str, column: str = "organisation_id", rights: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Rows of one organisation."""
    _force(table)
    op.execute(f"GRANT {rights} ON {table} TO el_app")
    _policy(table, "own", "el_app", f"{column} = {ORGANISATION}")


def two_party(
    table: str,
    rights: str = "SELECT, INSERT, UPDATE",
    partner: str = "portal_organisation_id",
    policy: str = "portal_keeper",
) -> None:
    """Rows that the giving organisation and its partner (a portal's keeper) both see; only the giver writes them."""
    _force(table)
    op.execute(f"GRANT {rights} ON {table} TO el_app")
    _policy(table, "giver", "el_app", f"organisation_id = {ORGANISATION}")
    _policy(table, policy, "el_app", f"{partner} = {ORGANISATION}", command="SELECT")


def person(table: str, column: str = "person_id", rights: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Rows of one person."""
    _force(table)
    op.execute(f"GRANT {rights} ON {table} TO el_app")
    _policy(table, "person", "el_app", f"{column} = {PERSON}")


def own_rows_of_person(table: str, column: str = "person_id") -> None:
    """Lets a person also read their own rows of an organisation's table (my memberships)."""
    _policy(table, "own_rows_of_person", "el_app", f"{column} = {PERSON}", command="SELECT")


def door(table: str, rights: str = "INSERT") -> None:
    """Rows found by a digest before the tenant is known: read and claimed by lookup functions only."""
    _force(table)
    op.execute(f"GRANT {rights} ON {table} TO el_app")
    _policy(table, "put", "el_app", "true", command="INSERT")


def operator(table: str, rights: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Rows of the installation, for the operator's database role only."""
    _force(table)
    op.execute(f"GRANT {rights} ON {table} TO el_operator")
    _policy(table, "operator", "el_operator", "true")


def common(table: str) -> None:
    """Rows that everybody may read. Who may write them, if anybody, is granted apart."""
    _force(table)
    for role in ("el_app", "el_operator", "el_worker"):
        op.execute(f"GRANT SELECT ON {table} TO {role}")
    _policy(table, "common", "el_app, el_operator, el_worker", "true", command="SELECT")


def grant_operator(table: str, rights: str, columns: list[str] | None = None) -> None:
    """Lets the operator's role see or change rows of a table that is not its own. Never documents."""
    allowed = ", ".join(f"{right.strip()} ({', '.join(columns)})" if columns else right for right in rights.split(","))
    op.execute(f"GRANT {allowed} ON {table} TO el_operator")
    for right in rights.split(","):
        _policy(table, f"operator_{right.strip().lower()}", "el_operator", "true", command=right.strip())


def worker_lists(table: str, columns: list[str]) -> None:
    """Lets the worker's role find work: these columns of every organisation's rows, nothing more."""
    op.execute(f"GRANT SELECT ({', '.join(columns)}) ON {table} TO el_worker")
    _policy(table, "worker_list", "el_worker", "true", command="SELECT")


def lookup(definition: str, signature: str, reads: list[tuple[str, list[str]]], writes: str = "") -> None:
    """Create a lookup function owned by el_lookup: it reads the named columns and nothing else.

    `definition` is the whole CREATE FUNCTION … SECURITY DEFINER SET search_path = public; `signature` is
    `name(argument types)`. `writes`: a further right on the first table, such as `UPDATE (used_at)`, for claims.
    """
    # PostgreSQL reads the body as the owner, whom the walls bind too: with row_security off that is an error.
    op.execute("SET LOCAL row_security = on")
    op.execute(definition)
    op.execute("SET LOCAL row_security = off")
    for table, columns in reads:
        op.execute(f"GRANT SELECT ({', '.join(columns)}) ON {table} TO el_lookup")
        once(table, "lookup", "SELECT")
    if writes:
        table = reads[0][0]
        op.execute(f"GRANT {writes} ON {table} TO el_lookup")
        once(table, f"lookup_{writes.split()[0].lower()}", writes.split()[0])
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO el_app")
    op.execute(f"ALTER FUNCTION {signature} OWNER TO el_lookup")


def once(table: str, name: str, command: str) -> None:
    """A policy for el_lookup, unless an earlier lookup made it."""
    conditions = "WITH CHECK (true)" if command == "INSERT" else "USING (true)"
    op.execute(
        f"""DO $$ BEGIN
        IF NOT EXISTS (SELECT 1 FROM pg_policies WHERE schemaname = 'public' AND tablename = '{table}'
                       AND policyname = '{name}') THEN
            CREATE POLICY {name} ON {table} FOR {command} TO el_lookup {conditions};
        END IF; END $$"""
    )


def drop_lookup(signature: str) -> None:
    """Remove a lookup function (it belongs to el_lookup, so its owner's role is taken for that)."""
    op.execute("SET LOCAL ROLE el_lookup")
    op.execute(f"DROP FUNCTION {signature}")
    op.execute("RESET ROLE")

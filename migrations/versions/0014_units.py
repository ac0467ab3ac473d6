"""Parents and units, vouching, branches given to a person, agencies, and seats of people who act through another."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

AT = sa.DateTime(timezone=True)
HERE = kinds.ORGANISATION
ME = kinds.PERSON
DEFINER = "SECURITY DEFINER SET search_path = public"
DEPTH = 6
# One after the other through the whole installation: two moves at once could close a circle that neither of them sees.
LOCK = "pg_advisory_xact_lock(7266140)"
MINE = "lookup_my_organisations()"
DEPARTMENT = """EXISTS (SELECT FROM identifiers i WHERE i.organisation_id = o.id AND i.kind = 'department'
    AND i.state = 'verified')"""
VOUCH = "claim_vouching(uuid, uuid, text, text, text, text, text, bigint, bigint, text, bytea, bytea)"
SWEEP_VOUCHED = "sweep_vouched(uuid)"
SWEEP_CLOSED = "sweep_identifiers_of_closed()"
ADMINISTERED = "lookup_administered(uuid)"
FUNCTIONS = (
    "lookup_enterable()",
    "claim_seat_stands(text, uuid)",
    "lookup_my_seats()",
    "lookup_seats()",
    "lookup_sources(uuid)",
    "claim_authorisation(uuid, text, text)",
    "claim_vouching_end(uuid)",
    VOUCH,
    "claim_unit_end(uuid, text)",
    "claim_unit_link(uuid, text)",
    "lookup_organisation_code(text)",
    "lookup_units()",
    "lookup_above()",
    ADMINISTERED,
    SWEEP_CLOSED,
    SWEEP_VOUCHED,
)
LETTER = (
    ("letter_name", sa.Text()),
    ("letter_object", sa.Text()),
    ("letter_size", sa.BigInteger()),
    ("letter_stored_size", sa.BigInteger()),
    ("letter_sha256", sa.Text()),
    ("letter_wrapped_key", sa.LargeBinary()),
    ("letter_owner_key", sa.LargeBinary()),
)
# Whether a code ({0}) lies below another ({1}): the other, a hyphen, and something more.
LIES_BELOW = "(length({0}) > length({1}) + 1 AND left({0}, length({1}) + 1) = {1} || '-')"
VERIFIED = "EXISTS (SELECT FROM identifiers i WHERE i.organisation_id = {0}.id AND i.state = 'verified')"


def upgrade() -> None:
    op.execute("SET row_security = off")
    _columns()
    _links()
    _branches()
    _authorisations()
    _rights()
    _tree()
    _moves()
    _vouching()
    _sweeps()
    _agents()
    _sources()
    _mine(seats=True)
    _only_functions_move_units()


def downgrade() -> None:
    op.execute("SET row_security = off")
    for name in ("only_functions_move_units", "only_functions_place_units"):
        op.execute(f"DROP POLICY {name} ON organisations")
    kinds.drop_lookup("lookup_parent()")
    kinds.drop_lookup(MINE)
    for signature in FUNCTIONS:
        kinds.drop_lookup(signature)
    _mine(seats=False)
    for table in ("authorisation_agents", "authorisations", "branch_administrations", "unit_links"):
        op.drop_table(table)
    op.drop_table("organisation_codes")
    op.execute("DROP POLICY only_own_word ON identifiers")
    for column in ("vouched_by_name", "vouched_by_id"):
        op.drop_column("identifiers", column)
    # Seats end: without their source nobody can say whether they stand.
    op.execute(
        "ALTER TABLE memberships ALTER COLUMN ended_at TYPE timestamptz"
        " USING CASE WHEN source_kind IS NULL THEN ended_at ELSE coalesce(ended_at, now()) END"
    )
    for constraint in ("ck_memberships_source_whole", "ck_memberships_source_role"):
        op.drop_constraint(constraint, "memberships")
    for index in ("uq_memberships_current", "uq_memberships_seat"):
        op.drop_index(index, "memberships")
    for column in ("source_kind", "source_id", "source_organisation_id"):
        op.drop_column("memberships", column)
    _current_index("ended_at IS NULL")


# Tables


def _column(name: str, kind: sa.types.TypeEngine, nullable: bool = False) -> sa.Column:
    return sa.Column(name, kind, nullable=nullable)


def _texts(*names: str, nullable: bool = False) -> list[sa.Column]:
    return [_column(name, sa.Text(), nullable) for name in names]


def _instants(*names: str, nullable: bool = True) -> list[sa.Column]:
    return [_column(name, AT, nullable) for name in names]


def _ids(*names: str) -> list[sa.Column]:
    return [_column(name, sa.Uuid()) for name in names]


def _to_organisation(table: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [sa.ForeignKeyConstraint([c], ["organisations.id"], name=f"fk_{table}_{c}") for c in columns]


def _within(table: str, column: str, target: str, via: str = "organisation_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation_id", column], [f"{target}.{via}", f"{target}.id"], name=f"fk_{table}_organisation_id_{column}"
    )


def _index(name: str, table: str, columns: list[str], where: str | None = None, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, postgresql_where=None if where is None else sa.text(where))


def _current_index(where: str) -> None:
    _index("uq_memberships_current", "memberships", ["organisation_id", "person_id"], where, unique=True)


def _columns() -> None:
    op.add_column("memberships", sa.Column("source_kind", sa.Text()))
    op.add_column("memberships", sa.Column("source_id", sa.Uuid()))
    op.add_column("memberships", sa.Column("source_organisation_id", sa.Uuid()))
    op.create_check_constraint(
        op.f("ck_memberships_source_whole"),
        "memberships",
        "(source_kind IS NULL) = (source_id IS NULL) AND (source_kind IS NULL) = (source_organisation_id IS NULL)",
    )
    op.create_check_constraint(
        op.f("ck_memberships_source_role"),
        "memberships",
        "CASE WHEN source_kind IS NULL THEN role <> 'branch_administrator'"
        " WHEN source_kind = 'branch' THEN role = 'branch_administrator'"
        " WHEN source_kind = 'agency' THEN role NOT IN ('branch_administrator', 'administrator')"
        " ELSE false END",
    )
    op.drop_index("uq_memberships_current", "memberships")
    _current_index("ended_at IS NULL AND source_kind IS NULL")
    seat = "ended_at IS NULL AND source_kind IS NOT NULL"
    _index("uq_memberships_seat", "memberships", ["organisation_id", "person_id"], seat, unique=True)
    op.add_column("identifiers", sa.Column("vouched_by_id", sa.Uuid()))
    op.add_column("identifiers", sa.Column("vouched_by_name", sa.Text()))
    # Who vouches is written by `claim_vouching` alone.
    op.execute(
        "CREATE POLICY only_own_word ON identifiers AS RESTRICTIVE FOR INSERT TO el_app"
        " WITH CHECK (vouched_by_id IS NULL)"
    )


def _links() -> None:
    op.create_table(
        "organisation_codes",
        *_ids("organisation_id"),
        *_texts("code"),
        *_instants("made_at", nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_organisation_codes"),
        sa.UniqueConstraint("code", name="uq_organisation_codes_code"),
        *_to_organisation("organisation_codes", "organisation_id"),
    )
    kinds.own("organisation_codes", rights="SELECT, INSERT, UPDATE (code, made_at)")
    op.create_table(
        "unit_links",
        *_ids("id", "organisation_id", "child_organisation_id"),
        *_instants("created_at", nullable=False),
        *_texts("organisation_name", "child_name", "note", "asked_by_name"),
        _column("opened", sa.Boolean()),
        *_instants("joined_at", "ended_at"),
        *_texts("joined_by_name", "ended_by_name", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_unit_links"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_unit_links_organisation_id_id"),
        sa.CheckConstraint("organisation_id <> child_organisation_id", name="ck_unit_links_two"),
        *_to_organisation("unit_links", "organisation_id"),
    )
    both = ["organisation_id", "child_organisation_id"]
    _index("uq_unit_links_open", "unit_links", both, "ended_at IS NULL", unique=True)
    joined = "joined_at IS NOT NULL AND ended_at IS NULL"
    _index("uq_unit_links_joined", "unit_links", ["child_organisation_id"], joined, unique=True)
    kinds.two_party("unit_links", rights="SELECT, INSERT", partner="child_organisation_id", policy="child")
    op.execute(
        "CREATE POLICY only_asked ON unit_links AS RESTRICTIVE FOR INSERT TO el_app"
        " WITH CHECK (joined_at IS NULL AND ended_at IS NULL)"
    )


def _branches() -> None:
    table = "branch_administrations"
    op.create_table(
        table,
        *_ids("id", "organisation_id", "membership_id", "branch_organisation_id"),
        *_instants("created_at", nullable=False),
        _column("starts_on", sa.Date()),
        _column("ends_on", sa.Date(), nullable=True),
        _column("starts_at", AT),
        *_texts("reason", "given_by_name"),
        *_instants("ends_at", "revoked_at"),
        *_texts("revoked_by_name", nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("organisation_id", "id", name=f"uq_{table}_organisation_id_id"),
        sa.CheckConstraint("ends_at IS NULL OR starts_at < ends_at", name=f"ck_{table}_order"),
        *_to_organisation(table, "organisation_id", "branch_organisation_id"),
        _within(table, "membership_id", "memberships"),
    )
    _index(f"ix_{table}_branch", table, ["branch_organisation_id"], "revoked_at IS NULL")
    _index(f"ix_{table}_member", table, ["organisation_id", "membership_id"])
    kinds.own(table, rights="SELECT, INSERT, UPDATE (revoked_at, revoked_by_name)")


def _authorisations() -> None:
    table = "authorisations"
    op.create_table(
        table,
        *_ids("id", "organisation_id", "agent_organisation_id"),
        *_instants("created_at", nullable=False),
        *_texts("organisation_name", "agent_name", "role", "reason", "proposed_by_name"),
        _column("folder_id", sa.Uuid(), nullable=True),
        *_texts("folder_path", "folder_name", "confirmed_by_name", "accepted_by_name", "ended_by_name", nullable=True),
        _column("starts_on", sa.Date()),
        _column("ends_on", sa.Date()),
        _column("starts_at", AT),
        _column("ends_at", AT),
        *_instants("confirmed_at", "accepted_at", "ended_at"),
        *(_column(name, kind, nullable=True) for name, kind in LETTER),
        sa.PrimaryKeyConstraint("id", name="pk_authorisations"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_authorisations_organisation_id_id"),
        sa.UniqueConstraint("agent_organisation_id", "id", name="uq_authorisations_agent_organisation_id_id"),
        sa.CheckConstraint("organisation_id <> agent_organisation_id", name="ck_authorisations_two"),
        sa.CheckConstraint(
            "role IN ('signatory', 'records_officer', 'reader', 'auditor')", name="ck_authorisations_role"
        ),
        sa.CheckConstraint(
            "starts_at < ends_at AND ends_at <= starts_at + interval '366 days'", name="ck_authorisations_days"
        ),
        sa.CheckConstraint("(folder_id IS NULL) = (folder_path IS NULL)", name="ck_authorisations_folder"),
        *_to_organisation(table, "organisation_id", "agent_organisation_id"),
        _within(table, "folder_id", "folders"),
    )
    _index("ix_authorisations_agent", table, ["agent_organisation_id"])
    decided = "folder_id, folder_path, folder_name, confirmed_at, confirmed_by_name, ended_at, ended_by_name"
    kinds.two_party(
        table, rights=f"SELECT, INSERT, UPDATE ({decided})", partner="agent_organisation_id", policy="agent"
    )
    # Either side may propose; neither says yes for the other.
    op.execute(
        f"CREATE POLICY agent_proposes ON {table} FOR INSERT TO el_app WITH CHECK (agent_organisation_id = {HERE})"
    )
    op.execute(
        f"CREATE POLICY only_own_yes ON {table} AS RESTRICTIVE FOR INSERT TO el_app WITH CHECK (ended_at IS NULL"
        f" AND (confirmed_at IS NULL OR organisation_id = {HERE})"
        f" AND (accepted_at IS NULL OR agent_organisation_id = {HERE}))"
    )
    table = "authorisation_agents"
    op.create_table(
        table,
        *_ids("id", "organisation_id", "authorisation_id", "membership_id"),
        *_instants("created_at", nullable=False),
        *_texts("person_name", "named_by_name"),
        *_instants("ended_at"),
        *_texts("ended_by_name", nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("organisation_id", "id", name=f"uq_{table}_organisation_id_id"),
        _within(table, "authorisation_id", "authorisations", via="agent_organisation_id"),
        _within(table, "membership_id", "memberships"),
    )
    named = ["organisation_id", "authorisation_id", "membership_id"]
    _index(f"uq_{table}_open", table, named, "ended_at IS NULL", unique=True)
    _index(f"ix_{table}_member", table, ["organisation_id", "membership_id"])
    kinds.own(table, rights="SELECT, INSERT, UPDATE (ended_at, ended_by_name)")


# What the functions may read and write, beyond the lookups before


def _let(table: str, reads: str = "", writes: str = "", adds: str = "") -> None:
    """Rights of el_lookup, by columns. A row can be locked by whoever may write one of its columns."""
    for right, columns in (("SELECT", reads), ("UPDATE", writes), ("INSERT", adds)):
        if columns:
            op.execute(f"GRANT {right} ({columns}) ON {table} TO el_lookup")
            kinds.once(table, "lookup" if right == "SELECT" else f"lookup_{right.lower()}", right)


def _rights() -> None:
    _let("organisations", "id, name, kind, state, parent_id", writes="parent_id")
    _let("organisation_codes", "organisation_id, code")
    links = "id, organisation_id, child_organisation_id, joined_at, ended_at"
    _let("unit_links", links, writes="joined_at, joined_by_name, ended_at, ended_by_name")
    branch = "id, organisation_id, membership_id, branch_organisation_id, starts_at, ends_at, revoked_at"
    _let("branch_administrations", branch, writes="revoked_at")
    acting = (
        "id, organisation_id, agent_organisation_id, role, folder_id, folder_path, starts_at, ends_at,"
        " confirmed_at, accepted_at, accepted_by_name, ended_at"
    )
    _let("authorisations", acting, writes="accepted_at, accepted_by_name, ended_at, ended_by_name")
    _let("authorisation_agents", "id, organisation_id, authorisation_id, membership_id, ended_at", writes="ended_at")
    seat = "id, organisation_id, person_id, person_name, role, ended_at, source_kind, source_id"
    _let("memberships", seat, writes="ended_at")
    _let("invitations", "organisation_id, redeemed_at, revoked_at, expires_at")
    letter = ", ".join(name for name, _ in LETTER)
    decided = "state, decided_at, decided_by_name, method"
    word = f"id, organisation_id, kind, value, {decided}, vouched_by_id, vouched_by_name"
    _let(
        "identifiers",
        word,
        writes="state, ended_at",
        adds=f"{word}, created_at, stated_by_name, stated_by_email, {letter}",
    )


def _function(signature: str, arguments: str, returns: str, body: str, how: str = "sql STABLE") -> None:
    name = signature.partition("(")[0]
    kinds.lookup(
        f"CREATE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE {how} {DEFINER} AS $$ {body} $$",
        signature,
        reads=[],
    )


def _steps(signature: str, arguments: str, returns: str, body: str) -> None:
    _function(signature, arguments, returns, body, how="plpgsql VOLATILE")


# The tree


def _tree() -> None:
    # Where an organisation stands: itself (distance 0) and what is above it.
    _function(
        "lookup_above()",
        "",
        "TABLE (organisation_id uuid, name text, verified boolean, state text, distance integer)",
        f"""WITH RECURSIVE above AS (
            SELECT o.id, o.parent_id, 0 AS distance FROM organisations o WHERE o.id = {HERE}
            UNION ALL SELECT o.id, o.parent_id, a.distance + 1
            FROM organisations o JOIN above a ON o.id = a.parent_id WHERE a.distance < {2 * DEPTH})
        SELECT o.id, o.name, {VERIFIED.format("o")}, o.state, a.distance
        FROM above a JOIN organisations o ON o.id = a.id ORDER BY a.distance""",
    )
    # What a parent may know of what is below it: never more than how many there are.
    _function(
        "lookup_units()",
        "",
        """TABLE (organisation_id uuid, parent_id uuid, name text, kind text, state text, verified boolean,
                  vouched boolean, members bigint, invitations bigint, depth integer)""",
        f"""WITH RECURSIVE below AS (
            SELECT o.id, 1 AS depth FROM organisations o WHERE o.parent_id = {HERE}
            UNION ALL SELECT o.id, b.depth + 1
            FROM organisations o JOIN below b ON o.parent_id = b.id WHERE b.depth < {2 * DEPTH})
        SELECT o.id, o.parent_id, o.name, o.kind, o.state, {VERIFIED.format("o")},
            EXISTS (SELECT FROM identifiers i WHERE i.organisation_id = o.id AND i.state = 'verified'
                    AND i.vouched_by_id = o.parent_id),
            (SELECT count(*) FROM memberships m WHERE m.organisation_id = o.id AND m.ended_at IS NULL
                    AND m.source_kind IS NULL),
            (SELECT count(*) FROM invitations v WHERE v.organisation_id = o.id AND v.redeemed_at IS NULL
                    AND v.revoked_at IS NULL AND v.expires_at > now()), b.depth
        FROM below b JOIN organisations o ON o.id = b.id ORDER BY lower(o.name), o.id""",
    )
    # Whoever was told the code may know whose it is; it is what they were told.
    _function(
        "lookup_organisation_code(text)",
        "wanted text",
        "TABLE (organisation_id uuid, name text, kind text, verified boolean)",
        f"""SELECT o.id, o.name, o.kind, {VERIFIED.format("o")}
        FROM organisation_codes c JOIN organisations o ON o.id = c.organisation_id
        WHERE c.code = wanted AND o.state IN ('draft', 'active')""",
    )


def _moves() -> None:
    # The child's own yes. For whom is not an argument: the child is the organisation of the transaction.
    _steps(
        "claim_unit_link(uuid, text)",
        "wanted uuid, who text",
        "text",
        f"""
        DECLARE parent uuid; up integer; round boolean; down integer;
        BEGIN
            PERFORM {LOCK};
            SELECT l.organisation_id INTO parent FROM unit_links l
            WHERE l.id = wanted AND l.child_organisation_id = {HERE} AND l.joined_at IS NULL AND l.ended_at IS NULL
            FOR UPDATE;
            IF parent IS NULL OR NOT EXISTS (
                SELECT FROM organisations o WHERE o.id = parent AND o.state IN ('draft', 'active'))
                THEN RETURN 'gone'; END IF;
            IF EXISTS (SELECT FROM organisations o WHERE o.id = {HERE} AND o.parent_id IS NOT NULL)
                THEN RETURN 'has_parent'; END IF;
            WITH RECURSIVE above AS (
                SELECT o.id, o.parent_id, 1 AS level FROM organisations o WHERE o.id = parent
                UNION ALL SELECT o.id, o.parent_id, a.level + 1
                FROM organisations o JOIN above a ON o.id = a.parent_id WHERE a.level < {2 * DEPTH})
            SELECT count(*), bool_or(a.id = {HERE}) INTO up, round FROM above a;
            IF round THEN RETURN 'circle'; END IF;
            WITH RECURSIVE below AS (
                SELECT o.id, 1 AS level FROM organisations o WHERE o.id = {HERE}
                UNION ALL SELECT o.id, b.level + 1
                FROM organisations o JOIN below b ON o.parent_id = b.id WHERE b.level < {2 * DEPTH})
            SELECT max(b.level) INTO down FROM below b;
            IF up + down > {DEPTH} THEN RETURN 'deep'; END IF;
            UPDATE organisations SET parent_id = parent WHERE id = {HERE};
            UPDATE unit_links SET joined_at = now(), joined_by_name = who WHERE id = wanted;
            RETURN 'joined';
        END""",
    )
    # Either side ends it; with it goes what the parent vouched for.
    _steps(
        "claim_unit_end(uuid, text)",
        "wanted uuid, who text",
        "boolean",
        f"""
        DECLARE parent uuid; child uuid; since timestamptz;
        BEGIN
            PERFORM {LOCK};
            SELECT l.organisation_id, l.child_organisation_id, l.joined_at INTO parent, child, since FROM unit_links l
            WHERE l.id = wanted AND l.ended_at IS NULL AND {HERE} IN (l.organisation_id, l.child_organisation_id)
            FOR UPDATE;
            IF parent IS NULL THEN RETURN false; END IF;
            UPDATE unit_links SET ended_at = now(), ended_by_name = who WHERE id = wanted;
            IF since IS NOT NULL THEN
                UPDATE organisations SET parent_id = NULL WHERE id = child AND parent_id = parent;
                UPDATE identifiers SET state = 'expired', ended_at = now()
                WHERE organisation_id = child AND vouched_by_id = parent AND state = 'verified';
            END IF;
            RETURN true;
        END""",
    )


def _vouching() -> None:
    names = ", ".join(name for name, _ in LETTER)
    _steps(
        VOUCH,
        "word uuid, child uuid, code text, who text, mail text, letter text, object text, size bigint,"
        " stored_size bigint, sha256 text, wrapped_key bytea, owner_key bytea",
        "text",
        f"""
        DECLARE parent_name text; child_kind text;
        BEGIN
            SELECT o.name INTO parent_name FROM organisations o
            WHERE o.id = {HERE} AND o.state = 'active' AND o.kind = 'government_department' AND {DEPARTMENT};
            IF parent_name IS NULL THEN RETURN 'not_verified'; END IF;
            SELECT o.kind INTO child_kind FROM organisations o
            WHERE o.id = child AND o.parent_id = {HERE} AND o.state IN ('draft', 'active') FOR UPDATE;
            IF NOT FOUND THEN RETURN 'gone'; END IF;
            IF child_kind <> 'government_department' THEN RETURN 'no_department'; END IF;
            -- Locked: what ends the parent's own code comes before this look, or after this commit and sees the unit's.
            PERFORM FROM identifiers v
            WHERE v.organisation_id = {HERE} AND v.kind = 'department' AND v.state = 'verified'
                AND {LIES_BELOW.format("code", "v.value")} FOR SHARE;
            IF NOT FOUND THEN RETURN 'outside'; END IF;
            IF EXISTS (SELECT FROM identifiers i WHERE i.organisation_id = child AND i.vouched_by_id = {HERE}
                       AND i.state = 'verified') THEN RETURN 'already'; END IF;
            UPDATE identifiers SET state = 'expired', ended_at = now()
            WHERE organisation_id = child AND kind = 'department'
                AND value = code AND state = 'stated';
            INSERT INTO identifiers (id, created_at, organisation_id, kind, value, state, stated_by_name,
                stated_by_email, decided_at, decided_by_name, method, vouched_by_id, vouched_by_name, {names})
            VALUES (word, now(), child, 'department', code, 'verified', who, mail, now(), who, 'parent', {HERE},
                parent_name, letter, object, size, stored_size, sha256, wrapped_key, owner_key);
            RETURN 'vouched';
        EXCEPTION WHEN unique_violation THEN RETURN 'taken';
        END""",
    )
    _function(
        "claim_vouching_end(uuid)",
        "child uuid",
        "uuid",
        f"""UPDATE identifiers SET state = 'expired', ended_at = now()
        WHERE organisation_id = child AND vouched_by_id = {HERE} AND state = 'verified' RETURNING id""",
        how="sql VOLATILE",
    )


def _sweeps() -> None:
    """What rests on something that is gone. Each looks itself whether it is, so it is safe whoever calls."""
    # What the organisation vouched for and cannot vouch for any more, and what rests on that in turn.
    _steps(
        SWEEP_VOUCHED,
        "voucher uuid",
        "TABLE (place uuid, word uuid, code text)",
        f"""
        DECLARE gone record;
        BEGIN
            FOR gone IN
                UPDATE identifiers i SET state = 'expired', ended_at = now()
                WHERE i.vouched_by_id = voucher AND i.state = 'verified' AND NOT EXISTS (
                    SELECT FROM identifiers v WHERE v.organisation_id = voucher AND v.kind = 'department'
                    AND v.state = 'verified' AND {LIES_BELOW.format("i.value", "v.value")})
                RETURNING i.organisation_id, i.id, i.value
            LOOP
                place := gone.organisation_id; word := gone.id; code := gone.value;
                RETURN NEXT;
                RETURN QUERY SELECT * FROM sweep_vouched(gone.organisation_id);
            END LOOP;
        END""",
    )
    # Once its key is destroyed a closed organisation does not come back; others may need its identifiers.
    _function(
        SWEEP_CLOSED,
        "",
        "TABLE (id uuid, kind text, value text)",
        f"""UPDATE identifiers i SET state = 'expired', ended_at = now()
        WHERE i.organisation_id = {HERE} AND i.state = 'verified'
          AND EXISTS (SELECT FROM organisations o WHERE o.id = {HERE} AND o.state = 'closed')
          AND NOT EXISTS (SELECT FROM organisation_keys k WHERE k.organisation_id = {HERE})
        RETURNING i.id, i.kind, i.value""",
        how="sql VOLATILE",
    )
    # Only yes or no, for the operator, who sees no members.
    _function(
        ADMINISTERED,
        "wanted uuid",
        "boolean",
        """SELECT EXISTS (SELECT FROM memberships m WHERE m.organisation_id = wanted AND m.role = 'administrator'
                          AND m.ended_at IS NULL AND m.source_kind IS NULL)""",
    )
    op.execute("SET LOCAL ROLE el_lookup")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SWEEP_VOUCHED} TO el_operator")
    op.execute(f"GRANT EXECUTE ON FUNCTION {ADMINISTERED} TO el_operator")
    op.execute(f"REVOKE EXECUTE ON FUNCTION {ADMINISTERED} FROM el_app")
    op.execute("RESET ROLE")


def _agents() -> None:
    # The agency's part; the department writes its own rows itself.
    _function(
        "claim_authorisation(uuid, text, text)",
        "wanted uuid, what text, who text",
        "uuid",
        f"""UPDATE authorisations SET
            accepted_at = CASE WHEN what = 'accept' THEN now() ELSE accepted_at END,
            accepted_by_name = CASE WHEN what = 'accept' THEN who ELSE accepted_by_name END,
            ended_at = CASE WHEN what = 'end' THEN now() END,
            ended_by_name = CASE WHEN what = 'end' THEN who END
        WHERE id = wanted AND agent_organisation_id = {HERE} AND ended_at IS NULL
          AND (what = 'end' OR (what = 'accept' AND accepted_at IS NULL)) RETURNING organisation_id""",
        how="sql VOLATILE",
    )


# Seats


def _sources() -> None:
    source = """person_id uuid, person_name text, source_kind text, source_id uuid, source_organisation_id uuid,
                source_name text, role text, folder_id uuid, folder_path text, ends_at timestamptz"""
    # The one place that says what stands. It takes an argument and is therefore for the functions below only.
    _function(
        "lookup_sources(uuid)",
        "wanted uuid",
        f"TABLE ({source})",
        f"""WITH RECURSIVE above AS (
            SELECT o.id, o.parent_id, 0 AS distance FROM organisations o WHERE o.id = wanted
            UNION ALL SELECT o.id, o.parent_id, a.distance + 1
            FROM organisations o JOIN above a ON o.id = a.parent_id WHERE a.distance < {2 * DEPTH})
        SELECT m.person_id, m.person_name, 'branch', b.id, b.organisation_id, p.name, 'branch_administrator',
               NULL::uuid, NULL::text, b.ends_at
        FROM branch_administrations b
        JOIN above branch ON branch.id = b.branch_organisation_id
        JOIN above top ON top.id = b.organisation_id AND top.distance > branch.distance
        JOIN organisations p ON p.id = b.organisation_id AND p.state = 'active'
        JOIN memberships m ON m.organisation_id = b.organisation_id AND m.id = b.membership_id
             AND m.ended_at IS NULL AND m.source_kind IS NULL
        WHERE b.revoked_at IS NULL AND b.starts_at <= now() AND (b.ends_at IS NULL OR now() < b.ends_at)
        UNION ALL
        SELECT m.person_id, m.person_name, 'agency', a.id, g.id, g.name, a.role, a.folder_id, a.folder_path, a.ends_at
        FROM authorisations a
        JOIN organisations d ON d.id = a.organisation_id AND d.state = 'active' AND {VERIFIED.format("d")}
        JOIN organisations g ON g.id = a.agent_organisation_id AND g.state = 'active' AND {VERIFIED.format("g")}
        JOIN authorisation_agents n ON n.organisation_id = g.id AND n.authorisation_id = a.id AND n.ended_at IS NULL
        JOIN memberships m ON m.organisation_id = n.organisation_id AND m.id = n.membership_id
             AND m.ended_at IS NULL AND m.source_kind IS NULL
        WHERE a.organisation_id = wanted AND a.confirmed_at IS NOT NULL AND a.accepted_at IS NOT NULL
          AND a.ended_at IS NULL AND a.starts_at <= now() AND now() < a.ends_at""",
    )
    seated = """LEFT JOIN memberships m ON m.organisation_id = {0} AND m.person_id = s.person_id
                AND m.ended_at IS NULL AND m.source_kind = s.source_kind AND m.source_id = s.source_id"""
    _function(
        "lookup_seats()",
        "",
        f"TABLE ({source}, membership_id uuid)",
        f"""SELECT s.*, m.id FROM lookup_sources({HERE}) s {seated.format(HERE)}
        ORDER BY s.source_name, s.person_name, s.source_id""",
    )
    _function(
        "lookup_my_seats()",
        "",
        f"TABLE ({source}, membership_id uuid)",
        f"""SELECT s.*, m.id FROM lookup_sources({HERE}) s {seated.format(HERE)}
        WHERE s.person_id = {ME} ORDER BY m.id DESC NULLS LAST, s.source_id""",
    )
    # Asked before a commit: what ends the source comes before this look or after that commit.
    _steps(
        "claim_seat_stands(text, uuid)",
        "kind text, source uuid",
        "boolean",
        f"""
        BEGIN
            IF kind = 'branch' THEN
                PERFORM FROM branch_administrations b
                JOIN memberships m ON m.organisation_id = b.organisation_id AND m.id = b.membership_id
                WHERE b.id = source AND m.person_id = {ME} FOR SHARE OF b, m;
            ELSE
                PERFORM FROM authorisations a
                JOIN authorisation_agents n ON n.organisation_id = a.agent_organisation_id
                     AND n.authorisation_id = a.id AND n.ended_at IS NULL
                JOIN memberships m ON m.organisation_id = n.organisation_id AND m.id = n.membership_id
                WHERE a.id = source AND m.person_id = {ME} FOR SHARE OF a, n, m;
            END IF;
            RETURN EXISTS (SELECT FROM lookup_sources({HERE}) s
                           WHERE s.person_id = {ME} AND s.source_kind = kind AND s.source_id = source);
        END""",
    )
    # Where the person of the transaction may go in, whether they have yet or not.
    _function(
        "lookup_enterable()",
        "",
        """TABLE (organisation_id uuid, name text, verified boolean, role text, source_kind text, source_id uuid,
                  source_name text, ends_at timestamptz)""",
        f"""WITH RECURSIVE mine AS (
            SELECT m.organisation_id, m.id FROM memberships m
            WHERE m.person_id = {ME} AND m.ended_at IS NULL AND m.source_kind IS NULL),
        below AS (
            SELECT b.branch_organisation_id AS id, 1 AS level FROM branch_administrations b
            JOIN mine ON mine.organisation_id = b.organisation_id AND mine.id = b.membership_id
            WHERE b.revoked_at IS NULL
            UNION SELECT o.id, b.level + 1 FROM organisations o JOIN below b ON o.parent_id = b.id
            WHERE b.level < {2 * DEPTH}),
        wanted AS (
            SELECT id FROM below
            UNION SELECT a.organisation_id FROM authorisation_agents n
            JOIN mine ON mine.organisation_id = n.organisation_id AND mine.id = n.membership_id
            JOIN authorisations a ON a.id = n.authorisation_id WHERE n.ended_at IS NULL)
        SELECT o.id, o.name, {VERIFIED.format("o")}, s.role, s.source_kind, s.source_id, s.source_name, s.ends_at
        FROM wanted w JOIN organisations o ON o.id = w.id AND o.state IN ('draft', 'active')
        CROSS JOIN LATERAL lookup_sources(o.id) s
        WHERE s.person_id = {ME} AND NOT EXISTS (SELECT FROM mine WHERE mine.organisation_id = o.id)
        ORDER BY s.source_kind DESC, s.source_name, lower(o.name), o.id""",
    )
    op.execute("SET LOCAL ROLE el_lookup")
    op.execute("REVOKE EXECUTE ON FUNCTION lookup_sources(uuid) FROM el_app")
    op.execute("RESET ROLE")


def _mine(*, seats: bool) -> None:
    """The organisations of the person of the transaction: one's own, and those one has entered through another."""
    own = f"""SELECT o.id AS organisation_id, o.name, m.role, {VERIFIED.format("o")} AS verified
              FROM memberships m JOIN organisations o ON o.id = m.organisation_id
              WHERE m.person_id = {ME} AND m.ended_at IS NULL"""
    if not seats:
        body = f"SELECT * FROM ({own}) mine ORDER BY lower(mine.name), mine.organisation_id"
        _function(MINE, "", "TABLE (organisation_id uuid, name text, role text, verified boolean)", body)
        return
    kinds.drop_lookup(MINE)
    entered = f"""SELECT o.id, o.name, s.role, {VERIFIED.format("o")}, s.source_kind, s.source_name
        FROM memberships m JOIN organisations o ON o.id = m.organisation_id
        CROSS JOIN LATERAL lookup_sources(o.id) s
        WHERE m.person_id = {ME} AND m.ended_at IS NULL AND m.source_kind = s.source_kind
          AND m.source_id = s.source_id AND s.person_id = m.person_id
          AND NOT EXISTS (SELECT FROM memberships own WHERE own.organisation_id = o.id AND own.person_id = {ME}
                          AND own.ended_at IS NULL AND own.source_kind IS NULL)"""
    _function(
        MINE,
        "",
        """TABLE (organisation_id uuid, name text, role text, verified boolean, source_kind text,
                  source_name text)""",
        f"""SELECT * FROM (
            SELECT own.*, NULL::text AS source_kind, NULL::text AS source_name
            FROM ({own} AND m.source_kind IS NULL) own UNION ALL {entered}) mine
        ORDER BY mine.source_kind DESC NULLS FIRST, lower(mine.name), mine.organisation_id""",
    )


def _only_functions_move_units() -> None:
    """The app's role neither places an organisation below another nor moves one: that takes the yes of both."""
    _function("lookup_parent()", "", "uuid", f"SELECT o.parent_id FROM organisations o WHERE o.id = {HERE}")
    op.execute(
        "CREATE POLICY only_functions_place_units ON organisations AS RESTRICTIVE FOR INSERT TO el_app"
        " WITH CHECK (parent_id IS NULL)"
    )
    op.execute(
        "CREATE POLICY only_functions_move_units ON organisations AS RESTRICTIVE FOR UPDATE TO el_app"
        " USING (true) WITH CHECK (parent_id IS NOT DISTINCT FROM lookup_parent())"
    )

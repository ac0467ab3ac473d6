"""What a unit agreed to above it, news between organisations, and what ends when an organisation is closed."""

import kinds
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"

AT = sa.DateTime(timezone=True)
HERE = kinds.ORGANISATION
DEFINER = "SECURITY DEFINER SET search_path = public"
DEPTH = 6
# The same lock as in 0014: moves come one after the other.
LOCK = "pg_advisory_xact_lock(7266140)"
VERIFIED = "EXISTS (SELECT FROM identifiers i WHERE i.organisation_id = {0}.id AND i.state = 'verified')"
JOIN = "claim_unit_link(uuid, text)"
AGREE = "claim_agreement(text)"
ASKER = "lookup_asker(uuid)"
TELLING = "claim_telling(uuid)"
OWN_WORDS = "claim_own_words_end()"
BRANCHES_OVER = "claim_branches_over_end(text)"
BRANCHES_BETWEEN = "claim_branches_between_end(uuid, text)"
QUESTIONS = "claim_questions_end(text)"
ABOVE = "lookup_above()"
UNITS = "lookup_units()"
SOURCES = "lookup_sources(uuid)"
ISSUER = "lookup_issuer_above(uuid, uuid)"
TOLD = (
    ("by_name", "text"), ("actor_kind", "text"), ("actor_id", "uuid"), ("actor_name", "text"), ("means", "text"),
    ("through", "text"), ("tag", "text"), ("subject_kind", "text"), ("subject_id", "uuid"), ("subject_name", "text"),
    ("data", "jsonb"), ("facts", "jsonb"), ("created_at", "timestamptz"),
)  # fmt: skip
LINK = """LEFT JOIN unit_links l ON l.child_organisation_id = {0}.id AND l.organisation_id = {1}
          AND l.joined_at IS NOT NULL AND l.ended_at IS NULL"""
# Until when what joined further up is agreed to: for ever by a unit that its parent opened.
UNTIL = "CASE WHEN l.opened THEN 'infinity' ELSE coalesce(l.agreed_at, l.joined_at) END"


def upgrade() -> None:
    op.execute("SET row_security = off")
    _agreements()
    _tree(agreed=True)
    _join(agreed=True)
    _agree()
    _sources(agreed=True)
    _issuer(agreed=True)
    _tellings()
    _branches_end()
    _closing()


def downgrade() -> None:
    op.execute("SET row_security = off")
    for signature in (QUESTIONS, BRANCHES_OVER, BRANCHES_BETWEEN, OWN_WORDS, TELLING, AGREE, ASKER):
        kinds.drop_lookup(signature)
    _issuer(agreed=False)
    _sources(agreed=False)
    _join(agreed=False)
    _tree(agreed=False)
    op.drop_table("tellings")
    op.execute("DROP POLICY only_unagreed ON unit_links")
    for column in ("agreed_by_name", "agreed_at"):
        op.drop_column("unit_links", column)


def _function(signature: str, arguments: str, returns: str, body: str, how: str = "sql STABLE") -> None:
    name = signature.partition("(")[0]
    kinds.lookup(
        f"CREATE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE {how} {DEFINER} AS $$ {body} $$",
        signature,
        reads=[],
    )


def _steps(signature: str, arguments: str, returns: str, body: str) -> None:
    _function(signature, arguments, returns, body, how="plpgsql VOLATILE")


# What a unit agreed to


def _agreements() -> None:
    op.add_column("unit_links", sa.Column("agreed_at", AT))
    op.add_column("unit_links", sa.Column("agreed_by_name", sa.Text()))
    op.execute("GRANT SELECT (opened, agreed_at) ON unit_links TO el_lookup")
    op.execute("GRANT UPDATE (agreed_at, agreed_by_name) ON unit_links TO el_lookup")
    op.execute(
        "CREATE POLICY only_unagreed ON unit_links AS RESTRICTIVE FOR INSERT TO el_app WITH CHECK (agreed_at IS NULL)"
    )


def _above(start: str, *, agreed: bool) -> str:
    """The organisation `start` and what is above it.

    `agreed`: every unit on the way that joined by itself said yes when that organisation was above it already, or
    since. `until`: the earliest of these yeses so far. `said`, `own`: the same of the own yes of `start` alone.
    """
    if not agreed:
        return f"""above AS (
            SELECT o.id, o.parent_id, 0 AS distance FROM organisations o WHERE o.id = {start}
            UNION ALL SELECT o.id, o.parent_id, a.distance + 1
            FROM organisations o JOIN above a ON o.id = a.parent_id WHERE a.distance < {2 * DEPTH})"""
    return f"""above AS (
            SELECT o.id, o.parent_id, 0 AS distance, true AS agreed, 'infinity'::timestamptz AS until,
                true AS said, 'infinity'::timestamptz AS own
            FROM organisations o WHERE o.id = {start}
            UNION ALL SELECT o.id, o.parent_id, a.distance + 1,
                a.agreed AND coalesce(l.joined_at <= a.until, false), least(a.until, {UNTIL}),
                a.said AND coalesce(l.joined_at <= a.own, false), CASE WHEN a.distance = 0 THEN {UNTIL} ELSE a.own END
            FROM organisations o JOIN above a ON o.id = a.parent_id {LINK.format("a", "o.id")}
            WHERE a.distance < {2 * DEPTH})"""


def _below(*, agreed: bool) -> str:
    """What is below the organisation of the transaction. `latest`: when the last of the links above it was made."""
    if not agreed:
        return f"""below AS (
            SELECT o.id, 1 AS depth FROM organisations o WHERE o.parent_id = {HERE}
            UNION ALL SELECT o.id, b.depth + 1
            FROM organisations o JOIN below b ON o.parent_id = b.id WHERE b.depth < {2 * DEPTH})"""
    return f"""below AS (
            SELECT o.id, 1 AS depth, true AS agreed, l.joined_at AS latest, l.opened
            FROM organisations o {LINK.format("o", HERE)} WHERE o.parent_id = {HERE}
            UNION ALL SELECT o.id, b.depth + 1,
                b.agreed AND coalesce(b.latest <= {UNTIL}, false), greatest(b.latest, l.joined_at), l.opened
            FROM organisations o JOIN below b ON o.parent_id = b.id {LINK.format("o", "b.id")}
            WHERE b.depth < {2 * DEPTH})"""


def _tree(*, agreed: bool) -> None:
    more = ", a.agreed, a.said" if agreed else ""
    above = ", agreed boolean, said boolean" if agreed else ""
    below = ", agreed boolean, opened boolean" if agreed else ""
    kinds.drop_lookup(ABOVE)
    _function(
        ABOVE,
        "",
        f"TABLE (organisation_id uuid, name text, verified boolean, state text, distance integer{above})",
        f"""WITH RECURSIVE {_above(HERE, agreed=agreed)}
        SELECT o.id, o.name, {VERIFIED.format("o")}, o.state, a.distance{more}
        FROM above a JOIN organisations o ON o.id = a.id ORDER BY a.distance""",
    )
    more = ", b.agreed, coalesce(b.opened, false)" if agreed else ""
    kinds.drop_lookup(UNITS)
    _function(
        UNITS,
        "",
        f"""TABLE (organisation_id uuid, parent_id uuid, name text, kind text, state text, verified boolean,
                  vouched boolean, members bigint, invitations bigint, depth integer{below})""",
        f"""WITH RECURSIVE {_below(agreed=agreed)}
        SELECT o.id, o.parent_id, o.name, o.kind, o.state, {VERIFIED.format("o")},
            EXISTS (SELECT FROM identifiers i WHERE i.organisation_id = o.id AND i.state = 'verified'
                    AND i.vouched_by_id = o.parent_id),
            (SELECT count(*) FROM memberships m WHERE m.organisation_id = o.id AND m.ended_at IS NULL
                    AND m.source_kind IS NULL),
            (SELECT count(*) FROM invitations v WHERE v.organisation_id = o.id AND v.redeemed_at IS NULL
                    AND v.revoked_at IS NULL AND v.expires_at > now()), b.depth{more}
        FROM below b JOIN organisations o ON o.id = b.id ORDER BY lower(o.name), o.id""",
    )


def _join(*, agreed: bool) -> None:
    # The time of the clock, taken under the lock: a transaction that began earlier may have waited for it.
    said = (
        "joined_at = clock_timestamp(), agreed_at = clock_timestamp(), agreed_by_name = who"
        if agreed
        else "joined_at = now()"
    )
    kinds.drop_lookup(JOIN)
    _steps(
        JOIN,
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
            UPDATE unit_links SET {said}, joined_by_name = who WHERE id = wanted;
            RETURN 'joined';
        END""",
    )


def _agree() -> None:
    # The yes of the unit of the transaction to everything that is above it under the lock.
    _steps(
        AGREE,
        "who text",
        "boolean",
        f"""
        BEGIN
            PERFORM {LOCK};
            UPDATE unit_links SET agreed_at = clock_timestamp(), agreed_by_name = who
            WHERE child_organisation_id = {HERE} AND joined_at IS NOT NULL AND ended_at IS NULL;
            RETURN FOUND;
        END""",
    )
    # Who is asked to join may know what they would come below: the asking organisation first.
    _function(
        ASKER,
        "wanted uuid",
        "TABLE (organisation_id uuid, name text, verified boolean, distance integer)",
        f"""WITH RECURSIVE asking AS (
            SELECT l.organisation_id AS id FROM unit_links l WHERE l.id = wanted
            AND l.child_organisation_id = {HERE} AND l.joined_at IS NULL AND l.ended_at IS NULL),
        {_above("(SELECT id FROM asking)", agreed=False)}
        SELECT o.id, o.name, {VERIFIED.format("o")}, a.distance + 1
        FROM above a JOIN organisations o ON o.id = a.id ORDER BY a.distance""",
    )


def _sources(*, agreed: bool) -> None:
    reached = "AND top.agreed" if agreed else ""
    kinds.drop_lookup(SOURCES)
    _function(
        SOURCES,
        "wanted uuid",
        """TABLE (person_id uuid, person_name text, source_kind text, source_id uuid, source_organisation_id uuid,
                source_name text, role text, folder_id uuid, folder_path text, ends_at timestamptz)""",
        f"""WITH RECURSIVE {_above("wanted", agreed=agreed)}
        SELECT m.person_id, m.person_name, 'branch', b.id, b.organisation_id, p.name, 'branch_administrator',
               NULL::uuid, NULL::text, b.ends_at
        FROM branch_administrations b
        JOIN above branch ON branch.id = b.branch_organisation_id
        JOIN above top ON top.id = b.organisation_id AND top.distance > branch.distance {reached}
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
    # It takes an argument and is therefore for the other functions only.
    op.execute("SET LOCAL ROLE el_lookup")
    op.execute(f"REVOKE EXECUTE ON FUNCTION {SOURCES} FROM el_app")
    op.execute("RESET ROLE")


def _issuer(*, agreed: bool) -> None:
    reached = "AND a.agreed" if agreed else ""
    kinds.drop_lookup(ISSUER)
    _function(
        ISSUER,
        "person uuid, parent uuid",
        "text",
        f"""SELECT CASE
            WHEN EXISTS (
                SELECT FROM memberships m
                WHERE m.organisation_id = $2 AND m.person_id = $1 AND m.ended_at IS NULL AND m.source_kind IS NULL
                  AND (m.role = 'administrator' OR EXISTS (
                    SELECT FROM delegations d
                    WHERE d.organisation_id = m.organisation_id AND d.membership_id = m.id
                      AND d.role = 'administrator' AND d.folder_path IS NULL AND d.revoked_at IS NULL
                      AND d.starts_at <= now() AND d.ends_at IS NULL))) THEN 'member'
            WHEN EXISTS (
                SELECT FROM lookup_sources($2) s WHERE s.person_id = $1 AND s.source_kind = 'branch') THEN 'branch'
            END
        FROM lookup_above() a WHERE a.organisation_id = $2 AND a.distance > 0 AND a.state = 'active' {reached}""",
    )


# News


def _tellings() -> None:
    table = "tellings"
    op.create_table(
        table,
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("id", "told_id")),
        sa.Column("created_at", AT, nullable=False),
        *(sa.Column(name, sa.Uuid()) for name in ("by_id", "actor_id", "subject_id")),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                *("by_name", "actor_kind", "actor_name", "means", "through"),
                *("tag", "subject_kind", "subject_name"),
            )
        ),
        *(sa.Column(name, JSONB(), nullable=False) for name in ("data", "facts")),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    kinds.door(table)
    op.execute(
        f"CREATE POLICY only_own_news ON {table} AS RESTRICTIVE FOR INSERT TO el_app WITH CHECK (by_id = {HERE})"
    )
    op.execute(f"GRANT INSERT ON {table} TO el_operator")
    op.execute(f"CREATE POLICY operator_puts ON {table} FOR INSERT TO el_operator WITH CHECK (by_id IS NULL)")
    op.execute(f"GRANT SELECT, DELETE ON {table} TO el_lookup")
    for right in ("SELECT", "DELETE"):
        kinds.once(table, f"lookup_{right.lower()}", right)
    # Told once: whoever takes it removes it, in the transaction in which it is told.
    _function(
        TELLING,
        "wanted uuid",
        f"TABLE ({', '.join(f'{name} {kind}' for name, kind in TOLD)})",
        f"""DELETE FROM {table} t WHERE t.id = wanted AND t.told_id = {HERE}
        RETURNING {", ".join(f"t.{name}" for name, _ in TOLD)}""",
        how="sql VOLATILE",
    )
    # News whose job was lost; of what it says, nothing.
    kinds.worker_lists(table, ["id", "told_id", "created_at"])


# Branches end with the links that they were given over


def _branches_end() -> None:
    op.execute("GRANT SELECT (created_at), UPDATE (revoked_by_name) ON branch_administrations TO el_lookup")
    # Below `wanted`, a link of the organisation of the transaction, to the people of whoever is above it.
    _function(
        BRANCHES_BETWEEN,
        "wanted uuid, who text",
        "TABLE (id uuid, organisation_id uuid, membership_id uuid, unit_name text)",
        f"""SELECT {LOCK};
        WITH RECURSIVE link AS (
            SELECT l.organisation_id AS parent, l.child_organisation_id AS child FROM unit_links l
            WHERE l.id = wanted AND {HERE} IN (l.organisation_id, l.child_organisation_id)
              AND l.joined_at IS NOT NULL AND l.ended_at IS NULL),
        up AS (
            SELECT o.id, o.parent_id FROM organisations o JOIN link ON o.id = link.parent
            UNION SELECT o.id, o.parent_id FROM organisations o JOIN up ON o.id = up.parent_id),
        down AS (
            SELECT o.id FROM organisations o JOIN link ON o.id = link.child
            UNION SELECT o.id FROM organisations o JOIN down ON o.parent_id = down.id)
        UPDATE branch_administrations b SET revoked_at = now(), revoked_by_name = who
        FROM organisations o
        WHERE o.id = b.branch_organisation_id AND b.organisation_id IN (SELECT up.id FROM up)
          AND o.id IN (SELECT down.id FROM down) AND b.revoked_at IS NULL AND (b.ends_at IS NULL OR now() < b.ends_at)
        RETURNING b.id, b.organisation_id, b.membership_id, o.name""",
        how="sql VOLATILE",
    )
    _end_old_branches()


def _end_old_branches() -> None:
    """Those that links ended under before: who gave them is not above any more, or is so again by a later link."""
    op.execute("SET LOCAL row_security = on")
    op.execute("SET LOCAL ROLE el_lookup")
    op.execute(
        f"""WITH RECURSIVE way AS (
            SELECT b.id, b.organisation_id AS top, b.created_at AS given, b.branch_organisation_id AS place,
                0 AS distance
            FROM branch_administrations b WHERE b.revoked_at IS NULL
            UNION ALL SELECT w.id, w.top, w.given, l.organisation_id, w.distance + 1
            FROM way w JOIN unit_links l ON l.child_organisation_id = w.place AND l.joined_at <= w.given
                 AND l.ended_at IS NULL
            WHERE w.place <> w.top AND w.distance < {2 * DEPTH})
        UPDATE branch_administrations b SET revoked_at = now(), revoked_by_name = ''
        WHERE b.revoked_at IS NULL AND NOT EXISTS (SELECT FROM way w WHERE w.id = b.id AND w.place = w.top)"""
    )
    op.execute("RESET ROLE")
    op.execute("SET LOCAL row_security = off")


# Closing


def _closing() -> None:
    # What others vouched for the organisation of the transaction: it may always give that up.
    _function(
        OWN_WORDS,
        "",
        "TABLE (id uuid, value text, vouched_by_id uuid)",
        f"""UPDATE identifiers i SET state = 'expired', ended_at = now()
        WHERE i.organisation_id = {HERE} AND i.vouched_by_id IS NOT NULL AND i.state = 'verified'
        RETURNING i.id, i.value, i.vouched_by_id""",
        how="sql VOLATILE",
    )
    # Branches that organisations above gave to their people, with the organisation of the transaction at the top.
    _function(
        BRANCHES_OVER,
        "who text",
        "TABLE (id uuid, organisation_id uuid, membership_id uuid)",
        f"""UPDATE branch_administrations b SET revoked_at = now(), revoked_by_name = who
        WHERE b.branch_organisation_id = {HERE} AND b.revoked_at IS NULL AND (b.ends_at IS NULL OR now() < b.ends_at)
        RETURNING b.id, b.organisation_id, b.membership_id""",
        how="sql VOLATILE",
    )
    # Questions that nobody answered. The tree does not change by that, so its lock is not taken.
    _function(
        QUESTIONS,
        "who text",
        "TABLE (id uuid)",
        f"""UPDATE unit_links l SET ended_at = now(), ended_by_name = who
        WHERE {HERE} IN (l.organisation_id, l.child_organisation_id) AND l.joined_at IS NULL AND l.ended_at IS NULL
        RETURNING l.id""",
        how="sql VOLATILE",
    )

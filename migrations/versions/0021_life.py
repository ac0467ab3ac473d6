"""Only functions change the state and the name of an organisation; copies of names follow; portals end with it."""

import kinds
from alembic import op

revision = "0021"
down_revision = "0020"

HERE = kinds.ORGANISATION
ME = kinds.PERSON
DEFINER = "SECURITY DEFINER SET search_path = public"
STATE = "claim_state(text, text, text)"
DRAFT_END = "claim_draft_end(uuid, text)"
RENAME = "claim_own_name(text)"
FOLLOW = "claim_names_follow(uuid)"
KEY, OLD_KEY = "claim_back_organisation_key()", "claim_back_organisation_key(uuid)"
PORTALS_END = "claim_portals_end(text)"
MINE = "lookup_my_invitations()"
FORMER = "lookup_my_former_addresses()"
# As 0005 named it.
PORTAL_STATE = "ck_portals_ck_portals_state"
VERIFIED = "EXISTS (SELECT FROM identifiers i WHERE i.organisation_id = {} AND i.state = 'verified')"
CHANGED = "state, suspended_by, state_reason, state_at, state_by_name"
# Where the name an organisation has now is shown: table, column of the name, column of whose it is, and which rows.
# What is a record of what was agreed (consents, events) keeps the name of its day.
COPIES = (
    ("portals", "organisation_name", "organisation_id", "true"),
    ("unit_links", "organisation_name", "organisation_id", "ended_at IS NULL"),
    ("unit_links", "child_name", "child_organisation_id", "ended_at IS NULL"),
    ("authorisations", "organisation_name", "organisation_id", "ended_at IS NULL"),
    ("authorisations", "agent_name", "agent_organisation_id", "ended_at IS NULL"),
    ("identifiers", "vouched_by_name", "vouched_by_id", "state = 'verified'"),
    ("lendings", "organisation_name", "organisation_id", "ended_at IS NULL"),
    ("shown_proofs", "organisation_name", "organisation_id", "true"),
    ("federated_identities", "organisation_name", "organisation_id", "true"),
)


def upgrade() -> None:
    op.execute("SET row_security = off")
    _rights()
    _state()
    _names()
    _key("")
    _portals()
    _former_addresses()


def downgrade() -> None:
    op.execute("SET row_security = off")
    kinds.drop_lookup(MINE)
    _my_invitations("")
    for signature in (FORMER, PORTALS_END, FOLLOW, RENAME, DRAFT_END, STATE):
        kinds.drop_lookup(signature)
    op.drop_constraint(op.f("ck_portals_state"), "portals")
    # Behind the walls only this role finds the rows.
    op.execute("SET LOCAL row_security = on")
    op.execute("SET LOCAL ROLE el_lookup")
    op.execute("UPDATE portals SET state = 'suspended' WHERE state = 'ended'")
    op.execute("RESET ROLE")
    op.execute("SET LOCAL row_security = off")
    op.create_check_constraint(
        op.f(PORTAL_STATE), "portals", "state IN ('proposed', 'approved', 'refused', 'suspended')"
    )
    _key("uuid")
    op.execute("DROP POLICY only_beginnings ON organisations")
    op.execute(f"REVOKE UPDATE ({CHANGED}) ON organisations FROM el_lookup")
    op.execute("GRANT UPDATE ON organisations TO el_app")


def _rights() -> None:
    # The app's role states whether a second factor is asked for, and nothing else; it may still lock its own row.
    op.execute("REVOKE UPDATE ON organisations FROM el_app")
    op.execute("GRANT UPDATE (second_factor_since) ON organisations TO el_app")
    op.execute(
        "CREATE POLICY only_beginnings ON organisations AS RESTRICTIVE FOR INSERT TO el_app"
        " WITH CHECK (state IN ('draft', 'active') AND suspended_by IS NULL)"
    )
    op.execute(f"GRANT SELECT ({CHANGED}), UPDATE ({CHANGED}, name) ON organisations TO el_lookup")
    kinds.once("organisations", "lookup_update", "UPDATE")
    op.execute("GRANT SELECT (organisation_id, kind, outcome, ended_at) ON proposals TO el_lookup")
    kinds.once("proposals", "lookup", "SELECT")


def _steps(signature: str, arguments: str, returns: str, body: str) -> None:
    name = signature.partition("(")[0]
    kinds.lookup(
        f"CREATE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE plpgsql VOLATILE {DEFINER} AS $$ {body} $$",
        signature,
        reads=[],
    )


def _state() -> None:
    """Which organisation is not an argument, and what the operator suspended stays suspended."""
    passed = """EXISTS (SELECT FROM proposals p WHERE p.organisation_id = o.id AND p.kind = '{}'
                        AND p.outcome = 'carried_out' AND p.ended_at > coalesce(o.state_at, o.created_at))"""
    op.execute("GRANT SELECT (created_at) ON organisations TO el_lookup")
    _steps(
        STATE,
        "wanted text, why text, who text",
        "boolean",
        f"""
        DECLARE allowed boolean;
        BEGIN
            PERFORM FROM organisations o WHERE o.id = {HERE} FOR NO KEY UPDATE;
            SELECT CASE o.state || ' ' || wanted
                -- The first administrator answers for it from now on.
                WHEN 'draft active' THEN EXISTS (SELECT FROM memberships m WHERE m.organisation_id = o.id
                    AND m.role = 'administrator' AND m.ended_at IS NULL AND m.source_kind IS NULL)
                -- Nobody was ever in it.
                WHEN 'draft closed' THEN NOT EXISTS (SELECT FROM memberships m WHERE m.organisation_id = o.id)
                WHEN 'active suspended' THEN true
                -- The administrators voted.
                WHEN 'active closed' THEN {passed.format("close")}
                WHEN 'suspended active' THEN o.suspended_by = 'organisation' AND {passed.format("lift")}
                WHEN 'closed active' THEN o.state_at > clock_timestamp() - interval '30 days'
                ELSE false END
            INTO allowed FROM organisations o WHERE o.id = {HERE};
            IF allowed IS NOT TRUE THEN RETURN false; END IF;
            UPDATE organisations o SET state = wanted, state_reason = why, state_at = clock_timestamp(),
                state_by_name = who, suspended_by = CASE WHEN wanted = 'suspended' THEN 'organisation' END
            WHERE o.id = {HERE};
            RETURN true;
        END""",
    )
    # A draft whose parent lets it go, by the link `wanted`: on its own nobody would ever come into it.
    _steps(
        DRAFT_END,
        "wanted uuid, who text",
        "boolean",
        f"""
        DECLARE draft uuid;
        BEGIN
            PERFORM pg_advisory_xact_lock(7266140);
            SELECT o.id INTO draft FROM unit_links l JOIN organisations o
                ON o.id = l.child_organisation_id AND o.parent_id = l.organisation_id
            WHERE l.id = wanted AND l.organisation_id = {HERE} AND l.joined_at IS NOT NULL AND l.ended_at IS NULL
                AND o.state = 'draft' FOR NO KEY UPDATE OF o;
            IF draft IS NULL
                OR EXISTS (SELECT FROM memberships m WHERE m.organisation_id = draft AND m.source_kind IS NULL)
                OR EXISTS (SELECT FROM organisations o WHERE o.parent_id = draft AND o.state <> 'closed')
                THEN RETURN false; END IF;
            UPDATE organisations o SET state = 'closed', state_reason = '', state_at = clock_timestamp(),
                state_by_name = who, suspended_by = NULL
            WHERE o.id = draft;
            RETURN true;
        END""",
    )


def _names() -> None:
    # What is verified of an organisation is verified under its name: then the operator says yes first.
    kinds.lookup(
        f"""CREATE FUNCTION claim_own_name(wanted text) RETURNS boolean LANGUAGE sql VOLATILE {DEFINER} AS $$
        WITH named AS (UPDATE organisations o SET name = wanted WHERE o.id = {HERE}
            AND o.state IN ('draft', 'active') AND NOT {VERIFIED.format("o.id")} RETURNING o.id)
        SELECT EXISTS (SELECT FROM named) $$""",
        RENAME,
        reads=[],
    )
    for table, column, whose, which in COPIES:
        read = {column, whose, which.split()[0]} - {"true"}
        op.execute(f"GRANT SELECT ({', '.join(sorted(read))}), UPDATE ({column}) ON {table} TO el_lookup")
        kinds.once(table, "lookup", "SELECT")
        kinds.once(table, "lookup_update", "UPDATE")
    # Whoever calls it: the copies become what the name is.
    updates = "\n".join(
        f"UPDATE {table} c SET {column} = o.name FROM organisations o"
        f" WHERE o.id = place AND c.{whose} = o.id AND c.{column} <> o.name AND {which};"
        for table, column, whose, which in [(t, c, w, q.replace("state =", "c.state =")) for t, c, w, q in COPIES]
    )
    _steps(FOLLOW, "place uuid", "void", f"BEGIN {updates} END")
    op.execute("SET LOCAL ROLE el_lookup")
    op.execute(f"GRANT EXECUTE ON FUNCTION {FOLLOW} TO el_operator")
    op.execute("RESET ROLE")


def _key(argument: str) -> None:
    """The key goes only when the thirty days are over; without an argument it is that of the transaction only."""
    kinds.drop_lookup(OLD_KEY if argument == "" else KEY)
    which = "$1" if argument else HERE
    kinds.lookup(
        f"""CREATE FUNCTION claim_back_organisation_key({argument}) RETURNS TABLE (organisation_id uuid)
        LANGUAGE sql VOLATILE {DEFINER} AS $$
        DELETE FROM organisation_keys k WHERE k.organisation_id = {which} AND EXISTS (
            SELECT 1 FROM organisations o WHERE o.id = {which} AND o.state = 'closed'
            AND o.state_at < clock_timestamp() - interval '30 days')
        RETURNING k.organisation_id $$""",
        OLD_KEY if argument else KEY,
        reads=[],
    )


def _portals() -> None:
    op.drop_constraint(op.f(PORTAL_STATE), "portals")
    op.create_check_constraint(
        op.f("ck_portals_state"), "portals", "state IN ('proposed', 'approved', 'refused', 'suspended', 'ended')"
    )
    op.execute("GRANT UPDATE (state, reason, decided_at, decided_by_name) ON portals TO el_lookup")
    kinds.lookup(
        f"""CREATE FUNCTION claim_portals_end(who text) RETURNS TABLE (id uuid, name text, client_id text)
        LANGUAGE sql VOLATILE {DEFINER} AS $$
        UPDATE portals p SET state = 'ended', reason = '', decided_at = clock_timestamp(), decided_by_name = who
        WHERE p.organisation_id = {HERE} AND p.state IN ('proposed', 'approved', 'suspended')
        RETURNING p.id, p.name, p.client_id $$""",
        PORTALS_END,
        reads=[],
    )


def _former_addresses() -> None:
    """An invitation goes along with the account it was meant for, as long as its change of address can be undone.

    Only what was sent before the change: afterwards the old mailbox may be somebody else's.
    """
    kinds.lookup(
        f"""CREATE FUNCTION lookup_my_former_addresses() RETURNS TABLE (address text, until timestamptz)
        LANGUAGE sql STABLE {DEFINER} AS $$
        SELECT c.old_normalised, max(c.confirmed_at) FROM address_changes c JOIN persons p ON p.id = c.person_id
        WHERE c.person_id = {ME} AND c.confirmed_at IS NOT NULL AND c.undo_until > now()
          AND c.old_normalised <> p.email_normalised GROUP BY c.old_normalised $$""",
        FORMER,
        reads=[],
    )
    kinds.drop_lookup(MINE)
    _my_invitations(
        "UNION ALL SELECT f.address, f.until FROM lookup_my_former_addresses() f",
    )


def _my_invitations(and_former: str) -> None:
    op.execute("GRANT SELECT (sent_at, created_at) ON invitations TO el_lookup")
    kinds.lookup(
        f"""CREATE FUNCTION lookup_my_invitations()
        RETURNS TABLE (invitation_id uuid, organisation_id uuid, organisation_name text, role text,
                       invited_by_name text, expires_at timestamptz)
        LANGUAGE sql STABLE {DEFINER}
        AS $$ SELECT i.id, i.organisation_id, o.name, i.role, i.invited_by_name, i.expires_at
              FROM (SELECT p.email_normalised, 'infinity'::timestamptz FROM persons p WHERE p.id = {ME}
                    {and_former}) mine (address, until)
              JOIN invitations i ON i.email_normalised = mine.address AND coalesce(i.sent_at, i.created_at) < mine.until
              JOIN organisations o ON o.id = i.organisation_id
              WHERE i.way = 'mail'
                AND i.redeemed_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()
                AND o.state IN ('draft', 'active') ORDER BY i.id $$""",
        MINE,
        reads=[],
    )

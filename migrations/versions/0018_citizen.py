"""Links to citizen lockers, proofs of who a person is, what is shown of them, documents that people lend."""

import kinds
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"

DEFINER = "SECURITY DEFINER SET search_path = public"
FUNCTIONS = (
    "lookup_citizen_person(text, text)",
    "claim_citizen_state(bytea)",
    "sweep_citizen_states()",
    "lookup_ekyc_use(bytea)",
    "claim_back_citizen_source(uuid)",
)
TABLES = (
    "lending_reads",
    "lendings",
    "shown_proofs",
    "citizen_revocations",
    "ekyc_uses",
    "citizen_states",
    "citizen_proofs",
    "citizen_links",
)
VERDICTS = (
    "'altered', 'changed_after_signing', 'revoked', 'not_checkable', 'old_cryptography', 'signer_not_confirmed', "
    "'filled_in_after_signing', 'valid_at_claimed_time', 'valid_with_additions', 'valid', 'not_signed', 'checking'"
)


def upgrade() -> None:
    op.execute("SET row_security = off")
    _links()
    _proofs()
    _doors()
    _revocations()
    _shown()
    _lendings()
    _reads()
    _functions()
    _ending()


def downgrade() -> None:
    op.execute("SET row_security = off")
    for function in FUNCTIONS:
        kinds.drop_lookup(function)
    for table in TABLES:
        op.drop_table(table)


def _text(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _id(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _bytes(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def _day(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _instant(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _table(name: str, *parts: sa.Column | sa.Constraint) -> None:
    key = sa.PrimaryKeyConstraint("id", name=f"pk_{name}")
    op.create_table(name, _id("id"), _instant("created_at"), *parts, key)


def _of_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=f"fk_{table}_person_id")


def _of_membership(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation_id", "membership_id"],
        ["memberships.organisation_id", "memberships.id"],
        name=f"fk_{table}_organisation_id_membership_id",
    )


def _links() -> None:
    _table(
        "citizen_links",
        _id("person_id"),
        *map(_text, ("locker_key", "issuer", "subject", "name")),
        _day("born_on", nullable=True),
        *map(_text, ("reference_key", "scopes")),
        _instant("proved_at"),
        _instant("consent_valid_till", nullable=True),
        _bytes("wrapped_key"),
        _bytes("sealed_tokens"),
        _instant("tokens_expire_at", nullable=True),
        _instant("broken_at", nullable=True),
        _of_person("citizen_links"),
        sa.UniqueConstraint("issuer", "subject", name="uq_citizen_links_issuer_subject"),
        sa.UniqueConstraint("person_id", "locker_key", name="uq_citizen_links_person_id_locker_key"),
    )
    # Whose it is and who it is there never change: another identity is another link.
    changed = (
        "name, born_on, reference_key, scopes, proved_at, consent_valid_till, wrapped_key, sealed_tokens, "
        "tokens_expire_at, broken_at"
    )
    kinds.person("citizen_links", rights=f"SELECT, INSERT, UPDATE ({changed}), DELETE")


def _proofs() -> None:
    _table(
        "citizen_proofs",
        _id("person_id"),
        _text("name"),
        _day("born_on", nullable=True),
        _instant("proved_at"),
        _instant("signed_at"),
        _text("signer_sha256"),
        _bytes("reference_digest"),
        _of_person("citizen_proofs"),
        sa.UniqueConstraint("person_id", name="uq_citizen_proofs_person_id"),
    )
    # UPDATE (name): for locking only; a proof is replaced, not changed.
    kinds.person("citizen_proofs", rights="SELECT, INSERT, UPDATE (name), DELETE")


def _doors() -> None:
    _table(
        "citizen_states",
        _bytes("state_digest"),
        _bytes("browser_digest"),
        _text("locker_key"),
        _text("purpose"),
        _id("person_id", nullable=True),
        _id("session_id", nullable=True),
        _instant("expires_at"),
        sa.CheckConstraint("purpose IN ('link', 'sign_in')", name="ck_citizen_states_purpose"),
        sa.CheckConstraint("(purpose = 'link') = (person_id IS NOT NULL)", name="ck_citizen_states_person"),
        sa.UniqueConstraint("state_digest", name="uq_citizen_states_state_digest"),
    )
    op.create_index("ix_citizen_states_expires_at", "citizen_states", ["expires_at"])
    kinds.door("citizen_states")
    _table(
        "ekyc_uses",
        _bytes("reference_digest"),
        _id("person_id"),
        sa.UniqueConstraint("reference_digest", name="uq_ekyc_uses_reference_digest"),
    )
    kinds.door("ekyc_uses")


def _revocations() -> None:
    _table("citizen_revocations", _text("locker_key"), _bytes("wrapped_key"), _bytes("sealed_tokens"))
    kinds.operator("citizen_revocations", rights="INSERT")
    op.execute("GRANT INSERT ON citizen_revocations TO el_app")
    op.execute("CREATE POLICY app_puts ON citizen_revocations FOR INSERT TO el_app WITH CHECK (true)")
    op.execute("GRANT SELECT, DELETE ON citizen_revocations TO el_worker")
    op.execute("CREATE POLICY worker_revokes ON citizen_revocations FOR ALL TO el_worker USING (true)")


def _shown() -> None:
    _table(
        "shown_proofs",
        _id("organisation_id"),
        _id("membership_id"),
        _id("person_id"),
        _text("organisation_name"),
        _text("source"),
        _id("source_id"),
        _text("source_name"),
        _text("name"),
        _day("born_on", nullable=True),
        _instant("proved_at"),
        _of_membership("shown_proofs"),
        sa.CheckConstraint("source IN ('locker', 'ekyc')", name="ck_shown_proofs_source"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_shown_proofs_organisation_id_id"),
        sa.UniqueConstraint("organisation_id", "membership_id", name="uq_shown_proofs_organisation_id_membership_id"),
    )
    op.create_index("ix_shown_proofs_person_id", "shown_proofs", ["person_id"])
    op.create_index("ix_shown_proofs_source_id", "shown_proofs", ["source_id"])
    kinds.own("shown_proofs", rights="SELECT, INSERT, DELETE")
    kinds.own_rows_of_person("shown_proofs")


def _lendings() -> None:
    _table(
        "lendings",
        _id("organisation_id"),
        _text("organisation_name"),
        _id("membership_id"),
        _id("person_id"),
        _text("person_name"),
        _text("person_email"),
        _id("link_id"),
        *map(_text, ("locker_name", "title", "type_code", "issuer_name", "purpose")),
        _day("ends_on"),
        _instant("ends_at"),
        _instant("ended_at", nullable=True),
        _text("ended_because", nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("ciphertext_size", sa.BigInteger(), nullable=False),
        _text("sha256"),
        _bytes("wrapped_key", nullable=True),
        _text("verdict"),
        _text("reason", nullable=True),
        sa.Column("signers", postgresql.JSONB(), nullable=False),
        _instant("checked_at", nullable=True),
        sa.Column("reads", sa.Integer(), nullable=False),
        *(_instant(name, nullable=True) for name in ("last_read_at", "copy_allowed_at", "copied_at", "reminded_at")),
        _of_membership("lendings"),
        *_lending_rules(),
        sa.UniqueConstraint("organisation_id", "id", name="uq_lendings_organisation_id_id"),
    )
    op.create_index("ix_lendings_organisation_id", "lendings", ["organisation_id", "id"])
    op.create_index("ix_lendings_person_id", "lendings", ["person_id", "id"])
    op.create_index("ix_lendings_link_id", "lendings", ["link_id"])
    op.create_index("ix_lendings_ends_at", "lendings", ["ends_at"], postgresql_where=sa.text("ended_at IS NULL"))
    changed = (
        "ended_at, ended_because, wrapped_key, verdict, reason, signers, checked_at, reads, last_read_at, "
        "copy_allowed_at, copied_at, reminded_at"
    )
    kinds.own("lendings", rights=f"SELECT, INSERT, UPDATE ({changed})")
    kinds.own_rows_of_person("lendings")
    kinds.worker_lists("lendings", ["organisation_id", "id", "ends_at", "ended_at", "reminded_at"])


def _lending_rules() -> list[sa.CheckConstraint]:
    endings = "'withdrawn', 'time', 'unlinked', 'membership', 'closed'"
    return [
        sa.CheckConstraint(f"verdict IN ({VERDICTS})", name="ck_lendings_verdict"),
        sa.CheckConstraint(f"ended_because IN ({endings})", name="ck_lendings_ended_because"),
        sa.CheckConstraint("(ended_at IS NULL) = (wrapped_key IS NOT NULL)", name="ck_lendings_key_ends"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name="ck_lendings_end_whole"),
    ]


def _reads() -> None:
    _table(
        "lending_reads",
        _id("organisation_id"),
        _id("lending_id"),
        _id("person_id"),
        _text("reader_name"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "lending_id"],
            ["lendings.organisation_id", "lendings.id"],
            name="fk_lending_reads_organisation_id_lending_id",
        ),
    )
    op.create_index("ix_lending_reads_lending_id", "lending_reads", ["organisation_id", "lending_id", "id"])
    kinds.own("lending_reads", rights="SELECT, INSERT")
    kinds.own_rows_of_person("lending_reads")


def _functions() -> None:
    kinds.lookup(
        f"""CREATE FUNCTION lookup_citizen_person(said_by text, who text) RETURNS TABLE (person_id uuid, name text)
        LANGUAGE sql STABLE {DEFINER} AS $$
        SELECT p.id, p.name FROM citizen_links l JOIN persons p ON p.id = l.person_id
        WHERE l.issuer = said_by AND l.subject = who $$""",
        FUNCTIONS[0],
        reads=[("citizen_links", ["id", "person_id", "issuer", "subject"]), ("persons", ["id", "name"])],
    )
    kinds.lookup(
        f"""CREATE FUNCTION claim_citizen_state(wanted bytea)
        RETURNS TABLE (browser_digest bytea, locker_key text, purpose text, person_id uuid, session_id uuid,
                       expires_at timestamptz)
        LANGUAGE sql VOLATILE {DEFINER} AS $$
        DELETE FROM citizen_states s WHERE s.state_digest = wanted
        RETURNING s.browser_digest, s.locker_key, s.purpose, s.person_id, s.session_id, s.expires_at $$""",
        FUNCTIONS[1],
        reads=[
            (
                "citizen_states",
                ["state_digest", "browser_digest", "locker_key", "purpose", "person_id", "session_id", "expires_at"],
            )
        ],
        writes="DELETE",
    )
    kinds.lookup(
        f"""CREATE FUNCTION sweep_citizen_states() RETURNS void LANGUAGE sql VOLATILE {DEFINER} AS $$
        DELETE FROM citizen_states s WHERE s.expires_at < now() $$""",
        FUNCTIONS[2],
        reads=[("citizen_states", ["expires_at"])],
    )
    kinds.lookup(
        f"""CREATE FUNCTION lookup_ekyc_use(wanted bytea) RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
        SELECT u.person_id FROM ekyc_uses u WHERE u.reference_digest = wanted $$""",
        FUNCTIONS[3],
        reads=[("ekyc_uses", ["reference_digest", "person_id"])],
    )


def _ending() -> None:
    # A person ends a link or a proof: what rests on it ends in every organisation, in the same instant.
    kinds.lookup(
        f"""CREATE FUNCTION claim_back_citizen_source(source uuid)
        RETURNS TABLE (organisation_id uuid, thing_id uuid, kind text)
        LANGUAGE sql VOLATILE {DEFINER} AS $$
        WITH mine AS (
            SELECT id FROM citizen_links WHERE id = source AND person_id = {kinds.PERSON}
            UNION ALL SELECT id FROM citizen_proofs WHERE id = source AND person_id = {kinds.PERSON}
        ), hidden AS (
            DELETE FROM shown_proofs s USING mine WHERE s.source_id = mine.id RETURNING s.organisation_id, s.id
        ), ended AS (
            UPDATE lendings l SET ended_at = now(), ended_because = 'unlinked', wrapped_key = NULL
            FROM mine WHERE l.link_id = mine.id AND l.ended_at IS NULL RETURNING l.organisation_id, l.id
        )
        SELECT hidden.organisation_id, hidden.id, 'proof' FROM hidden
        UNION ALL SELECT ended.organisation_id, ended.id, 'lending' FROM ended $$""",
        FUNCTIONS[4],
        reads=[
            ("lendings", ["id", "organisation_id", "link_id", "ended_at"]),
            ("shown_proofs", ["id", "organisation_id", "source_id"]),
            ("citizen_links", ["id", "person_id"]),
            ("citizen_proofs", ["id", "person_id"]),
        ],
        writes="UPDATE (ended_at, ended_because, wrapped_key)",
    )
    op.execute("GRANT DELETE ON shown_proofs TO el_lookup")
    op.execute("CREATE POLICY lookup_delete ON shown_proofs FOR DELETE TO el_lookup USING (true)")

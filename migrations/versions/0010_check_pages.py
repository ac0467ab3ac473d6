"""Check pages of documents, the doors to them, and how often they were looked at."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

FUNCTIONS = ("lookup_check_code(bytea)", "claim_back_check_code(bytea)")
DEFINER = "SECURITY DEFINER SET search_path = public"


def upgrade() -> None:
    op.execute("SET row_security = off")
    _check_pages()
    _check_codes()
    _views()
    _functions()


def downgrade() -> None:
    op.execute("SET row_security = off")
    for function in FUNCTIONS:
        kinds.drop_lookup(function)
    for table in ("check_page_views", "check_codes", "check_pages"):
        op.drop_table(table)


def _instant(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _check_pages() -> None:
    op.create_table(
        "check_pages",
        sa.Column("id", sa.Uuid(), nullable=False),
        _instant("created_at"),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("show_title", sa.Boolean(), nullable=False),
        sa.Column("show_organisation", sa.Boolean(), nullable=False),
        sa.Column("show_signers", sa.Boolean(), nullable=False),
        sa.Column("wrapped_secret", sa.LargeBinary(), nullable=False),
        _instant("code_made_at"),
        sa.Column("issued_by_name", sa.Text(), nullable=False),
        _instant("ended_at", nullable=True),
        sa.Column("ended_by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_check_pages"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_check_pages_organisation_id_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "document_id"],
            ["documents.organisation_id", "documents.id"],
            name="fk_check_pages_organisation_id_document_id",
        ),
    )
    op.create_index(
        "uq_check_pages_live",
        "check_pages",
        ["organisation_id", "document_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    changed = "show_title, show_organisation, show_signers, wrapped_secret, code_made_at, ended_at, ended_by_name"
    kinds.own("check_pages", rights=f"SELECT, INSERT, UPDATE ({changed})")


def _check_codes() -> None:
    op.create_table(
        "check_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        _instant("created_at"),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("check_page_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_check_codes"),
        sa.UniqueConstraint("code_digest", name="uq_check_codes_code_digest"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "check_page_id"],
            ["check_pages.organisation_id", "check_pages.id"],
            name="fk_check_codes_organisation_id_check_page_id",
        ),
    )
    kinds.door("check_codes")


def _views() -> None:
    op.create_table(
        "check_page_views",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("check_page_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "check_page_id", "day", name="pk_check_page_views"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "check_page_id"],
            ["check_pages.organisation_id", "check_pages.id"],
            name="fk_check_page_views_organisation_id_check_page_id",
        ),
    )
    kinds.own("check_page_views", rights="SELECT, INSERT, UPDATE (views)")


def _functions() -> None:
    # Live or not is decided here, in one statement: whatever the reason, a no takes the same way.
    kinds.lookup(
        f"""CREATE FUNCTION lookup_check_code(wanted bytea) RETURNS TABLE (organisation_id uuid, check_page_id uuid)
        LANGUAGE sql STABLE {DEFINER} AS $$
        SELECT k.organisation_id, k.check_page_id
        FROM check_codes k
        JOIN check_pages p ON p.organisation_id = k.organisation_id AND p.id = k.check_page_id AND p.ended_at IS NULL
        WHERE k.code_digest = wanted
          AND EXISTS (SELECT 1 FROM identifiers i
                      WHERE i.organisation_id = k.organisation_id AND i.state = 'verified') $$""",
        FUNCTIONS[0],
        reads=[
            ("check_codes", ["id", "code_digest", "organisation_id", "check_page_id"]),
            ("check_pages", ["id", "organisation_id", "ended_at"]),
            ("identifiers", ["organisation_id", "state"]),
        ],
    )
    kinds.lookup(
        f"""CREATE FUNCTION claim_back_check_code(wanted bytea) RETURNS void
        LANGUAGE sql VOLATILE {DEFINER} AS $$
        DELETE FROM check_codes k WHERE k.code_digest = wanted $$""",
        FUNCTIONS[1],
        reads=[("check_codes", ["id"])],
        writes="DELETE",
    )

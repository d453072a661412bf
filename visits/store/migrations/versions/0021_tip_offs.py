"""Tip-offs, and the public keys that reporters' identities are sealed to."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_key",
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column("division_prefix", sa.String(length=12), nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("filed_by", sa.Uuid(), nullable=False),
        sa.Column("filed_utc", UTCDateTime(), nullable=False),
        sa.Column("retired_utc", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["filed_by"], ["account.id"], name=op.f("fk_identity_key_filed_by")),
        sa.PrimaryKeyConstraint("kid", "division_prefix", name=op.f("pk_identity_key")),
    )
    op.create_index(
        "uq_identity_key_current",
        "identity_key",
        ["division_prefix"],
        unique=True,
        sqlite_where=sa.text("retired_utc IS NULL"),
        postgresql_where=sa.text("retired_utc IS NULL"),
    )
    op.create_table(
        "tip_off",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("outside_number", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("sealed_identity", sa.String(length=60_000), nullable=False),
        sa.Column("identity_kid", sa.String(length=43), nullable=True),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("entered_utc", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=2000), nullable=False),
        sa.Column("outcome_utc", UTCDateTime(), nullable=True),
        sa.Column("identity_destroyed_utc", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('web', 'phone', 'letter', 'call_in', 'handed_over')", name=op.f("ck_tip_off_channel")
        ),
        sa.CheckConstraint("(outcome_utc IS NULL) = (outcome = '')", name=op.f("ck_tip_off_outcome_dated")),
        sa.ForeignKeyConstraint(["entered_by"], ["account.id"], name=op.f("fk_tip_off_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_off")),
    )
    op.create_index(op.f("ix_tip_off_division_code"), "tip_off", ["division_code"], unique=False)
    op.create_index(op.f("ix_tip_off_entered_utc"), "tip_off", ["entered_utc"], unique=False)
    for table in ("identity_key", "tip_off"):
        end = (
            "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
            if op.get_bind().dialect.name == "postgresql"
            else f"BEGIN SELECT RAISE(ABORT, '{table} keeps what it holds'); END"
        )
        op.execute(f"CREATE TRIGGER keep_{table}_delete BEFORE DELETE ON {table} {end}")


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

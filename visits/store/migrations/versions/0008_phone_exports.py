"""Imports of phones' unsent work, by cable or stick."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "phone_export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=False),
        sa.Column("imported_utc", UTCDateTime(), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("kept_whole", sa.Boolean(), nullable=False),
        sa.Column("receipt", sa.JSON(), nullable=True),
        sa.CheckConstraint("outcome IN ('read', 'unreadable')", name=op.f("ck_phone_export_outcome")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_phone_export_account_id")),
        sa.ForeignKeyConstraint(["imported_by"], ["account.id"], name=op.f("fk_phone_export_imported_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_export")),
    )
    op.create_index(op.f("ix_phone_export_imported_utc"), "phone_export", ["imported_utc"], unique=False)
    op.create_index(op.f("ix_phone_export_sha256"), "phone_export", ["sha256"], unique=False)
    for act in ("update", "delete"):
        does = "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
        if op.get_bind().dialect.name != "postgresql":
            does = "BEGIN SELECT RAISE(ABORT, 'phone_export keeps what it holds'); END"
        op.execute(f"CREATE TRIGGER keep_phone_export_{act} BEFORE {act} ON phone_export {does}")


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

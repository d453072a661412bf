"""Checkpoints of the log, their time stamps and their witnesses."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FROZEN = ("checkpoint", "checkpoint_stamp", "checkpoint_witness")


def upgrade() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("previous_size", sa.Integer(), nullable=True),
        sa.Column("path", sa.JSON(), nullable=False),
        sa.Column("made_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["kid"], ["server_key.kid"], name=op.f("fk_checkpoint_kid")),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "checkpoint_stamp",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("authority", sa.String(length=300), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("complaint", sa.String(length=300), nullable=False),
        sa.Column("at_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["size"], ["checkpoint.size"], name=op.f("fk_checkpoint_stamp_size")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_checkpoint_stamp")),
    )
    op.create_index(op.f("ix_checkpoint_stamp_size"), "checkpoint_stamp", ["size"])
    op.create_table(
        "checkpoint_witness",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column("witness", sa.String(length=120), nullable=False),
        sa.Column("algorithm", sa.String(length=20), nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("filed_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["size"], ["checkpoint.size"], name=op.f("fk_checkpoint_witness_size")),
        sa.PrimaryKeyConstraint("size", "kid", name=op.f("pk_checkpoint_witness")),
    )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in FROZEN:
        for act in ("update", "delete"):
            end = (
                "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
                if is_postgresql
                else f"BEGIN SELECT RAISE(ABORT, '{table} keeps what it holds'); END"
            )
            op.execute(f"CREATE TRIGGER keep_{table}_{act} BEFORE {act} ON {table} {end}")


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

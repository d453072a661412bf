"""Requests to correct what is held about a person."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "correction_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("what", sa.String(length=2000), nullable=False),
        sa.Column("registered_by", sa.Uuid(), nullable=False),
        sa.Column("registered_utc", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=2000), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_utc", UTCDateTime(), nullable=True),
        sa.CheckConstraint("outcome IN ('', 'corrected', 'refused')", name=op.f("ck_correction_request_outcome")),
        sa.ForeignKeyConstraint(["registered_by"], ["account.id"], name=op.f("fk_correction_request_registered_by")),
        sa.ForeignKeyConstraint(["answered_by"], ["account.id"], name=op.f("fk_correction_request_answered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_request")),
    )
    op.create_index(op.f("ix_correction_request_posting_id"), "correction_request", ["posting_id"], unique=False)
    end = (
        "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
        if op.get_bind().dialect.name == "postgresql"
        else "BEGIN SELECT RAISE(ABORT, 'correction_request keeps what it holds'); END"
    )
    op.execute(f"CREATE TRIGGER keep_correction_request_delete BEFORE DELETE ON correction_request {end}")


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

"""What was removed by rule, and by whose order."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "removed_visit",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=120), nullable=False),
        sa.Column("ordered_by", sa.Uuid(), nullable=False),
        sa.Column("removed_utc", UTCDateTime(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ordered_by"], ["account.id"], name=op.f("fk_removed_visit_ordered_by")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_removed_visit")),
    )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for act in ("update", "delete"):
        end = (
            "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
            if is_postgresql
            else "BEGIN SELECT RAISE(ABORT, 'removed_visit keeps what it holds'); END"
        )
        op.execute(f"CREATE TRIGGER keep_removed_visit_{act} BEFORE {act} ON removed_visit {end}")


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

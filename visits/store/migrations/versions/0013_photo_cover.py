"""What reviewers have covered in the copies of photos that leave the house."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "photo_cover",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("boxes", sa.JSON(), nullable=False),
        sa.Column("covered_by", sa.Uuid(), nullable=False),
        sa.Column("covered_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["covered_by"], ["account.id"], name=op.f("fk_photo_cover_covered_by")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_photo_cover")),
    )
    op.create_index(op.f("ix_photo_cover_visit_id"), "photo_cover", ["visit_id"], unique=False)
    for act in ("update", "delete"):
        does = "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
        if op.get_bind().dialect.name != "postgresql":
            does = "BEGIN SELECT RAISE(ABORT, 'photo_cover keeps what it holds'); END"
        op.execute(f"CREATE TRIGGER keep_photo_cover_{act} BEFORE {act} ON photo_cover {does}")


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

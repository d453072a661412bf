"""What a phone seems to give beside what it declares; when in the year a site is lived in."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_reading",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("declared", sa.String(length=10), nullable=False),
        sa.Column("misread", sa.Boolean(), nullable=False),
        sa.Column("datum", sa.String(length=10), nullable=False),
        sa.Column("swapped", sa.Boolean(), nullable=False),
        sa.Column("fixes", sa.Integer(), nullable=False),
        sa.Column("fitting_before", sa.Integer(), nullable=True),
        sa.Column("fitting_after", sa.Integer(), nullable=True),
        sa.Column("shift_east_m", sa.Double(), nullable=True),
        sa.Column("shift_north_m", sa.Double(), nullable=True),
        sa.Column("visit_ids", sa.JSON(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("found_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_reading_device_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_device_reading")),
    )
    op.create_index(op.f("ix_device_reading_device_id"), "device_reading", ["device_id"], unique=False)
    for act in ("update", "delete"):
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER keep_device_reading_{act} BEFORE {act} ON device_reading "
                "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
            )
        else:
            op.execute(
                f"CREATE TRIGGER keep_device_reading_{act} BEFORE {act} ON device_reading "
                "BEGIN SELECT RAISE(ABORT, 'device_reading keeps what it holds'); END"
            )
    for column in ("valid_from", "valid_to"):
        op.add_column("site", sa.Column(column, sa.Date(), nullable=True))
    for column in ("season_from", "season_to"):
        op.add_column("site", sa.Column(column, sa.String(length=5), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

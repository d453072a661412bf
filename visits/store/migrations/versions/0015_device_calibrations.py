"""What phones gave at known points, kept beside who stood there."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_calibration",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("point", sa.String(length=120), nullable=False),
        sa.Column("point_lon_deg", sa.Double(), nullable=False),
        sa.Column("point_lat_deg", sa.Double(), nullable=False),
        sa.Column("point_datum", sa.String(length=10), nullable=False),
        sa.Column("point_error_m", sa.Double(), nullable=False),
        sa.Column("declared", sa.String(length=10), nullable=False),
        sa.Column("fixes", sa.JSON(), nullable=False),
        sa.Column("datum", sa.String(length=10), nullable=True),
        sa.Column("swapped", sa.Boolean(), nullable=False),
        sa.Column("distance_m", sa.Double(), nullable=True),
        sa.Column("declared_distance_m", sa.Double(), nullable=True),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("calibrated_by", sa.Uuid(), nullable=False),
        sa.Column("calibrated_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_calibration_device_id")),
        sa.ForeignKeyConstraint(["calibrated_by"], ["account.id"], name=op.f("fk_device_calibration_calibrated_by")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_device_calibration")),
    )
    op.create_index(op.f("ix_device_calibration_device_id"), "device_calibration", ["device_id"], unique=False)
    for act in ("update", "delete"):
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER keep_device_calibration_{act} BEFORE {act} ON device_calibration "
                "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
            )
        else:
            op.execute(
                f"CREATE TRIGGER keep_device_calibration_{act} BEFORE {act} ON device_calibration "
                "BEGIN SELECT RAISE(ABORT, 'device_calibration keeps what it holds'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

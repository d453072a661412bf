"""The visits a phone arrived on, found without reading every record."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_received_record_device_id_kind", "received_record", ["device_id", "kind"])


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

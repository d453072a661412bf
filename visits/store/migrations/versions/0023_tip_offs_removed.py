"""When what a tip-off said was removed by rule, and after how many days."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tip_off", sa.Column("removed_utc", UTCDateTime(), nullable=True))
    op.add_column("tip_off", sa.Column("removed_after_days", sa.Integer(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

"""Which questions an assignment is asked with, studies of one case, and the phone's clock with each delivery.

Plain added columns: they leave the triggers of their tables in place on both databases.
"""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assignment", sa.Column("question_set", sa.String(length=60), nullable=True))
    op.add_column("assignment", sa.Column("case_study", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("received_record", sa.Column("device_utc", UTCDateTime(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

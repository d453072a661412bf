"""Earlier wordings of a corrected problem; a decision that returns a sighting no longer bars the next one."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BARS_ANOTHER = "state <> 'declined' AND outcome <> 'return'"


def upgrade() -> None:
    op.add_column("problem", sa.Column("earlier", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.drop_index("uq_decision_open", "decision")
    op.create_index(
        "uq_decision_open",
        "decision",
        ["sighting_id"],
        unique=True,
        sqlite_where=sa.text(BARS_ANOTHER),
        postgresql_where=sa.text(BARS_ANOTHER),
    )


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

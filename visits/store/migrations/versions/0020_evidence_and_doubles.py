"""What shows somebody's presence without villagers, on a judgement; blind double visits, which no team is told of."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sighting_judgement", sa.Column("sign", sa.String(length=20), nullable=True))
    op.create_table(
        "blind_double",
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("first_assignment_id", sa.Uuid(), nullable=False),
        sa.Column("ordered_by", sa.Uuid(), nullable=False),
        sa.Column("ordered_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_blind_double_assignment_id")),
        sa.ForeignKeyConstraint(
            ["first_assignment_id"], ["assignment.id"], name=op.f("fk_blind_double_first_assignment_id")
        ),
        sa.ForeignKeyConstraint(["ordered_by"], ["account.id"], name=op.f("fk_blind_double_ordered_by")),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_blind_double")),
        sa.UniqueConstraint("first_assignment_id", name=op.f("uq_blind_double_first_assignment_id")),
    )

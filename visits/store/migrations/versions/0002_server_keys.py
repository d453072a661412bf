"""The server's own key pairs."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "server_key",
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("algorithm", sa.String(length=20), nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("wrapped_private", sa.LargeBinary(), nullable=False),
        sa.Column("made_utc", UTCDateTime(), nullable=False),
        sa.Column("retired_utc", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_server_key")),
    )
    op.create_index(
        "uq_server_key_current",
        "server_key",
        ["purpose"],
        unique=True,
        sqlite_where=sa.text("retired_utc IS NULL"),
        postgresql_where=sa.text("retired_utc IS NULL"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER keep_server_key_delete BEFORE delete ON server_key "
            "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
        )
    else:
        op.execute(
            "CREATE TRIGGER keep_server_key_delete BEFORE delete ON server_key "
            "BEGIN SELECT RAISE(ABORT, 'server_key keeps what it holds'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

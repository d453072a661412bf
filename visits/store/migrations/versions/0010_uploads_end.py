"""Uploads may end and begin anew, say again what they were described as; kept bodies say whose key seals them."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kept_delivery", sa.Column("sealed_under", sa.Uuid(), nullable=True))
    with op.batch_alter_table("upload") as upload:
        upload.add_column(sa.Column("metadata_text", sa.String(length=1000), nullable=True))
        upload.add_column(sa.Column("ended_utc", UTCDateTime(), nullable=True))
        upload.add_column(sa.Column("ended_how", sa.String(length=10), nullable=True))
        upload.drop_constraint(op.f("uq_upload_account_id_visit_id_sha256"), type_="unique")
    op.create_index(
        "uq_upload_open",
        "upload",
        ["account_id", "visit_id", "sha256"],
        unique=True,
        sqlite_where=sa.text("ended_utc IS NULL"),
        postgresql_where=sa.text("ended_utc IS NULL"),
    )
    if op.get_bind().dialect.name != "postgresql":
        # On SQLite the table was made anew, and its trigger went with the old one.
        op.execute(
            "CREATE TRIGGER keep_upload_delete BEFORE delete ON upload "
            "BEGIN SELECT RAISE(ABORT, 'upload keeps what it holds'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

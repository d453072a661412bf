"""Sealed packages: their codes, who downloaded them, and openings by key."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assignment_code",
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_code", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_assignment_code_assignment_id")),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_assignment_code")),
    )
    op.create_table(
        "package_issue",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("issued_utc", UTCDateTime(), nullable=False),
        sa.Column("device_utc", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_package_issue_account_id")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_package_issue_assignment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_issue")),
    )
    op.create_index(op.f("ix_package_issue_assignment_id"), "package_issue", ["assignment_id"], unique=False)
    op.add_column("opening", sa.Column("how", sa.String(length=10), nullable=False, server_default="online"))
    for act in ("update", "delete"):
        protect("package_issue", act)


def protect(table: str, act: str) -> None:
    """Keep the rows of a table from being changed or deleted, whoever asks."""
    does = "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
    if op.get_bind().dialect.name != "postgresql":
        does = f"BEGIN SELECT RAISE(ABORT, '{table} keeps what it holds'); END"
    op.execute(f"CREATE TRIGGER keep_{table}_{act} BEFORE {act} ON {table} {does}")


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

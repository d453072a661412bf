"""What one account did, found without reading the whole audit: for its extract and for the audit's reader."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_audit_account_id"), "audit", ["account_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

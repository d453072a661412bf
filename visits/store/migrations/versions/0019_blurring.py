"""Positions are blurred by rule: copies of records without them, and that it was done."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SAYS = "kept_delivery keeps what it holds"
IS_EMPTIED = (
    "length(NEW.sealed_body) = 0 AND NEW.id = OLD.id AND NEW.account_id = OLD.account_id "
    "AND NEW.visit_id = OLD.visit_id AND NEW.sha256 = OLD.sha256 AND NEW.size_bytes = OLD.size_bytes "
    "AND NEW.reason = OLD.reason AND NEW.received_utc = OLD.received_utc "
    "AND NEW.sealed_under {is_same} OLD.sealed_under "
    "AND (EXISTS (SELECT 1 FROM removed_visit WHERE removed_visit.visit_id = OLD.visit_id) "
    "OR EXISTS (SELECT 1 FROM visit_blur WHERE visit_blur.visit_id = OLD.visit_id))"
)


def upgrade() -> None:
    op.create_table(
        "visit_blur",
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("blurred_utc", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("log_index", name=op.f("pk_visit_blur")),
    )
    op.create_index(op.f("ix_visit_blur_visit_id"), "visit_blur", ["visit_id"], unique=False)
    op.create_table(
        "blurred_record",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["received_record.number"], name=op.f("fk_blurred_record_number")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_blurred_record")),
    )
    op.create_index(op.f("ix_blurred_record_visit_id"), "blurred_record", ["visit_id"], unique=False)
    for table, act in (("visit_blur", "update"), ("visit_blur", "delete"), ("blurred_record", "delete")):
        end = (
            "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
            if op.get_bind().dialect.name == "postgresql"
            else f"BEGIN SELECT RAISE(ABORT, '{table} keeps what it holds'); END"
        )
        op.execute(f"CREATE TRIGGER keep_{table}_{act} BEFORE {act} ON {table} {end}")
    let_deliveries_be_emptied()


def let_deliveries_be_emptied() -> None:
    if op.get_bind().dialect.name == "postgresql":
        is_emptied = IS_EMPTIED.format(is_same="IS NOT DISTINCT FROM")
        op.execute(
            "CREATE OR REPLACE FUNCTION shidi_keep_unless_emptied() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {is_emptied} THEN RETURN NEW; END IF; RAISE EXCEPTION '{SAYS}'; END $$"
        )
    else:
        op.execute("DROP TRIGGER keep_kept_delivery_update")
        op.execute(
            "CREATE TRIGGER keep_kept_delivery_update BEFORE UPDATE ON kept_delivery "
            f"WHEN ({IS_EMPTIED.format(is_same='IS')}) IS NOT TRUE BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

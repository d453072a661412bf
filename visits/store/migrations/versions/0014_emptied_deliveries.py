"""What was kept of a removed visit under another key may be emptied; nothing else of a kept delivery ever changes."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

IS_EMPTIED = (
    "length(NEW.sealed_body) = 0 AND NEW.id = OLD.id AND NEW.account_id = OLD.account_id "
    "AND NEW.visit_id = OLD.visit_id AND NEW.sha256 = OLD.sha256 AND NEW.size_bytes = OLD.size_bytes "
    "AND NEW.reason = OLD.reason "
    "AND NEW.received_utc = OLD.received_utc AND NEW.sealed_under = OLD.sealed_under "
    "AND EXISTS (SELECT 1 FROM removed_visit WHERE removed_visit.visit_id = OLD.visit_id)"
)
SAYS = "kept_delivery keeps what it holds"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION shidi_keep_unless_emptied() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {IS_EMPTIED} THEN RETURN NEW; END IF; RAISE EXCEPTION '{SAYS}'; END $$"
        )
        op.execute("DROP TRIGGER keep_kept_delivery_update ON kept_delivery")
        op.execute(
            "CREATE TRIGGER keep_kept_delivery_update BEFORE UPDATE ON kept_delivery "
            "FOR EACH ROW EXECUTE FUNCTION shidi_keep_unless_emptied()"
        )
    else:
        op.execute("DROP TRIGGER keep_kept_delivery_update")
        op.execute(
            "CREATE TRIGGER keep_kept_delivery_update BEFORE UPDATE ON kept_delivery "
            f"WHEN ({IS_EMPTIED}) IS NOT TRUE BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

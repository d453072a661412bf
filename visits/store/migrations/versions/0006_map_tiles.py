"""The numbers of divisions on the map, and which file of tiles shows a county."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "map_number",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["division_code"], ["division.code"], name=op.f("fk_map_number_division_code")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_map_number")),
        sa.UniqueConstraint("division_code", name=op.f("uq_map_number_division_code")),
    )
    op.create_table(
        "tile_set",
        sa.Column("county_code", sa.String(length=6), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sha256_before", sa.String(length=64), nullable=True),
        sa.Column("drawn_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["county_code"], ["division.code"], name=op.f("fk_tile_set_county_code")),
        sa.PrimaryKeyConstraint("county_code", name=op.f("pk_tile_set")),
    )
    for act in ("update", "delete"):
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER keep_map_number_{act} BEFORE {act} ON map_number "
                "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
            )
        else:
            op.execute(
                f"CREATE TRIGGER keep_map_number_{act} BEFORE {act} ON map_number "
                "BEGIN SELECT RAISE(ABORT, 'map_number keeps what it holds'); END"
            )
    ask_for_what_is_there()


def ask_for_what_is_there() -> None:
    """Put the drawing job for every county, as an import would have done."""
    job = sa.table(
        "job",
        sa.column("kind", sa.String()),
        sa.column("subject", sa.String()),
        sa.column("state", sa.String()),
        sa.column("attempts", sa.Integer()),
        sa.column("queued_utc", UTCDateTime()),
        sa.column("due_utc", UTCDateTime()),
    )
    division = sa.table("division", sa.column("code", sa.String()), sa.column("level", sa.String()))
    now = datetime.now(UTC)
    codes = op.get_bind().scalars(sa.select(division.c.code).where(division.c.level == "county")).all()
    rows = [
        {"kind": "draw_tiles", "subject": code, "state": "waiting", "attempts": 0, "queued_utc": now, "due_utc": now}
        for code in codes
    ]
    if rows:
        op.bulk_insert(job, rows)


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

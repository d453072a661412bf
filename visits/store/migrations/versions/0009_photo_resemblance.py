"""Fingerprints in a table of their own, numbered, and the pairs of photos that look alike.

The fingerprints of photos read before move over as they are. Pairs among them are found again only when a photo is read
again: what the judging of a visit found by going over all rows stands in its hints until the visit is judged anew.
"""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "photo_print",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("dhash64", sa.LargeBinary(), nullable=False),
        sa.Column("pdq256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_photo_print")),
        sa.UniqueConstraint("visit_id", "sha256", name=op.f("uq_photo_print_visit_id_sha256")),
    )
    op.create_table(
        "photo_resemblance",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("other_visit_id", sa.Uuid(), nullable=False),
        sa.Column("other_sha256", sa.String(length=64), nullable=False),
        sa.Column("likeness", sa.String(length=5), nullable=False),
        sa.Column("turn", sa.String(length=8), nullable=False),
        sa.Column("dhash_bits", sa.Integer(), nullable=False),
        sa.Column("pdq_bits", sa.Integer(), nullable=False),
        sa.Column("found_utc", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "visit_id", "sha256", "other_visit_id", "other_sha256", name=op.f("pk_photo_resemblance")
        ),
    )
    op.execute(
        "INSERT INTO photo_print (visit_id, sha256, version, dhash64, pdq256) "
        "SELECT visit_id, sha256, 1, dhash64, pdq256 FROM photo_fact "
        "WHERE dhash64 IS NOT NULL AND pdq256 IS NOT NULL ORDER BY inspected_utc, visit_id, sha256"
    )
    op.drop_column("photo_fact", "dhash64")
    op.drop_column("photo_fact", "pdq256")


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

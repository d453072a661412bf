"""Plans, checks from outside, recusals and draws, with what a draw says on its assignments; households and projects."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NEVER_DELETED = ("plan", "plan_line", "recusal", "draw")


def upgrade() -> None:
    _plans()
    _draws()
    _households_and_projects()
    op.add_column("assignment", sa.Column("plan_line_id", sa.Uuid(), nullable=True))
    op.add_column("assignment", sa.Column("draw_id", sa.Uuid(), nullable=True))
    op.add_column("assignment", sa.Column("drawn_slot", sa.String(length=10), nullable=True))
    op.add_column("assignment", sa.Column("inclusion_billionths", sa.Integer(), nullable=True))
    op.add_column("assignment", sa.Column("slot_billionths", sa.Integer(), nullable=True))
    op.add_column("assignment", sa.Column("withdrawn_utc", UTCDateTime(), nullable=True))
    op.add_column("assignment", sa.Column("withdrawn_reason", sa.String(length=300), nullable=False, server_default=""))
    op.add_column("assignment", sa.Column("household_seed", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_assignment_plan_line_id"), "assignment", ["plan_line_id"], unique=False)
    op.create_index(op.f("ix_assignment_draw_id"), "assignment", ["draw_id"], unique=False)
    for table in NEVER_DELETED:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER keep_{table}_delete BEFORE DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
            )
        else:
            op.execute(
                f"CREATE TRIGGER keep_{table}_delete BEFORE DELETE ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} keeps what it holds'); END"
            )


def _plans() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("county_code", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("most_checks_per_village", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_plan_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("county_code", "year", name=op.f("uq_plan_county_code_year")),
    )
    op.create_table(
        "plan_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.Column("quotas", sa.JSON(), nullable=False),
        sa.Column("approver_name", sa.String(length=64), nullable=False),
        sa.Column("paper_number", sa.String(length=80), nullable=False),
        sa.Column("third_party", sa.String(length=120), nullable=False),
        sa.Column("approval_number", sa.String(length=80), nullable=False),
        sa.Column("approval_ends_on", sa.Date(), nullable=True),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_utc", UTCDateTime(), nullable=False),
        sa.Column("withdrawn_utc", UTCDateTime(), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "kind IN ('mid_year', 'annual_appraisal', 'fund_performance', 'unannounced', 'other')",
            name=op.f("ck_plan_line_kind"),
        ),
        sa.CheckConstraint("from_date <= to_date", name=op.f("ck_plan_line_period")),
        sa.CheckConstraint("kind <> 'other' OR approver_name <> ''", name=op.f("ck_plan_line_approver")),
        sa.CheckConstraint(
            "third_party = '' OR (approval_number <> '' AND approval_ends_on IS NOT NULL)",
            name=op.f("ck_plan_line_third_party"),
        ),
        sa.ForeignKeyConstraint(["added_by"], ["account.id"], name=op.f("fk_plan_line_added_by")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_line_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_line")),
    )
    op.create_index(op.f("ix_plan_line_plan_id"), "plan_line", ["plan_id"], unique=False)
    op.create_table(
        "outside_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_line_id", sa.Uuid(), nullable=False),
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("registered_by", sa.Uuid(), nullable=False),
        sa.Column("registered_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["plan_line_id"], ["plan_line.id"], name=op.f("fk_outside_check_plan_line_id")),
        sa.ForeignKeyConstraint(["registered_by"], ["account.id"], name=op.f("fk_outside_check_registered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_check")),
        sa.UniqueConstraint(
            "plan_line_id", "village_code", "held_on", name=op.f("uq_outside_check_plan_line_id_village_code_held_on")
        ),
    )
    op.create_index(op.f("ix_outside_check_plan_line_id"), "outside_check", ["plan_line_id"], unique=False)
    op.create_index(op.f("ix_outside_check_village_code"), "outside_check", ["village_code"], unique=False)
    op.create_table(
        "recusal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("declared_by", sa.Uuid(), nullable=False),
        sa.Column("declared_utc", UTCDateTime(), nullable=False),
        sa.Column("ended_utc", UTCDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('own_town', 'kin', 'other')", name=op.f("ck_recusal_kind")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recusal_account_id")),
        sa.ForeignKeyConstraint(["declared_by"], ["account.id"], name=op.f("fk_recusal_declared_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recusal")),
    )
    op.create_index(op.f("ix_recusal_account_id"), "recusal", ["account_id"], unique=False)


def _draws() -> None:
    op.create_table(
        "draw",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("county_code", sa.String(length=6), nullable=False),
        sa.Column("plan_line_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("frame", sa.Text(), nullable=False),
        sa.Column("frame_sha256", sa.String(length=64), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("committed_by", sa.Uuid(), nullable=False),
        sa.Column("committed_utc", UTCDateTime(), nullable=False),
        sa.Column("commit_log_index", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(length=200), nullable=True),
        sa.Column("nonce_source", sa.String(length=200), nullable=False),
        sa.Column("mixed_by", sa.Uuid(), nullable=True),
        sa.Column("mixed_utc", UTCDateTime(), nullable=True),
        sa.Column("mix_log_index", sa.Integer(), nullable=True),
        sa.Column("withdrawn_utc", UTCDateTime(), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=300), nullable=False),
        sa.Column("redraw_of", sa.Uuid(), nullable=True),
        sa.Column("revealed_utc", UTCDateTime(), nullable=True),
        sa.Column("reveal_log_index", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('committed', 'drawn', 'withdrawn', 'revealed')", name=op.f("ck_draw_state")),
        sa.CheckConstraint("mixed_by IS NULL OR mixed_by <> committed_by", name=op.f("ck_draw_two_parties")),
        sa.CheckConstraint("state <> 'withdrawn' OR withdrawn_reason <> ''", name=op.f("ck_draw_reason")),
        sa.ForeignKeyConstraint(["committed_by"], ["account.id"], name=op.f("fk_draw_committed_by")),
        sa.ForeignKeyConstraint(["mixed_by"], ["account.id"], name=op.f("fk_draw_mixed_by")),
        sa.ForeignKeyConstraint(["plan_line_id"], ["plan_line.id"], name=op.f("fk_draw_plan_line_id")),
        sa.ForeignKeyConstraint(["redraw_of"], ["draw.id"], name=op.f("fk_draw_redraw_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw")),
        sa.UniqueConstraint("redraw_of", name=op.f("uq_draw_redraw_of")),
    )
    op.create_index(op.f("ix_draw_committed_utc"), "draw", ["committed_utc"], unique=False)
    op.create_index(op.f("ix_draw_county_code"), "draw", ["county_code"], unique=False)
    op.create_index(op.f("ix_draw_plan_line_id"), "draw", ["plan_line_id"], unique=False)


def _households_and_projects() -> None:
    op.create_table(
        "household",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("serial", sa.String(length=20), nullable=False),
        sa.Column("group_name", sa.String(length=40), nullable=False),
        sa.Column("standing", sa.String(length=10), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_utc", UTCDateTime(), nullable=False),
        sa.Column("gone_utc", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["village_code"], ["division.code"], name=op.f("fk_household_village_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
        sa.UniqueConstraint("village_code", "serial", name=op.f("uq_household_village_code_serial")),
    )
    op.create_index(op.f("ix_household_village_code"), "household", ["village_code"], unique=False)
    op.create_table(
        "project",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("county_code", sa.String(length=6), nullable=False),
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("lon_deg", sa.Double(), nullable=True),
        sa.Column("lat_deg", sa.Double(), nullable=True),
        sa.Column("datum", sa.String(length=10), nullable=True),
        sa.Column("raw_lon_deg", sa.Double(), nullable=True),
        sa.Column("raw_lat_deg", sa.Double(), nullable=True),
        sa.Column("recorded_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["village_code"], ["division.code"], name=op.f("fk_project_village_code")),
        sa.PrimaryKeyConstraint("code", "county_code", name=op.f("pk_project")),
    )
    op.create_index(op.f("ix_project_village_code"), "project", ["village_code"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

"""Presence as a stored job: standards, runs, findings, referrals; reply links, appeals, hand-overs; talks, matters."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KEPT = ("presence_standard", "presence_run", "presence_finding", "talk", "major_matter")


def upgrade() -> None:
    _standards_and_runs()
    _review()
    _people()
    for table in KEPT:
        for act in ("update", "delete"):
            does = "FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
            if op.get_bind().dialect.name != "postgresql":
                does = f"BEGIN SELECT RAISE(ABORT, '{table} keeps what it holds'); END"
            op.execute(f"CREATE TRIGGER keep_{table}_{act} BEFORE {act} ON {table} {does}")


def _standards_and_runs() -> None:
    op.create_table(
        "presence_standard",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("division_prefix", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("least_visits", sa.Integer(), nullable=False),
        sa.Column("least_slots", sa.Integer(), nullable=False),
        sa.Column("least_inspectors", sa.Integer(), nullable=False),
        sa.Column("least_months", sa.Integer(), nullable=False),
        sa.Column("least_of_each_kind", sa.Integer(), nullable=False),
        sa.Column("compares_nights", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["recorded_by"], ["account.id"], name=op.f("fk_presence_standard_recorded_by")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_presence_standard")),
    )
    op.create_index(
        op.f("ix_presence_standard_division_prefix"), "presence_standard", ["division_prefix"], unique=False
    )
    op.create_table(
        "presence_run",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("county_code", sa.String(length=6), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("known_utc", UTCDateTime(), nullable=False),
        sa.Column("on_calendar", sa.Boolean(), nullable=False),
        sa.Column("model_version", sa.String(length=20), nullable=False),
        sa.Column("input_sha256", sa.String(length=64), nullable=False),
        sa.Column("postings", sa.Integer(), nullable=False),
        sa.Column("sightings", sa.Integer(), nullable=False),
        sa.Column("population", sa.JSON(), nullable=False),
        sa.Column("made_utc", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_presence_run")),
    )
    op.create_index(op.f("ix_presence_run_county_code"), "presence_run", ["county_code"], unique=False)
    op.create_table(
        "presence_finding",
        sa.Column("run_number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("says", sa.String(length=12), nullable=False),
        sa.Column("about", sa.String(length=10), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("days_found", sa.Integer(), nullable=False),
        sa.Column("nights", sa.Integer(), nullable=False),
        sa.Column("nights_found", sa.Integer(), nullable=False),
        sa.Column("directed", sa.Integer(), nullable=False),
        sa.Column("not_counted", sa.Integer(), nullable=False),
        sa.Column("mean", sa.Double(), nullable=True),
        sa.Column("low80", sa.Double(), nullable=True),
        sa.Column("high80", sa.Double(), nullable=True),
        sa.Column("posterior", sa.Double(), nullable=True),
        sa.Column("lacking", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("standard_name", sa.String(length=80), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["run_number"], ["presence_run.number"], name=op.f("fk_presence_finding_run_number")),
        sa.PrimaryKeyConstraint("run_number", "posting_id", name=op.f("pk_presence_finding")),
    )
    op.create_index(op.f("ix_presence_finding_posting_id"), "presence_finding", ["posting_id"], unique=False)


def _review() -> None:
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("run_number", sa.Integer(), nullable=False),
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("about", sa.String(length=10), nullable=False),
        sa.Column("opened_utc", UTCDateTime(), nullable=False),
        sa.Column("closed_utc", UTCDateTime(), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_reason", sa.String(length=2000), nullable=False),
        sa.ForeignKeyConstraint(["closed_by"], ["account.id"], name=op.f("fk_referral_closed_by")),
        sa.ForeignKeyConstraint(["run_number"], ["presence_run.number"], name=op.f("fk_referral_run_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    op.create_index(op.f("ix_referral_village_code"), "referral", ["village_code"], unique=False)
    op.create_index(
        op.f("uq_referral_open"),
        "referral",
        ["posting_id"],
        unique=True,
        sqlite_where=sa.text("closed_utc IS NULL"),
        postgresql_where=sa.text("closed_utc IS NULL"),
    )
    op.create_table(
        "reply_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("expires_utc", UTCDateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("used_utc", UTCDateTime(), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_reply_link_made_by")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_reply_link_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_link")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_reply_link_token_sha256")),
    )
    op.create_index(op.f("ix_reply_link_notice_id"), "reply_link", ["notice_id"], unique=False)
    op.create_table(
        "appeal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("registered_by", sa.Uuid(), nullable=False),
        sa.Column("registered_utc", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=4000), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_utc", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('', 'kept', 'set_aside')",
            name=op.f("ck_appeal_outcome"),
        ),
        sa.ForeignKeyConstraint(["answered_by"], ["account.id"], name=op.f("fk_appeal_answered_by")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_appeal_decision_id")),
        sa.ForeignKeyConstraint(["registered_by"], ["account.id"], name=op.f("fk_appeal_registered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
    )
    op.create_index(op.f("ix_appeal_decision_id"), "appeal", ["decision_id"], unique=False)
    op.create_table(
        "breach_hand_over",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("addressee", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("consulted_on", sa.Date(), nullable=True),
        sa.Column("consulted_note", sa.String(length=1000), nullable=False),
        sa.Column("handled_on", sa.Date(), nullable=True),
        sa.Column("handled_note", sa.String(length=1000), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_utc", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "addressee IN ('township', 'sending_unit')",
            name=op.f("ck_breach_hand_over_addressee"),
        ),
        sa.CheckConstraint(
            "handled_on IS NULL OR (consulted_on IS NOT NULL AND consulted_on <= handled_on)",
            name=op.f("ck_breach_hand_over_consulted_first"),
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_breach_hand_over_decision_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["account.id"], name=op.f("fk_breach_hand_over_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breach_hand_over")),
        sa.UniqueConstraint("decision_id", "addressee", name=op.f("uq_breach_hand_over_decision_id_addressee")),
    )


def _people() -> None:
    op.create_table(
        "talk",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("talked_on", sa.Date(), nullable=False),
        sa.Column("with_whom", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_talk_person_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["account.id"], name=op.f("fk_talk_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talk")),
    )
    op.create_index(op.f("ix_talk_person_id"), "talk", ["person_id"], unique=False)
    op.create_table(
        "major_matter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("to_whom", sa.String(length=120), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_major_matter_person_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["account.id"], name=op.f("fk_major_matter_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_major_matter")),
    )
    op.create_index(op.f("ix_major_matter_person_id"), "major_matter", ["person_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")

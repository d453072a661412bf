"""The first schema: everything from accounts to presence, and what must never be changed or deleted."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Never changed and never deleted, whoever asks.
FROZEN = (
    "audit",
    "kept_delivery",
    "notice",
    "opening",
    "presence_said",
    "received_record",
    "reply",
    "sighting_judgement",
)
# Changed as things go on (a later version supersedes, a decision finds its second person), never deleted.
KEPT = (
    "account",
    "assignment",
    "decision",
    "leave",
    "leave_book_import",
    "log_leaf",
    "person",
    "posting",
    "posting_version",
    "problem",
    "sighting",
    "site",
    "upload",
    "visit",
)

PLACES_VIEW = """
CREATE VIEW {table}_geometry AS
SELECT *, ST_GeomFromWKB(shape, 4326) AS geometry FROM {table} WHERE superseded_utc IS NULL
"""


def upgrade() -> None:
    make_tables()
    if op.get_bind().dialect.name == "postgresql":
        protect_on_postgresql()
        show_places_to_postgis()
    else:
        protect_on_sqlite()


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")


def protect_on_sqlite() -> None:
    for table, act in _protected():
        op.execute(
            f"CREATE TRIGGER keep_{table}_{act} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} keeps what it holds'); END"
        )


def protect_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION shidi_keep() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% keeps what it holds', TG_TABLE_NAME; END $$"
    )
    for table, act in _protected():
        op.execute(
            f"CREATE TRIGGER keep_{table}_{act} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION shidi_keep()"
        )


def show_places_to_postgis() -> None:
    """Give GIS users their geometry, where the server has PostGIS."""
    has_postgis = op.get_bind().execute(sa.text("SELECT 1 FROM pg_extension WHERE extname = 'postgis'")).scalar()
    if has_postgis:
        for table in ("site", "area_boundary"):
            op.execute(PLACES_VIEW.format(table=table))


def _protected() -> list[tuple[str, str]]:
    return [(table, act) for table in FROZEN for act in ("update", "delete")] + [(table, "delete") for table in KEPT]


def make_tables() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("division_prefix", sa.String(length=12), nullable=False),
        sa.Column("unit", sa.String(length=120), nullable=True),
        sa.Column("passphrase_hash", sa.String(length=200), nullable=False),
        sa.Column("approval_number", sa.String(length=80), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("created_utc", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at_utc", UTCDateTime(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=120), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_about"), "audit", ["about"], unique=False)
    op.create_index(op.f("ix_audit_act"), "audit", ["act"], unique=False)
    op.create_table(
        "declared_day",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("division_prefix", sa.String(length=12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("recorded_utc", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_declared_day")),
    )
    op.create_index(op.f("ix_declared_day_division_prefix"), "declared_day", ["division_prefix"], unique=False)
    op.create_table(
        "division",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("parent_code", sa.String(length=12), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("successor_code", sa.String(length=12), nullable=True),
        sa.CheckConstraint("level IN ('county', 'town', 'village')", name=op.f("ck_division_level")),
        sa.ForeignKeyConstraint(["parent_code"], ["division.code"], name=op.f("fk_division_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_division")),
    )
    op.create_index(op.f("ix_division_parent_code"), "division", ["parent_code"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_utc", UTCDateTime(), nullable=False),
        sa.Column("due_utc", UTCDateTime(), nullable=False),
        sa.Column("finished_utc", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=2000), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_state_due_utc", "job", ["state", "due_utc"], unique=False)
    op.create_index(
        "uq_job_waiting",
        "job",
        ["kind", "subject"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "leave_book_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("book", sa.String(length=12), nullable=False),
        sa.Column("division_prefix", sa.String(length=12), nullable=False),
        sa.Column("as_of_date", sa.Date(), nullable=False),
        sa.Column("imported_utc", UTCDateTime(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave_book_import")),
    )
    op.create_index(
        op.f("ix_leave_book_import_division_prefix"), "leave_book_import", ["division_prefix"], unique=False
    )
    op.create_table(
        "log_leaf",
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at_utc", UTCDateTime(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_log_leaf")),
    )
    op.create_table(
        "log_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_log_node")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_number", sa.String(length=12), nullable=False),
        sa.Column("county_code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("name_key", sa.String(length=64), nullable=False),
        sa.Column("birth_month", sa.String(length=7), nullable=False),
        sa.Column("sending_unit", sa.String(length=120), nullable=False),
        sa.Column("unit_key", sa.String(length=120), nullable=False),
        sa.Column("created_utc", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint(
            "county_code",
            "name_key",
            "unit_key",
            "birth_month",
            name=op.f("uq_person_county_code_name_key_unit_key_birth_month"),
        ),
        sa.UniqueConstraint("person_number", name=op.f("uq_person_person_number")),
    )
    op.create_table(
        "photo_fact",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("readable", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("sealed_facts", sa.LargeBinary(), nullable=True),
        sa.Column("dhash64", sa.LargeBinary(), nullable=True),
        sa.Column("pdq256", sa.LargeBinary(), nullable=True),
        sa.Column("inspected_utc", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("visit_id", "sha256", name=op.f("pk_photo_fact")),
    )
    op.create_table(
        "presence_said",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("model_version", sa.String(length=20), nullable=False),
        sa.Column("input_sha256", sa.String(length=64), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("low95", sa.Double(), nullable=False),
        sa.Column("high95", sa.Double(), nullable=False),
        sa.Column("by_slot", sa.JSON(), nullable=False),
        sa.Column("lacking", sa.JSON(), nullable=False),
        sa.Column("as_of_utc", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_presence_said")),
    )
    op.create_index(op.f("ix_presence_said_posting_id"), "presence_said", ["posting_id"], unique=False)
    op.create_table(
        "visit_key",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visit_key")),
    )
    op.create_table(
        "area_boundary",
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shape", sa.LargeBinary(), nullable=False),
        sa.Column("west_deg", sa.Double(), nullable=False),
        sa.Column("south_deg", sa.Double(), nullable=False),
        sa.Column("east_deg", sa.Double(), nullable=False),
        sa.Column("north_deg", sa.Double(), nullable=False),
        sa.Column("quality", sa.String(length=10), nullable=False),
        sa.Column("boundary_error_m", sa.Double(), nullable=False),
        sa.Column("datum", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("licence", sa.String(length=200), nullable=False),
        sa.Column("recorded_utc", UTCDateTime(), nullable=False),
        sa.Column("superseded_utc", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["division_code"], ["division.code"], name=op.f("fk_area_boundary_division_code")),
        sa.PrimaryKeyConstraint("division_code", "version", name=op.f("pk_area_boundary")),
    )
    op.create_index(
        "uq_area_boundary_current",
        "area_boundary",
        ["division_code"],
        unique=True,
        sqlite_where=sa.text("superseded_utc IS NULL"),
        postgresql_where=sa.text("superseded_utc IS NULL"),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("draw_reference", sa.String(length=80), nullable=True),
        sa.Column("release_utc", UTCDateTime(), nullable=False),
        sa.Column("expires_utc", UTCDateTime(), nullable=False),
        sa.Column("assigned_by", sa.Uuid(), nullable=False),
        sa.Column("assigned_utc", UTCDateTime(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.CheckConstraint("release_utc < expires_utc", name=op.f("ck_assignment_window")),
        sa.ForeignKeyConstraint(["assigned_by"], ["account.id"], name=op.f("fk_assignment_assigned_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint("visit_id", name=op.f("uq_assignment_visit_id")),
    )
    op.create_index(op.f("ix_assignment_assigned_utc"), "assignment", ["assigned_utc"], unique=False)
    op.create_index(op.f("ix_assignment_village_code"), "assignment", ["village_code"], unique=False)
    op.create_table(
        "device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("public_key_jwk", sa.JSON(), nullable=False),
        sa.Column("registered_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_device_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
    )
    op.create_index(op.f("ix_device_account_id"), "device", ["account_id"], unique=False)
    op.create_table(
        "kept_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=False),
        sa.Column("received_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_kept_delivery_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_delivery")),
        sa.UniqueConstraint("account_id", "sha256", name=op.f("uq_kept_delivery_account_id_sha256")),
    )
    op.create_index(op.f("ix_kept_delivery_visit_id"), "kept_delivery", ["visit_id"], unique=False)
    op.create_table(
        "leave",
        sa.Column("leave_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("book", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("from_half", sa.String(length=2), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.Column("to_half", sa.String(length=2), nullable=False),
        sa.Column("approved_level", sa.String(length=12), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("approved_utc", UTCDateTime(), nullable=True),
        sa.Column("extended_to", sa.Date(), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("recorded_late_on", sa.Date(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_utc", UTCDateTime(), nullable=False),
        sa.Column("superseded_utc", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["leave_book_import.id"], name=op.f("fk_leave_import_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_leave_person_id")),
        sa.PrimaryKeyConstraint("leave_id", "version", name=op.f("pk_leave")),
    )
    op.create_index(op.f("ix_leave_person_id"), "leave", ["person_id"], unique=False)
    op.create_index(
        "uq_leave_current",
        "leave",
        ["leave_id"],
        unique=True,
        sqlite_where=sa.text("superseded_utc IS NULL"),
        postgresql_where=sa.text("superseded_utc IS NULL"),
    )
    op.create_table(
        "posting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_posting_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
    )
    op.create_index(op.f("ix_posting_person_id"), "posting", ["person_id"], unique=False)
    op.create_table(
        "received_record",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("photo_sha256", sa.String(length=64), nullable=True),
        sa.Column("photo_size_bytes", sa.Integer(), nullable=True),
        sa.Column("of_record", sa.Uuid(), nullable=True),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.String(length=200), nullable=True),
        sa.Column("signature_state", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("received_utc", UTCDateTime(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.CheckConstraint("outcome IN ('accepted', 'conflict', 'refused')", name=op.f("ck_received_record_outcome")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_received_record_account_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_received_record")),
        sa.UniqueConstraint("visit_id", "sha256", name=op.f("uq_received_record_visit_id_sha256")),
    )
    op.create_index(op.f("ix_received_record_photo_sha256"), "received_record", ["photo_sha256"], unique=False)
    op.create_index(op.f("ix_received_record_record_id"), "received_record", ["record_id"], unique=False)
    op.create_index(op.f("ix_received_record_visit_id"), "received_record", ["visit_id"], unique=False)
    op.create_index(
        "uq_received_record_accepted",
        "received_record",
        ["record_id"],
        unique=True,
        sqlite_where=sa.text("outcome = 'accepted'"),
        postgresql_where=sa.text("outcome = 'accepted'"),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("lon_deg", sa.Double(), nullable=False),
        sa.Column("lat_deg", sa.Double(), nullable=False),
        sa.Column("radius_m", sa.Double(), nullable=False),
        sa.Column("shape", sa.LargeBinary(), nullable=False),
        sa.Column("west_deg", sa.Double(), nullable=False),
        sa.Column("south_deg", sa.Double(), nullable=False),
        sa.Column("east_deg", sa.Double(), nullable=False),
        sa.Column("north_deg", sa.Double(), nullable=False),
        sa.Column("quality", sa.String(length=10), nullable=False),
        sa.Column("datum", sa.String(length=10), nullable=False),
        sa.Column("raw_lon_deg", sa.Double(), nullable=False),
        sa.Column("raw_lat_deg", sa.Double(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("recorded_utc", UTCDateTime(), nullable=False),
        sa.Column("superseded_utc", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["village_code"], ["division.code"], name=op.f("fk_site_village_code")),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_site")),
    )
    op.create_index("ix_site_box", "site", ["west_deg", "east_deg", "south_deg", "north_deg"], unique=False)
    op.create_index(op.f("ix_site_village_code"), "site", ["village_code"], unique=False)
    op.create_index(
        "uq_site_current",
        "site",
        ["id"],
        unique=True,
        sqlite_where=sa.text("superseded_utc IS NULL"),
        postgresql_where=sa.text("superseded_utc IS NULL"),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("begun_utc", UTCDateTime(), nullable=False),
        sa.Column("completed_utc", UTCDateTime(), nullable=True),
        sa.Column("mismatches", sa.Integer(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_upload_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("account_id", "visit_id", "sha256", name=op.f("uq_upload_account_id_visit_id_sha256")),
    )
    op.create_index(op.f("ix_upload_sha256"), "upload", ["sha256"], unique=False)
    op.create_index(op.f("ix_upload_visit_id"), "upload", ["visit_id"], unique=False)
    op.create_table(
        "village_facts",
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("former_name", sa.String(length=80), nullable=True),
        sa.Column("poor_village", sa.Boolean(), nullable=True),
        sa.Column("left_list_year", sa.Integer(), nullable=True),
        sa.Column("programme_round", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["village_code"], ["division.code"], name=op.f("fk_village_facts_village_code")),
        sa.PrimaryKeyConstraint("village_code", name=op.f("pk_village_facts")),
    )
    op.create_index(op.f("ix_village_facts_programme_round"), "village_facts", ["programme_round"], unique=False)
    op.create_table(
        "assignment_member",
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_assignment_member_account_id")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_assignment_member_assignment_id")),
        sa.PrimaryKeyConstraint("assignment_id", "account_id", name=op.f("pk_assignment_member")),
    )
    op.create_index(op.f("ix_assignment_member_account_id"), "assignment_member", ["account_id"], unique=False)
    op.create_table(
        "opening",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("asked_utc", UTCDateTime(), nullable=False),
        sa.Column("device_utc", UTCDateTime(), nullable=True),
        sa.Column("nonce", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_opening_account_id")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_opening_assignment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
    )
    op.create_index(op.f("ix_opening_assignment_id"), "opening", ["assignment_id"], unique=False)
    op.create_table(
        "posting_version",
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("round", sa.String(length=40), nullable=True),
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("sending_unit", sa.String(length=120), nullable=False),
        sa.Column("must_live_in", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("recorded_utc", UTCDateTime(), nullable=False),
        sa.Column("superseded_utc", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["posting_id"], ["posting.id"], name=op.f("fk_posting_version_posting_id")),
        sa.ForeignKeyConstraint(["village_code"], ["division.code"], name=op.f("fk_posting_version_village_code")),
        sa.PrimaryKeyConstraint("posting_id", "version", name=op.f("pk_posting_version")),
    )
    op.create_index("ix_posting_version_village_code", "posting_version", ["village_code", "posting_id"], unique=False)
    op.create_index(
        "uq_posting_version_current",
        "posting_version",
        ["posting_id"],
        unique=True,
        sqlite_where=sa.text("superseded_utc IS NULL"),
        postgresql_where=sa.text("superseded_utc IS NULL"),
    )
    op.create_table(
        "session_token",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("issued_utc", UTCDateTime(), nullable=False),
        sa.Column("expires_utc", UTCDateTime(), nullable=False),
        sa.Column("revoked_utc", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_token_account_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_session_token_device_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_session_token")),
    )
    op.create_index(op.f("ix_session_token_account_id"), "session_token", ["account_id"], unique=False)
    op.create_table(
        "visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("began_utc", UTCDateTime(), nullable=False),
        sa.Column("closed_utc", UTCDateTime(), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("slot", sa.String(length=10), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("escorted", sa.Boolean(), nullable=True),
        sa.Column("warned_beforehand", sa.Boolean(), nullable=True),
        sa.Column("inspectors", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("whereabouts", sa.String(length=12), nullable=False),
        sa.Column("judged_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_visit_assignment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index(op.f("ix_visit_began_utc"), "visit", ["began_utc"], unique=False)
    op.create_index(op.f("ix_visit_village_code"), "visit", ["village_code"], unique=False)
    op.create_table(
        "fix_judgement",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("extent_version", sa.String(length=80), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.String(length=12), nullable=False),
        sa.Column("probability_inside", sa.Double(), nullable=True),
        sa.Column("signed_distance_m", sa.Double(), nullable=True),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("datum", sa.String(length=10), nullable=False),
        sa.Column("datum_how", sa.String(length=20), nullable=False),
        sa.Column("extent_basis", sa.String(length=10), nullable=False),
        sa.Column("judged_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_fix_judgement_visit_id")),
        sa.PrimaryKeyConstraint("record_id", "ordinal", "extent_version", name=op.f("pk_fix_judgement")),
    )
    op.create_index(op.f("ix_fix_judgement_visit_id"), "fix_judgement", ["visit_id"], unique=False)
    op.create_table(
        "hint",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("strength", sa.String(length=10), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("raised_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_hint_visit_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_hint")),
        sa.UniqueConstraint("visit_id", "code", "about", name=op.f("uq_hint_visit_id_code_about")),
    )
    op.create_index(op.f("ix_hint_visit_id"), "hint", ["visit_id"], unique=False)
    op.create_table(
        "problem",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("county_code", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("item", sa.Integer(), nullable=True),
        sa.Column("items_version", sa.String(length=40), nullable=False),
        sa.Column("other_reason", sa.String(length=500), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("clue", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("place_note", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("found_utc", UTCDateTime(), nullable=False),
        sa.Column("found_by", sa.Uuid(), nullable=False),
        sa.Column("entered_utc", UTCDateTime(), nullable=False),
        sa.Column("withdrawn_utc", UTCDateTime(), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=2000), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("item IS NOT NULL OR other_reason <> ''", name=op.f("ck_problem_item_or_reason")),
        sa.CheckConstraint("state IN ('found', 'fixed_on_spot', 'withdrawn')", name=op.f("ck_problem_state")),
        sa.ForeignKeyConstraint(["found_by"], ["account.id"], name=op.f("fk_problem_found_by")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_problem_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem")),
        sa.UniqueConstraint("county_code", "year", "number", name=op.f("uq_problem_county_code_year_number")),
    )
    op.create_index(op.f("ix_problem_village_code"), "problem", ["village_code"], unique=False)
    op.create_index(op.f("ix_problem_visit_id"), "problem", ["visit_id"], unique=False)
    op.create_table(
        "sighting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("village_code", sa.String(length=12), nullable=False),
        sa.Column("at_utc", UTCDateTime(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("slot", sa.String(length=10), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_sighting_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
        sa.UniqueConstraint("visit_id", "posting_id", name=op.f("uq_sighting_visit_id_posting_id")),
    )
    op.create_index(op.f("ix_sighting_posting_id"), "sighting", ["posting_id"], unique=False)
    op.create_index(op.f("ix_sighting_village_code"), "sighting", ["village_code"], unique=False)
    op.create_index(op.f("ix_sighting_visit_id"), "sighting", ["visit_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sighting_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("on_word", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("based_on", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_utc", UTCDateTime(), nullable=False),
        sa.Column("second_by", sa.Uuid(), nullable=True),
        sa.Column("second_utc", UTCDateTime(), nullable=True),
        sa.Column("second_reason", sa.String(length=2000), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('proposed', 'standing', 'declined')", name=op.f("ck_decision_state")),
        sa.CheckConstraint("second_by IS NULL OR second_by <> proposed_by", name=op.f("ck_decision_two_persons")),
        sa.ForeignKeyConstraint(["proposed_by"], ["account.id"], name=op.f("fk_decision_proposed_by")),
        sa.ForeignKeyConstraint(["second_by"], ["account.id"], name=op.f("fk_decision_second_by")),
        sa.ForeignKeyConstraint(["sighting_id"], ["sighting.id"], name=op.f("fk_decision_sighting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_sighting_id"), "decision", ["sighting_id"], unique=False)
    op.create_index(
        "uq_decision_open",
        "decision",
        ["sighting_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'declined'"),
        postgresql_where=sa.text("state <> 'declined'"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sighting_id", sa.Uuid(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("reply_until", sa.Date(), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["given_by"], ["account.id"], name=op.f("fk_notice_given_by")),
        sa.ForeignKeyConstraint(["sighting_id"], ["sighting.id"], name=op.f("fk_notice_sighting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_sighting_id"), "notice", ["sighting_id"], unique=False)
    op.create_table(
        "sighting_judgement",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sighting_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=12), nullable=False),
        sa.Column("met_by", sa.Integer(), nullable=False),
        sa.Column("villagers_asked", sa.Integer(), nullable=False),
        sa.Column("villagers_know", sa.Integer(), nullable=False),
        sa.Column("record_ids", sa.JSON(), nullable=False),
        sa.Column("leave_ids", sa.JSON(), nullable=False),
        sa.Column("books_asked", sa.JSON(), nullable=False),
        sa.Column("approved_late", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("known_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["sighting_id"], ["sighting.id"], name=op.f("fk_sighting_judgement_sighting_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_sighting_judgement")),
    )
    op.create_index(op.f("ix_sighting_judgement_sighting_id"), "sighting_judgement", ["sighting_id"], unique=False)
    op.create_table(
        "reply",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("registered_by", sa.Uuid(), nullable=False),
        sa.Column("registered_utc", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_reply_notice_id")),
        sa.ForeignKeyConstraint(["registered_by"], ["account.id"], name=op.f("fk_reply_registered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
    )
    op.create_index(op.f("ix_reply_notice_id"), "reply", ["notice_id"], unique=False)

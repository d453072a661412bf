"""Who somebody is: lock-outs, known browsers, second factors, invited phones, and from where something was done."""

import sqlalchemy as sa
from alembic import op

from visits.store.columns import UTCDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("passphrase_until_utc", UTCDateTime(), nullable=True))
    op.add_column("account", sa.Column("closed_utc", UTCDateTime(), nullable=True))
    for column in ("last_seen_utc", "revoked_utc"):
        op.add_column("device", sa.Column(column, UTCDateTime(), nullable=True))
    op.add_column("device", sa.Column("revoked_reason", sa.String(length=20), nullable=True))
    op.add_column("session_token", sa.Column("last_seen_utc", UTCDateTime(), nullable=True))
    op.add_column("session_token", sa.Column("stage", sa.String(length=10), server_default="full", nullable=False))
    op.add_column("audit", sa.Column("address", sa.String(length=45), nullable=True))
    op.add_column("audit", sa.Column("device_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_division_successor_code"), "division", ["successor_code"])
    _make_sign_in_tables()
    _make_factor_tables()
    _make_outside_tables()


def downgrade() -> None:
    raise NotImplementedError("records are never migrated backwards; restore a backup instead")


def _table(name: str, key: str, *columns: sa.Column[object], of_account: bool = True) -> None:
    """A table with its key and, unless said otherwise, an index on the account it belongs to."""
    own = [sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f(f"fk_{name}_account_id"))]
    op.create_table(name, *columns, *(own if of_account else []), sa.PrimaryKeyConstraint(key, name=op.f(f"pk_{name}")))
    if of_account and key != "account_id":
        op.create_index(op.f(f"ix_{name}_account_id"), name, ["account_id"])


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UTCDateTime(), nullable=nullable)


def _account() -> sa.Column[object]:
    return sa.Column("account_id", sa.Uuid(), nullable=False)


def _bytes(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _make_sign_in_tables() -> None:
    _table(
        "tries",
        "heading_sha256",
        _bytes("heading_sha256"),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("wrong", sa.Integer(), nullable=False),
        _at("began_utc"),
        _at("until_utc", nullable=True),
        of_account=False,
    )
    for column in ("account_id", "began_utc"):
        op.create_index(op.f(f"ix_tries_{column}"), "tries", [column])
    _table("known_browser", "token_sha256", _bytes("token_sha256"), _account(), _at("used_utc"))
    _table(
        "enrolment",
        "code_sha256",
        _bytes("code_sha256"),
        _account(),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        _at("made_utc"),
        _at("until_utc"),
        _at("used_utc", nullable=True),
    )


def _make_factor_tables() -> None:
    _table(
        "totp",
        "account_id",
        _account(),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_pending", sa.LargeBinary(), nullable=True),
        _at("confirmed_utc", nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
    )
    _table("recovery_code", "code_sha256", _bytes("code_sha256"), _account(), _at("used_utc", nullable=True))
    _table(
        "passkey",
        "credential_id",
        _bytes("credential_id"),
        _account(),
        _bytes("public_key"),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        _at("made_utc"),
        _at("used_utc", nullable=True),
    )
    _table(
        "challenge", "session_sha256", _bytes("session_sha256"), _bytes("challenge"), _at("until_utc"), of_account=False
    )


def _make_outside_tables() -> None:
    op.create_table(
        "outside_identity",
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        _account(),
        _at("linked_utc"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_outside_identity_account_id")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_outside_identity")),
    )
    op.create_index(op.f("ix_outside_identity_account_id"), "outside_identity", ["account_id"])
    _table("outside_flow", "state_sha256", _bytes("state_sha256"), _bytes("sealed"), _at("until_utc"), of_account=False)

"""Tables of tip-offs. Of whoever reported there is nothing here but a text that this server cannot open."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from visits.store import Base

CHANNELS = ("web", "phone", "letter", "call_in", "handed_over")
# What stands for the outcome once it was removed: the table asks for some word wherever an outcome is dated.
REMOVED = "removed by rule"


class IdentityKey(Base):
    """The public half of a discipline organ's key for reporters' identities; the private half never comes here."""

    __tablename__ = "identity_key"
    __table_args__ = (
        Index(
            "uq_identity_key_current",
            "division_prefix",
            unique=True,
            sqlite_where=text("retired_utc IS NULL"),
            postgresql_where=text("retired_utc IS NULL"),
        ),
    )

    kid: Mapped[str] = mapped_column(String(43), primary_key=True)
    division_prefix: Mapped[str] = mapped_column(String(12), primary_key=True)
    public_jwk: Mapped[dict[str, Any]]
    filed_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    filed_utc: Mapped[datetime]
    retired_utc: Mapped[datetime | None]


class TipOff(Base):
    """One report from the public: what it is about, never from whom. ``sealed_identity`` is empty once destroyed.

    After ``removed_utc`` there is neither text, outcome nor identity; that it came, and when, stays.
    """

    __tablename__ = "tip_off"
    __table_args__ = (
        CheckConstraint(f"channel IN {CHANNELS!r}", name="channel"),
        CheckConstraint("(outcome_utc IS NULL) = (outcome = '')", name="outcome_dated"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    division_code: Mapped[str] = mapped_column(String(12), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    received_on: Mapped[date]
    outside_number: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(4000))
    sealed_identity: Mapped[str] = mapped_column(String(60_000))
    identity_kid: Mapped[str | None] = mapped_column(String(43))
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    entered_utc: Mapped[datetime] = mapped_column(index=True)
    outcome: Mapped[str] = mapped_column(String(2000))
    outcome_utc: Mapped[datetime | None]
    identity_destroyed_utc: Mapped[datetime | None]
    removed_utc: Mapped[datetime | None]
    removed_after_days: Mapped[int | None]

"""Tables of draws."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from visits.store import Base


class Draw(Base):
    """One draw, from the commitment to the reveal. ``frame`` is the very text whose hash was committed to.

    The secret is sealed under the master key until the reveal; ``people`` says whom the labels of the frame mean.
    """

    __tablename__ = "draw"
    __table_args__ = (
        CheckConstraint("state IN ('committed', 'drawn', 'withdrawn', 'revealed')", name="state"),
        CheckConstraint("mixed_by IS NULL OR mixed_by <> committed_by", name="two_parties"),
        CheckConstraint("state <> 'withdrawn' OR withdrawn_reason <> ''", name="reason"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(String(6), index=True)
    plan_line_id: Mapped[UUID] = mapped_column(ForeignKey("plan_line.id"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    frame: Mapped[str] = mapped_column(Text)
    frame_sha256: Mapped[str] = mapped_column(String(64))
    secret_sha256: Mapped[str] = mapped_column(String(64))
    sealed_secret: Mapped[bytes]
    people: Mapped[dict[str, Any]]
    committed_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    committed_utc: Mapped[datetime] = mapped_column(index=True)
    commit_log_index: Mapped[int]
    nonce: Mapped[str | None] = mapped_column(String(200))
    nonce_source: Mapped[str] = mapped_column(String(200))
    mixed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    mixed_utc: Mapped[datetime | None]
    mix_log_index: Mapped[int | None]
    withdrawn_utc: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(String(300))
    redraw_of: Mapped[UUID | None] = mapped_column(ForeignKey("draw.id"), unique=True)
    revealed_utc: Mapped[datetime | None]
    reveal_log_index: Mapped[int | None]

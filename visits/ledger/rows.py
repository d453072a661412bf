"""Tables of the ledger."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from visits.store import Base


class Problem(Base):
    """One problem. Its identity is that of the record that named it; it can be withdrawn, never deleted (trigger).

    It says what its record says now; ``earlier`` holds what it said before each correction, the first wording first.
    """

    __tablename__ = "problem"
    __table_args__ = (
        UniqueConstraint("county_code", "year", "number"),
        CheckConstraint("state IN ('found', 'fixed_on_spot', 'withdrawn')", name="state"),
        CheckConstraint("item IS NOT NULL OR other_reason <> ''", name="item_or_reason"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(String(6))
    year: Mapped[int]
    number: Mapped[int]
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visit.id"), index=True)
    village_code: Mapped[str] = mapped_column(String(12), index=True)
    item: Mapped[int | None]
    items_version: Mapped[str] = mapped_column(String(40))
    other_reason: Mapped[str] = mapped_column(String(500))
    kind: Mapped[int]
    clue: Mapped[bool]
    text: Mapped[str] = mapped_column(String(4000))
    place_note: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(20))
    found_utc: Mapped[datetime]
    found_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    entered_utc: Mapped[datetime]
    withdrawn_utc: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(String(2000))
    version: Mapped[int]
    earlier: Mapped[list[dict[str, Any]]]

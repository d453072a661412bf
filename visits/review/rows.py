"""Tables of review. Nothing here is changed after it is said, except that a decision finds its second person."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from visits.store import Base


class Notice(Base):
    """That a person was told what a visit found (情况说明告知书), and until when a reply is waited for."""

    __tablename__ = "notice"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sighting_id: Mapped[UUID] = mapped_column(ForeignKey("sighting.id"), index=True)
    given_on: Mapped[date]
    how: Mapped[str] = mapped_column(String(20))
    reply_until: Mapped[date]
    given_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    recorded_utc: Mapped[datetime]


class Reply(Base):
    """What the person answered (情况说明). On paper it counts the same as by any other way."""

    __tablename__ = "reply"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id"), index=True)
    text: Mapped[str] = mapped_column(String(4000))
    received_on: Mapped[date]
    how: Mapped[str] = mapped_column(String(20))
    registered_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    registered_utc: Mapped[datetime]


class Decision(Base):
    """What reviewers decided of one sighting. An adverse one waits for a second person.

    To return it settles nothing: it asks the inspectors to look again, and another decision may follow.
    """

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("second_by IS NULL OR second_by <> proposed_by", name="two_persons"),
        CheckConstraint("state IN ('proposed', 'standing', 'declined')", name="state"),
        Index(
            "uq_decision_open",
            "sighting_id",
            unique=True,
            sqlite_where=text("state <> 'declined' AND outcome <> 'return'"),
            postgresql_where=text("state <> 'declined' AND outcome <> 'return'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sighting_id: Mapped[UUID] = mapped_column(ForeignKey("sighting.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(10))  # accept, return, reject
    on_word: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(2000))
    based_on: Mapped[list[str]]
    state: Mapped[str] = mapped_column(String(10))
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    proposed_utc: Mapped[datetime]
    second_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    second_utc: Mapped[datetime | None]
    second_reason: Mapped[str] = mapped_column(String(2000))
    version: Mapped[int]


class PresenceSaid(Base):
    """What the visits to one posting amounted to, as it was worked out at one time, from which input."""

    __tablename__ = "presence_said"

    number: Mapped[int] = mapped_column(primary_key=True)
    posting_id: Mapped[UUID] = mapped_column(index=True)
    model_version: Mapped[str] = mapped_column(String(20))
    input_sha256: Mapped[str] = mapped_column(String(64))
    visits: Mapped[int]
    found: Mapped[int]
    low95: Mapped[float]
    high95: Mapped[float]
    by_slot: Mapped[dict[str, Any]]
    lacking: Mapped[dict[str, Any]]
    as_of_utc: Mapped[datetime]

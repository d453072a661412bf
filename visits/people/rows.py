"""Tables of people: who is posted where, and both leave books, with every version that was ever known."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from visits.store import Base


class Person(Base):
    """One person of one county. Name, sending unit and month of birth together tell two people apart."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("county_code", "name_key", "unit_key", "birth_month"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_number: Mapped[str] = mapped_column(String(12), unique=True)
    county_code: Mapped[str] = mapped_column(String(6))
    name: Mapped[str] = mapped_column(String(64))
    name_key: Mapped[str] = mapped_column(String(64))
    birth_month: Mapped[str] = mapped_column(String(7))
    # As it stood when the person was first imported; where they are sent from now stands in the posting.
    sending_unit: Mapped[str] = mapped_column(String(120))
    unit_key: Mapped[str] = mapped_column(String(120))
    created_utc: Mapped[datetime]


class Posting(Base):
    """The lasting identity of a posting; what is known of it stands in its versions."""

    __tablename__ = "posting"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    created_utc: Mapped[datetime]


class PostingVersion(Base):
    """What was known of a posting between two instants. Only ``superseded_utc`` is ever written twice."""

    __tablename__ = "posting_version"
    __table_args__ = (
        Index(
            "uq_posting_version_current",
            "posting_id",
            unique=True,
            sqlite_where=text("superseded_utc IS NULL"),
            postgresql_where=text("superseded_utc IS NULL"),
        ),
        Index("ix_posting_version_village_code", "village_code", "posting_id"),
    )

    posting_id: Mapped[UUID] = mapped_column(ForeignKey("posting.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    round: Mapped[str | None] = mapped_column(String(40))
    village_code: Mapped[str] = mapped_column(String(12), ForeignKey("division.code"))
    from_date: Mapped[date]
    to_date: Mapped[date | None]
    left_on: Mapped[date | None]
    sending_unit: Mapped[str] = mapped_column(String(120))
    must_live_in: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10))
    recorded_utc: Mapped[datetime]
    superseded_utc: Mapped[datetime | None]


class LeaveBookImport(Base):
    """One reading of one leave book for one division, complete to ``as_of_date``: the book has been asked till then."""

    __tablename__ = "leave_book_import"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    book: Mapped[str] = mapped_column(String(12))
    division_prefix: Mapped[str] = mapped_column(String(12), index=True)
    as_of_date: Mapped[date]
    imported_utc: Mapped[datetime]
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    row_count: Mapped[int]


class Leave(Base):
    """What was known of one leave between two instants. Only ``superseded_utc`` is ever written twice."""

    __tablename__ = "leave"
    __table_args__ = (
        Index(
            "uq_leave_current",
            "leave_id",
            unique=True,
            sqlite_where=text("superseded_utc IS NULL"),
            postgresql_where=text("superseded_utc IS NULL"),
        ),
    )

    leave_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    book: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(10))
    from_date: Mapped[date]
    from_half: Mapped[str] = mapped_column(String(2))
    to_date: Mapped[date]
    to_half: Mapped[str] = mapped_column(String(2))
    approved_level: Mapped[str | None] = mapped_column(String(12))
    approved_on: Mapped[date | None]
    # Books mostly say the day only; where they say the hour it is kept.
    approved_utc: Mapped[datetime | None]
    extended_to: Mapped[date | None]
    returned_on: Mapped[date | None]
    recorded_late_on: Mapped[date | None]
    import_id: Mapped[UUID] = mapped_column(ForeignKey("leave_book_import.id"))
    recorded_utc: Mapped[datetime]
    superseded_utc: Mapped[datetime | None]


class DeclaredDay(Base):
    """A day that a place declared to be worked or free, against the calendar; the newest word on a day holds."""

    __tablename__ = "declared_day"

    number: Mapped[int] = mapped_column(primary_key=True)
    division_prefix: Mapped[str] = mapped_column(String(12), index=True)
    day: Mapped[date]
    works: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(200))
    recorded_utc: Mapped[datetime]


class Talk(Base):
    """That a talk (谈心谈话) took place: when, between whom, of which kind. What was said is nobody's business here."""

    __tablename__ = "talk"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    talked_on: Mapped[date]
    with_whom: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    recorded_utc: Mapped[datetime]


class MajorMatter(Base):
    """That a major matter was reported (重大事项报告): when, of which category, to whom."""

    __tablename__ = "major_matter"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    reported_on: Mapped[date]
    category: Mapped[str] = mapped_column(String(20))
    to_whom: Mapped[str] = mapped_column(String(120))
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    recorded_utc: Mapped[datetime]

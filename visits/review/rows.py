"""Tables of review. Nothing here is changed after it is said, except that a decision finds its second person."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
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


class PresenceStandard(Base):
    """What one place asks of one kind of posting (of all kinds, when none is named) over some years; never changed.

    The newest one that holds on a day is taken from the longest prefix, one that names the kind before one that does
    not. ``source`` names the paper it stands in.
    """

    __tablename__ = "presence_standard"

    number: Mapped[int] = mapped_column(primary_key=True)
    division_prefix: Mapped[str] = mapped_column(String(12), index=True)
    kind: Mapped[str | None] = mapped_column(String(20))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    name: Mapped[str] = mapped_column(String(80))
    rate: Mapped[float]
    least_visits: Mapped[int]
    least_slots: Mapped[int]
    least_inspectors: Mapped[int]
    least_months: Mapped[int]
    least_of_each_kind: Mapped[int]
    compares_nights: Mapped[bool]
    source: Mapped[str] = mapped_column(String(200))
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    recorded_utc: Mapped[datetime]


class PresenceRun(Base):
    """One fit of one county: of visits up to a day, as known at an instant, by which model, from which input.

    ``on_calendar`` where it was made for a day of the review calendar: only those may refer anybody, since looking
    again every week would refer somebody by chance in the end. ``population`` holds what leaders are told, no names.
    """

    __tablename__ = "presence_run"

    number: Mapped[int] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(String(6), index=True)
    as_of: Mapped[date]
    known_utc: Mapped[datetime]
    on_calendar: Mapped[bool]
    model_version: Mapped[str] = mapped_column(String(20))
    input_sha256: Mapped[str] = mapped_column(String(64))
    postings: Mapped[int]
    sightings: Mapped[int]
    population: Mapped[dict[str, Any]]
    made_utc: Mapped[datetime]


class PresenceFinding(Base):
    """What one run says of one posting, on what, and by which standard."""

    __tablename__ = "presence_finding"

    run_number: Mapped[int] = mapped_column(ForeignKey("presence_run.number"), primary_key=True, autoincrement=False)
    posting_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    village_code: Mapped[str] = mapped_column(String(12))
    says: Mapped[str] = mapped_column(String(12))
    about: Mapped[str] = mapped_column(String(10))
    visits: Mapped[int]
    found: Mapped[int]
    days: Mapped[int]
    days_found: Mapped[int]
    nights: Mapped[int]
    nights_found: Mapped[int]
    directed: Mapped[int]
    not_counted: Mapped[int]
    mean: Mapped[float | None]
    low80: Mapped[float | None]
    high80: Mapped[float | None]
    posterior: Mapped[float | None]
    lacking: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(String(300))
    standard_name: Mapped[str] = mapped_column(String(80))
    rate: Mapped[float]


class Referral(Base):
    """That a run asks people to look at one posting (提请核实). It ends with what they made of it, in their words."""

    __tablename__ = "referral"
    __table_args__ = (
        Index(
            "uq_referral_open",
            "posting_id",
            unique=True,
            sqlite_where=text("closed_utc IS NULL"),
            postgresql_where=text("closed_utc IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    posting_id: Mapped[UUID]
    run_number: Mapped[int] = mapped_column(ForeignKey("presence_run.number"))
    village_code: Mapped[str] = mapped_column(String(12), index=True)
    about: Mapped[str] = mapped_column(String(10))
    opened_utc: Mapped[datetime]
    closed_utc: Mapped[datetime | None]
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    closed_reason: Mapped[str] = mapped_column(String(2000), default="")


class ReplyLink(Base):
    """A way to answer one notice once, without an account. The code travels apart; only hashes are kept."""

    __tablename__ = "reply_link"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    code_sha256: Mapped[str] = mapped_column(String(64))
    expires_utc: Mapped[datetime]
    failures: Mapped[int]
    used_utc: Mapped[datetime | None]
    made_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    made_utc: Mapped[datetime]


class Appeal(Base):
    """That the person asked for an adverse decision to be looked at again (申诉), and what a third person said."""

    __tablename__ = "appeal"
    __table_args__ = (CheckConstraint("outcome IN ('', 'kept', 'set_aside')", name="outcome"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decision.id"), index=True)
    text: Mapped[str] = mapped_column(String(4000))
    received_on: Mapped[date]
    how: Mapped[str] = mapped_column(String(20))
    registered_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    registered_utc: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(10))
    answer: Mapped[str] = mapped_column(String(4000))
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    answered_utc: Mapped[datetime | None]


class BreachHandOver(Base):
    """An adverse decision handed to one of its two addressees; 已沟通 comes before 已处理, in the database too."""

    __tablename__ = "breach_hand_over"
    __table_args__ = (
        UniqueConstraint("decision_id", "addressee"),
        CheckConstraint("addressee IN ('township', 'sending_unit')", name="addressee"),
        CheckConstraint(
            "handled_on IS NULL OR (consulted_on IS NOT NULL AND consulted_on <= handled_on)", name="consulted_first"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decision.id"))
    addressee: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    sent_on: Mapped[date]
    consulted_on: Mapped[date | None]
    consulted_note: Mapped[str] = mapped_column(String(1000))
    handled_on: Mapped[date | None]
    handled_note: Mapped[str] = mapped_column(String(1000))
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    recorded_utc: Mapped[datetime]


class CorrectionRequest(Base):
    """That a person asked for something held about them to be corrected, and what came of it. Never deleted."""

    __tablename__ = "correction_request"
    __table_args__ = (CheckConstraint("outcome IN ('', 'corrected', 'refused')", name="outcome"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    posting_id: Mapped[UUID] = mapped_column(index=True)
    village_code: Mapped[str] = mapped_column(String(12))
    asked_on: Mapped[date]
    what: Mapped[str] = mapped_column(String(2000))
    registered_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    registered_utc: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(10))
    answer: Mapped[str] = mapped_column(String(2000))
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    answered_utc: Mapped[datetime | None]

"""Tables of plans."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from visits.store import Base

BILLION = 10**9
"""Probabilities of a draw are whole numbers of billionths, here and in the draw itself: nothing is rounded twice."""


class Assignment(Base):
    """One sealed visit for one team. The visit's identity is made here, so that two phones agree on it offline."""

    __tablename__ = "assignment"
    __table_args__ = (CheckConstraint("release_utc < expires_utc", name="window"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(unique=True)
    village_code: Mapped[str] = mapped_column(String(12), index=True)
    announced: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(200))
    draw_reference: Mapped[str | None] = mapped_column(String(80))
    case_study: Mapped[bool]
    question_set: Mapped[str | None] = mapped_column(String(60))  # fixed here, so that no round changes midway
    release_utc: Mapped[datetime]
    expires_utc: Mapped[datetime]
    assigned_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    assigned_utc: Mapped[datetime] = mapped_column(index=True)
    log_index: Mapped[int]
    plan_line_id: Mapped[UUID | None] = mapped_column(index=True)
    # What the draw says of it; all empty where a person chose the village. The probability is in billionths.
    draw_id: Mapped[UUID | None] = mapped_column(index=True)
    drawn_slot: Mapped[str | None] = mapped_column(String(10))
    inclusion_billionths: Mapped[int | None]
    slot_billionths: Mapped[int | None]
    withdrawn_utc: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(String(300))
    # Which households are asked follows from it, in the same order for whoever looks.
    household_seed: Mapped[str | None] = mapped_column(String(64))


class AssignmentMember(Base):
    """One inspector of a team."""

    __tablename__ = "assignment_member"

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True, index=True)


class BlindDouble(Base):
    """That an assignment sends a second team after a first one. Neither team is told: no assignment says it."""

    __tablename__ = "blind_double"

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    first_assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), unique=True)
    ordered_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    ordered_utc: Mapped[datetime]


class AssignmentCode(Base):
    """The code that opens an assignment's packages, sealed under the master key."""

    __tablename__ = "assignment_code"

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    sealed_code: Mapped[bytes]


class PackageIssue(Base):
    """Each download of a sealed package: the nonce the phone was given, and both clocks at that moment."""

    __tablename__ = "package_issue"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[UUID | None]
    nonce: Mapped[str] = mapped_column(String(64))
    issued_utc: Mapped[datetime]
    device_utc: Mapped[datetime | None]


class Opening(Base):
    """Each request to open, granted or refused, and each opening by key of which a phone told afterwards.

    An ``online`` one is asked of the server and gives the phone its nonce. One by ``key`` happened on the phone: its
    id is that of the record that tells of it, and ``asked_utc`` is the phone's time with its clock set right.
    """

    __tablename__ = "opening"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[UUID | None]
    granted: Mapped[bool]
    asked_utc: Mapped[datetime]
    device_utc: Mapped[datetime | None]
    nonce: Mapped[str | None] = mapped_column(String(64))
    how: Mapped[str] = mapped_column(String(10), default="online")


class Plan(Base):
    """A county's plan of one year's checks. Its lines are added and withdrawn, never changed."""

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("county_code", "year"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(String(6))
    year: Mapped[int]
    most_checks_per_village: Mapped[int]
    version: Mapped[int]
    made_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    made_utc: Mapped[datetime]


class PlanLine(Base):
    """One planned check: one of the three fixed ones, the surprise visits, or another that a named person approved.

    ``quotas`` are the most checks under this line for each town, by its code; a town that is not named has no quota.
    """

    __tablename__ = "plan_line"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('mid_year', 'annual_appraisal', 'fund_performance', 'unannounced', 'other')", name="kind"
        ),
        CheckConstraint("from_date <= to_date", name="period"),
        CheckConstraint("kind <> 'other' OR approver_name <> ''", name="approver"),
        CheckConstraint(
            "third_party = '' OR (approval_number <> '' AND approval_ends_on IS NOT NULL)", name="third_party"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(120))
    from_date: Mapped[date]
    to_date: Mapped[date]
    quotas: Mapped[dict[str, Any]]
    approver_name: Mapped[str] = mapped_column(String(64))
    paper_number: Mapped[str] = mapped_column(String(80))
    third_party: Mapped[str] = mapped_column(String(120))
    approval_number: Mapped[str] = mapped_column(String(80))
    approval_ends_on: Mapped[date | None]
    added_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    added_utc: Mapped[datetime]
    withdrawn_utc: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(String(300))


class OutsideCheck(Base):
    """A check that a village received and that was not made with this system: it counts towards its cap."""

    __tablename__ = "outside_check"
    __table_args__ = (UniqueConstraint("plan_line_id", "village_code", "held_on"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_line_id: Mapped[UUID] = mapped_column(ForeignKey("plan_line.id"), index=True)
    village_code: Mapped[str] = mapped_column(String(12), index=True)
    held_on: Mapped[date]
    registered_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    registered_utc: Mapped[datetime]


class Recusal(Base):
    """That an inspector keeps away from a village or town. Whose kin it is, is not written down."""

    __tablename__ = "recusal"
    __table_args__ = (CheckConstraint("kind IN ('own_town', 'kin', 'other')", name="kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    division_code: Mapped[str] = mapped_column(String(12))
    declared_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    declared_utc: Mapped[datetime]
    ended_utc: Mapped[datetime | None]

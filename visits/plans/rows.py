"""Tables of plans."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from visits.store import Base


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


class AssignmentMember(Base):
    """One inspector of a team."""

    __tablename__ = "assignment_member"

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True, index=True)


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

"""Tables of intake. Texts are sealed under the visit's key, since they hold positions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from visits.store import Base


class VisitKey(Base):
    """The data key of one visit, wrapped by the installation's master key; without it the texts cannot be read.

    What somebody sends for a visit that does not exist is sealed under a key of the account's own, kept here under the
    account's id: naming visits must not make keys.
    """

    __tablename__ = "visit_key"

    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    wrapped_key: Mapped[bytes]


class RemovedVisit(Base):
    """That a visit's key, and with it all its texts, was removed by rule; written once, with the log entry of it."""

    __tablename__ = "removed_visit"

    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(120))
    ordered_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    removed_utc: Mapped[datetime]
    log_index: Mapped[int]


class VisitBlur(Base):
    """That a visit's positions were blurred by rule, with the log entry of it; what came later is blurred anew."""

    __tablename__ = "visit_blur"

    log_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    visit_id: Mapped[UUID] = mapped_column(index=True)
    days: Mapped[int]
    blurred_utc: Mapped[datetime]


class BlurredRecord(Base):
    """What is left of a record once its visit was blurred: a copy without positions, under the visit's newer key.

    Where ``sha256`` is the record's own there was no position in it, and this is the very text that was signed.
    """

    __tablename__ = "blurred_record"

    number: Mapped[int] = mapped_column(ForeignKey("received_record.number"), primary_key=True, autoincrement=False)
    visit_id: Mapped[UUID] = mapped_column(index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    sealed_text: Mapped[bytes]


class ReceivedRecord(Base):
    """One record as a phone sent it, with what became of it. Never changed, never dropped."""

    __tablename__ = "received_record"
    __table_args__ = (
        UniqueConstraint("visit_id", "sha256"),
        Index(
            "uq_received_record_accepted",
            "record_id",
            unique=True,
            sqlite_where=text("outcome = 'accepted'"),
            postgresql_where=text("outcome = 'accepted'"),
        ),
        CheckConstraint("outcome IN ('accepted', 'conflict', 'refused')", name="outcome"),
        # Which visits a phone arrived on is asked after each of its visits.
        Index("ix_received_record_device_id_kind", "device_id", "kind"),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[UUID | None] = mapped_column(index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    visit_id: Mapped[UUID] = mapped_column(index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(20))
    seq: Mapped[int | None]
    photo_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    photo_size_bytes: Mapped[int | None]
    of_record: Mapped[UUID | None]
    sealed_text: Mapped[bytes]
    signature: Mapped[str | None] = mapped_column(String(200))
    signature_state: Mapped[str] = mapped_column(String(10))  # good, bad, absent
    outcome: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(500))
    received_utc: Mapped[datetime]
    device_utc: Mapped[datetime | None]  # the phone's clock as it sent this
    log_index: Mapped[int]


class KeptDelivery(Base):
    """A body that could not be read as records, or came from somebody outside the team: kept for a person to see."""

    __tablename__ = "kept_delivery"
    __table_args__ = (UniqueConstraint("account_id", "sha256"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    visit_id: Mapped[UUID] = mapped_column(index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    sealed_body: Mapped[bytes]
    received_utc: Mapped[datetime]
    sealed_under: Mapped[UUID | None]  # whose key; None, from before there was a choice, is the visit's


class Upload(Base):
    """One photo on its way, or arrived. Keyed by owner and visit too, so that a hash tells nothing to others."""

    __tablename__ = "upload"
    __table_args__ = (
        # One that has ended keeps its row, and the same photo may begin anew beside it.
        Index(
            "uq_upload_open",
            "account_id",
            "visit_id",
            "sha256",
            unique=True,
            sqlite_where=text("ended_utc IS NULL"),
            postgresql_where=text("ended_utc IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    visit_id: Mapped[UUID] = mapped_column(index=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int]
    begun_utc: Mapped[datetime]
    completed_utc: Mapped[datetime | None]
    mismatches: Mapped[int]
    log_index: Mapped[int | None]
    metadata_text: Mapped[str | None] = mapped_column(String(1000))  # as the client sent it, to be told again
    ended_utc: Mapped[datetime | None]
    ended_how: Mapped[str | None] = mapped_column(String(10))  # terminated, expired, removed


class PhoneExport(Base):
    """One file of a phone's unsent work that was brought in by cable or stick, with the receipt that was given back.

    ``account_id`` and ``device_id`` are whose phone it is, None where that is not known. What could not be opened, or
    held more than could be taken, lies whole in the evidence store under ``sha256`` (``kept_whole``).
    """

    __tablename__ = "phone_export"
    __table_args__ = (CheckConstraint("outcome IN ('read', 'unreadable')", name="outcome"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    imported_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    imported_utc: Mapped[datetime] = mapped_column(index=True)
    division_code: Mapped[str] = mapped_column(String(12))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[UUID | None]
    outcome: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(500))
    kept_whole: Mapped[bool]
    receipt: Mapped[dict[str, Any] | None]

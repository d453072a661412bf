"""Tables of access."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from visits.store import Base


class Account(Base):
    """One person who works with the system. Ended, never deleted: what they did stays theirs."""

    __tablename__ = "account"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(20))
    division_prefix: Mapped[str] = mapped_column(String(12))
    unit: Mapped[str | None] = mapped_column(String(120))
    passphrase_hash: Mapped[str] = mapped_column(String(200))
    approval_number: Mapped[str | None] = mapped_column(String(80))
    ends_on: Mapped[date | None]
    created_utc: Mapped[datetime]


class Device(Base):
    """A phone that signs: the public half of a P-256 key whose private half never leaves it."""

    __tablename__ = "device"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    label: Mapped[str] = mapped_column(String(120))
    public_key_jwk: Mapped[dict[str, Any]]
    registered_utc: Mapped[datetime]


class SessionToken(Base):
    """A sign-in. The token itself is never stored, only its SHA-256."""

    __tablename__ = "session_token"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("device.id"))
    issued_utc: Mapped[datetime]
    expires_utc: Mapped[datetime]
    revoked_utc: Mapped[datetime | None]


class Audit(Base):
    """One line of the audit chain: each carries the hash of the one before, and none can be changed (by trigger)."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at_utc: Mapped[datetime]
    account_id: Mapped[UUID | None]
    act: Mapped[str] = mapped_column(String(40), index=True)
    about: Mapped[str] = mapped_column(String(120), index=True)
    division_code: Mapped[str] = mapped_column(String(12))
    result: Mapped[str] = mapped_column(String(20))
    detail: Mapped[dict[str, Any]]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]

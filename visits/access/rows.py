"""Tables of access."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String
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
    # A passphrase that was drawn and that nobody has used yet opens nothing after this.
    passphrase_until_utc: Mapped[datetime | None]
    closed_utc: Mapped[datetime | None]


class Device(Base):
    """A phone that signs: the public half of a P-256 key whose private half never leaves it."""

    __tablename__ = "device"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    label: Mapped[str] = mapped_column(String(120))
    public_key_jwk: Mapped[dict[str, Any]]
    registered_utc: Mapped[datetime]
    last_seen_utc: Mapped[datetime | None]
    revoked_utc: Mapped[datetime | None]
    revoked_reason: Mapped[str | None] = mapped_column(String(20))


class SessionToken(Base):
    """A sign-in. The token itself is never stored, only its SHA-256."""

    __tablename__ = "session_token"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("device.id"))
    issued_utc: Mapped[datetime]
    expires_utc: Mapped[datetime]
    revoked_utc: Mapped[datetime | None]
    last_seen_utc: Mapped[datetime | None]
    # "full", or what is still owed before anything else may be done: see ``Stage``.
    stage: Mapped[str] = mapped_column(String(10), server_default="full")


class Tries(Base):
    """Wrong sign-ins of late under one heading (an address, a login from there, a browser that is known)."""

    __tablename__ = "tries"

    # The SHA-256 of the heading: what was typed as a login may be somebody's passphrase.
    heading_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(index=True)
    wrong: Mapped[int]
    began_utc: Mapped[datetime] = mapped_column(index=True)
    until_utc: Mapped[datetime | None]


class KnownBrowser(Base):
    """A browser in which an account has signed in before: a stranger's wrong guesses do not shut it out."""

    __tablename__ = "known_browser"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    used_utc: Mapped[datetime]


class Totp(Base):
    """The secret an authenticator app shares with the server, sealed under the master key."""

    __tablename__ = "totp"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    # The one in use, and one that waits for its first code: a new app replaces the old one only when it works.
    sealed_secret: Mapped[bytes | None]
    sealed_pending: Mapped[bytes | None]
    confirmed_utc: Mapped[datetime | None]
    # The newest step of 30 s a code was taken for: none is taken twice.
    last_step: Mapped[int] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """A code for the day the authenticator is lost; it works once. Eighty random bits, so a plain hash will do."""

    __tablename__ = "recovery_code"

    code_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    used_utc: Mapped[datetime | None]


class Passkey(Base):
    """A key pair in somebody's device or security key; only its public half is here."""

    __tablename__ = "passkey"

    credential_id: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    label: Mapped[str] = mapped_column(String(60))
    made_utc: Mapped[datetime]
    used_utc: Mapped[datetime | None]


class Challenge(Base):
    """What a passkey has to sign next in one sign-in; taken once."""

    __tablename__ = "challenge"

    session_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    challenge: Mapped[bytes]
    until_utc: Mapped[datetime]


class Enrolment(Base):
    """A square code that lets one new phone in, once and for some minutes."""

    __tablename__ = "enrolment"

    code_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    made_by: Mapped[UUID]
    made_utc: Mapped[datetime]
    until_utc: Mapped[datetime]
    used_utc: Mapped[datetime | None]


class OutsideIdentity(Base):
    """Who an account is at a provider of OpenID Connect."""

    __tablename__ = "outside_identity"

    issuer: Mapped[str] = mapped_column(String(200), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    linked_utc: Mapped[datetime]


class OutsideFlow(Base):
    """A sign-in that is away at the provider; its answer is taken once, in the browser it began in."""

    __tablename__ = "outside_flow"

    state_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    until_utc: Mapped[datetime]


class Audit(Base):
    """One line of the audit chain: each carries the hash of the one before, and none can be changed (by trigger)."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at_utc: Mapped[datetime]
    account_id: Mapped[UUID | None] = mapped_column(index=True)
    act: Mapped[str] = mapped_column(String(40), index=True)
    about: Mapped[str] = mapped_column(String(120), index=True)
    division_code: Mapped[str] = mapped_column(String(12))
    result: Mapped[str] = mapped_column(String(20))
    detail: Mapped[dict[str, Any]]
    # From where: the caller's network address, and the phone. Both are missing for the command line and jobs.
    address: Mapped[str | None] = mapped_column(String(45))
    device_id: Mapped[UUID | None]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]

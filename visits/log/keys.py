"""The server's own key pairs: one in use for each purpose, the public halves of all times, private halves sealed.

Each pair is made at first need and enters the log with its public half, so that no key comes or goes unseen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from media.proof import ES256, DeviceKey, key_id, new_device_key, private_bytes, read_private, seal, sign_p256, unseal
from visits.log.errors import NoSuchKey
from visits.log.rows import ServerKey
from visits.log.verbs import append
from visits.store import UnitOfWork, lock_for_transaction


class Purpose(StrEnum):
    """What a pair is for; none serves two purposes."""

    CHECKPOINT = "checkpoint"
    RECEIPT = "receipt"
    PHONE_EXPORT = "phone_export"


# Curve P-256 throughout: the one that browsers down to Chromium 86 can check and agree keys on.
ALGORITHMS: Mapping[Purpose, str] = {
    Purpose.CHECKPOINT: ES256,
    Purpose.RECEIPT: ES256,
    Purpose.PHONE_EXPORT: "ECDH-P256",
}


@dataclass(frozen=True)
class PublicKey:
    """What anybody may know of a pair."""

    kid: str
    purpose: str
    algorithm: str
    public_jwk: dict[str, str]
    made_utc: datetime
    retired_utc: datetime | None


@dataclass(frozen=True)
class Signed:
    """A signature, and what is needed to check it."""

    kid: str
    algorithm: str
    signature: bytes


def current_key(uow: UnitOfWork, purpose: Purpose, *, at_utc: datetime) -> PublicKey:
    """The pair in use for a purpose, made when there is none yet; so it asks for a writing unit of work."""
    row = _current(uow, purpose)
    if row is None:
        # The lock of the log, and no other: making a pair appends to it, and two locks could wait for each other.
        lock_for_transaction(uow, "log")
        row = _current(uow, purpose) or _make(uow, purpose, at_utc)
    return _public(row)


def rotate_key(uow: UnitOfWork, purpose: Purpose, *, at_utc: datetime) -> PublicKey:
    """Retire the pair in use and return a new one; callers check who asks. The old one stays, to check with."""
    lock_for_transaction(uow, "log")
    old = _current(uow, purpose)
    if old is not None:
        old.retired_utc = at_utc
        uow.session.flush()
        append(uow, "server_key.retire", {"kid": old.kid, "purpose": purpose}, at_utc=at_utc)
    return _public(_make(uow, purpose, at_utc))


def public_keys(uow: UnitOfWork, purpose: Purpose | None = None) -> list[PublicKey]:
    """The public halves of all times, oldest first."""
    query = select(ServerKey).order_by(ServerKey.made_utc, ServerKey.kid)
    if purpose is not None:
        query = query.where(ServerKey.purpose == purpose)
    return [_public(row) for row in uow.session.scalars(query)]


def key_pair(uow: UnitOfWork, kid: str, purpose: Purpose) -> DeviceKey:
    """A pair with its private half, retired ones too; one made for another purpose is not given out."""
    row = uow.session.get(ServerKey, kid)
    if row is None or row.purpose != purpose:
        raise NoSuchKey(f"the server has no key {kid} for {purpose}")
    return read_private(unseal(uow.master_key, row.wrapped_private, _context(kid)))


def sign(uow: UnitOfWork, purpose: Purpose, message: bytes, *, at_utc: datetime) -> Signed:
    """``message`` signed with the pair in use for a purpose."""
    key = current_key(uow, purpose, at_utc=at_utc)
    return Signed(key.kid, key.algorithm, sign_p256(key_pair(uow, key.kid, purpose), message))


def rewrap_server_keys(uow: UnitOfWork, new_master_key: bytes) -> int:
    """Seal every private half under another master key; how many there were. The pairs stay the same."""
    rows = uow.session.scalars(select(ServerKey)).all()
    for row in rows:
        context = _context(row.kid)
        row.wrapped_private = seal(new_master_key, unseal(uow.master_key, row.wrapped_private, context), context)
    return len(rows)


def _current(uow: UnitOfWork, purpose: Purpose) -> ServerKey | None:
    return uow.session.scalar(select(ServerKey).where(ServerKey.purpose == purpose, ServerKey.retired_utc.is_(None)))


def _make(uow: UnitOfWork, purpose: Purpose, at_utc: datetime) -> ServerKey:
    pair = new_device_key()
    kid = key_id(pair.public_jwk)
    row = ServerKey(
        kid=kid,
        purpose=purpose,
        algorithm=ALGORITHMS[purpose],
        public_jwk=pair.public_jwk,
        wrapped_private=seal(uow.master_key, private_bytes(pair), _context(kid)),
        made_utc=at_utc,
        retired_utc=None,
    )
    uow.session.add(row)
    uow.session.flush()
    said = {"kid": kid, "purpose": purpose, "algorithm": row.algorithm, "public_jwk": pair.public_jwk}
    append(uow, "server_key.make", said, at_utc=at_utc)
    return row


def _public(row: ServerKey) -> PublicKey:
    return PublicKey(row.kid, row.purpose, row.algorithm, row.public_jwk, row.made_utc, row.retired_utc)


def _context(kid: str) -> bytes:
    return f"server-key:{kid}".encode()

"""Enter a tip-off with its sealed reporter, read it, hand the sealed text out, end it; file the key that seals."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from media.errors import MediaError
from media.proof import key_id, read_identity, read_public_jwk
from visits.access import Actor, NotAllowed, Right, note, require, within
from visits.log import append
from visits.store import UnitOfWork, lock_for_transaction
from visits.tipoffs.errors import NoSuchTipOff, NotSealed, TipOffEnded
from visits.tipoffs.rows import IdentityKey, TipOff


@dataclass(frozen=True)
class KeyView:
    """The public key that identities of a division are sealed to."""

    kid: str
    public_jwk: Mapping[str, str]
    filed_utc: datetime


@dataclass(frozen=True)
class NewTipOff:
    """What is entered. ``sealed_identity`` is the text that a page or a command made, empty where nobody was named."""

    division_code: str
    channel: str
    received_on: date
    outside_number: str
    text: str
    sealed_identity: str


@dataclass(frozen=True)
class TipOffView:
    """One tip-off for the discipline organ; that a reporter is known, and to which key, is all that is told of them."""

    id: UUID
    division_code: str
    channel: str
    received_on: date
    outside_number: str
    text: str
    has_identity: bool
    identity_kid: str | None
    entered_utc: datetime
    outcome: str
    outcome_utc: datetime | None
    identity_destroyed_utc: datetime | None
    removed_utc: datetime | None
    removed_after_days: int | None


def identity_key(uow: UnitOfWork, actor: Actor) -> KeyView | None:
    """The key in use in the caller's own division; None while none was filed."""
    require(actor, Right.READ_CLUES)
    row = _current(uow, actor)
    return None if row is None else KeyView(row.kid, row.public_jwk, row.filed_utc)


def file_identity_key(uow: UnitOfWork, actor: Actor, public_jwk: Mapping[str, str], *, at_utc: datetime) -> KeyView:
    """Use this public key from now on; what was sealed to an earlier one stays with that one. Private keys are refused.

    The log names the key, so that a key put in secretly in the place of the organ's own comes out.
    """
    require(actor, Right.READ_CLUES)
    read_public_jwk(public_jwk)
    kid, prefix = key_id(public_jwk), actor.division_prefix
    lock_for_transaction(uow, f"identity_key:{prefix}")
    before = _current(uow, actor)
    if before is not None and before.kid == kid:
        return KeyView(before.kid, before.public_jwk, before.filed_utc)
    if before is not None:
        before.retired_utc = at_utc
        uow.session.flush()
    known = uow.session.get(IdentityKey, (kid, prefix))
    if known is not None:
        known.retired_utc = None
    else:
        kept = {name: public_jwk[name] for name in ("kty", "crv", "x", "y")}
        known = IdentityKey(
            kid=kid,
            division_prefix=prefix,
            public_jwk=kept,
            filed_by=actor.account_id,
            filed_utc=at_utc,
            retired_utc=None,
        )
        uow.session.add(known)
    uow.session.flush()
    append(uow, "identity_key.file", {"kid": kid, "division": prefix}, at_utc=at_utc)
    note(uow, actor, "identity_key.file", about=f"identity_key:{kid}", at_utc=at_utc)
    return KeyView(kid, known.public_jwk, known.filed_utc)


def enter_tip_off(uow: UnitOfWork, actor: Actor, new: NewTipOff, *, at_utc: datetime) -> TipOffView:
    """Enter a report. What comes as an identity must be sealed to the key in use, else all of it is refused."""
    require(actor, Right.READ_CLUES)
    if not new.division_code.startswith(actor.division_prefix):
        raise NotAllowed("this place is outside of the division")
    kid = _kid_of(uow, actor, new.sealed_identity) if new.sealed_identity else None
    row = TipOff(
        id=uuid4(),
        division_code=new.division_code,
        channel=new.channel,
        received_on=new.received_on,
        outside_number=new.outside_number,
        text=new.text,
        sealed_identity=new.sealed_identity,
        identity_kid=kid,
        entered_by=actor.account_id,
        entered_utc=at_utc,
        outcome="",
        outcome_utc=None,
        identity_destroyed_utc=None,
        removed_utc=None,
        removed_after_days=None,
    )
    uow.session.add(row)
    uow.session.flush()
    sealed_sha256 = hashlib.sha256(new.sealed_identity.encode()).hexdigest() if kid else None
    append(uow, "tip_off", {"tip_off_id": str(row.id), "identity_sha256": sealed_sha256, "kid": kid}, at_utc=at_utc)
    _note(uow, actor, "tip_off.enter", row, at_utc)
    return _view(row)


def tip_offs(uow: UnitOfWork, actor: Actor, *, limit: int = 200) -> list[TipOffView]:
    """The tip-offs of the caller's division; those without an outcome first, the oldest of them on top."""
    require(actor, Right.READ_CLUES)
    query = select(TipOff).where(within(actor, TipOff.division_code))
    rows = uow.session.scalars(query.order_by(TipOff.outcome_utc.is_not(None), TipOff.entered_utc).limit(limit))
    return [_view(row) for row in rows]


def tip_off(uow: UnitOfWork, actor: Actor, tip_off_id: UUID, *, at_utc: datetime) -> TipOffView:
    """One tip-off; each reading is a line of the audit."""
    row = _row(uow, actor, tip_off_id)
    _note(uow, actor, "tip_off.read", row, at_utc)
    return _view(row)


def sealed_identity(uow: UnitOfWork, actor: Actor, tip_off_id: UUID, *, at_utc: datetime) -> str:
    """The sealed text, to be opened off this server with the organ's key; each time is a line of the audit."""
    row = _row(uow, actor, tip_off_id)
    if not row.sealed_identity:
        raise NoSuchTipOff("no identity is kept with this tip-off")
    _note(uow, actor, "tip_off.identity", row, at_utc)
    return row.sealed_identity


def end_tip_off(
    uow: UnitOfWork, actor: Actor, tip_off_id: UUID, *, outcome: str, destroy_identity: bool, at_utc: datetime
) -> TipOffView:
    """Write down what became of it, and destroy the sealed identity where nobody needs to answer the reporter."""
    row = _row(uow, actor, tip_off_id, for_update=True)
    if row.outcome_utc is not None:
        raise TipOffEnded("this tip-off has its outcome already")
    row.outcome, row.outcome_utc = outcome, at_utc
    if destroy_identity and row.sealed_identity:
        row.sealed_identity, row.identity_destroyed_utc = "", at_utc
    uow.session.flush()
    destroyed = row.identity_destroyed_utc is not None
    append(uow, "tip_off.end", {"tip_off_id": str(row.id), "identity_destroyed": destroyed}, at_utc=at_utc)
    _note(uow, actor, "tip_off.end", row, at_utc)
    return _view(row)


def _kid_of(uow: UnitOfWork, actor: Actor, sealed: str) -> str:
    current = _current(uow, actor)
    try:
        kid = read_identity(sealed).kid
    except MediaError as reason:
        raise NotSealed(f"nothing was kept: {reason}") from reason
    if current is None or kid != current.kid:
        raise NotSealed("nothing was kept: the identity is sealed to a key that is not the one in use here")
    return kid


def _current(uow: UnitOfWork, actor: Actor) -> IdentityKey | None:
    return uow.session.scalar(
        select(IdentityKey).where(
            IdentityKey.division_prefix == actor.division_prefix, IdentityKey.retired_utc.is_(None)
        )
    )


def _row(uow: UnitOfWork, actor: Actor, tip_off_id: UUID, *, for_update: bool = False) -> TipOff:
    require(actor, Right.READ_CLUES)
    query = select(TipOff).where(TipOff.id == tip_off_id, within(actor, TipOff.division_code))
    row = uow.session.scalar(query.with_for_update() if for_update else query)
    if row is None:
        raise NoSuchTipOff(f"there is no tip-off {tip_off_id}")
    return row


def _note(uow: UnitOfWork, actor: Actor, act: str, row: TipOff, at_utc: datetime) -> None:
    note(uow, actor, act, about=f"tip_off:{row.id}", division_code=row.division_code, at_utc=at_utc)


def _view(row: TipOff) -> TipOffView:
    return TipOffView(
        id=row.id,
        division_code=row.division_code,
        channel=row.channel,
        received_on=row.received_on,
        outside_number=row.outside_number,
        text=row.text,
        has_identity=bool(row.sealed_identity),
        identity_kid=row.identity_kid,
        entered_utc=row.entered_utc,
        outcome="" if row.removed_utc else row.outcome,
        outcome_utc=row.outcome_utc,
        identity_destroyed_utc=row.identity_destroyed_utc,
        removed_utc=row.removed_utc,
        removed_after_days=row.removed_after_days,
    )

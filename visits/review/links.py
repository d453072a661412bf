"""A way to answer a notice once, without an account: an address on the notice, and a code that travels apart.

To reply is a right and never a duty; a reply on paper counts the same. Of address and code only hashes are kept.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from visits.access import Actor, Right, note, require, within
from visits.fieldwork import Sighting, SightingJudgement
from visits.log import append
from visits.people import posting_known
from visits.places import Division
from visits.review.errors import NoSuchNotice, NoSuchReplyLink
from visits.review.rows import Notice, Reply, ReplyLink
from visits.store import UnitOfWork, lock_for_transaction
from visits.zone import LOCAL_ZONE

MOST_FAILURES = 5
OPEN_AFTER_DUE = timedelta(days=30)
_CODE_DIGITS = 8


@dataclass(frozen=True)
class MadeLink:
    """The two parts of a way to reply, told once: the token is printed on the notice, the code is given apart."""

    token: str
    code: str
    expires_utc: datetime


@dataclass(frozen=True)
class NoticeForReply:
    """What whoever holds both parts may read: when and where, in one word what was found, and until when to answer."""

    name: str
    village_name: str
    at_utc: datetime
    slot: str
    outcome: str
    villagers_unsure: bool
    reply_until: date


def notice_letter(uow: UnitOfWork, actor: Actor, notice_id: UUID, *, at_utc: datetime) -> NoticeForReply:
    """What the letter to a person says; making one is noted in the audit chain, so the caller commits."""
    require(actor, Right.DECIDE)
    row = _in_reach(uow, actor, notice_id)
    seen = uow.session.get_one(Sighting, row.sighting_id)
    about = f"posting:{seen.posting_id}"
    note(uow, actor, "notice.letter", about=about, division_code=seen.village_code, at_utc=at_utc)
    return _notice(uow, row)


def make_reply_link(uow: UnitOfWork, actor: Actor, notice_id: UUID, *, at_utc: datetime) -> MadeLink:
    """A way to answer a notice; one made before for the same notice ends."""
    require(actor, Right.DECIDE)
    row = _in_reach(uow, actor, notice_id)
    for earlier in uow.session.scalars(
        select(ReplyLink).where(ReplyLink.notice_id == notice_id, ReplyLink.used_utc.is_(None))
    ):
        earlier.expires_utc = min(earlier.expires_utc, at_utc)
    # Who answers late is heard as well: the days are how long others must wait, not how long one may speak.
    expires_utc = datetime.combine(row.reply_until + OPEN_AFTER_DUE, time(), LOCAL_ZONE)
    token = secrets.token_urlsafe(24)
    code = "".join(secrets.choice("0123456789") for _ in range(_CODE_DIGITS))
    uow.session.add(
        ReplyLink(
            id=uuid4(),
            notice_id=notice_id,
            token_sha256=_hash(token),
            code_sha256=_hash(f"{token}:{code}"),
            expires_utc=expires_utc,
            failures=0,
            used_utc=None,
            made_by=actor.account_id,
            made_utc=at_utc,
        )
    )
    uow.session.flush()
    append(uow, "reply_link", {"sighting_id": str(row.sighting_id), "notice_id": str(notice_id)}, at_utc=at_utc)
    return MadeLink(token, code, expires_utc)


def reply_link_is_open(uow: UnitOfWork, token: str, *, at_utc: datetime) -> bool:
    """Whether this address still takes an answer; tells nothing of whose it is."""
    return _open_link(uow, token, at_utc) is not None


def try_reply_code(uow: UnitOfWork, token: str, code: str, *, at_utc: datetime) -> NoticeForReply | None:
    """The notice behind an address, or None for a wrong code, which is counted: the caller commits either way.

    Raises
    ------
    NoSuchReplyLink
        It never was, was used, has run out, or five codes were wrong. All told alike.
    """
    link = _checked(uow, token, code, at_utc)
    return _notice(uow, uow.session.get_one(Notice, link.notice_id)) if link is not None else None


def reply_by_link(uow: UnitOfWork, token: str, code: str, *, text: str, at_utc: datetime) -> bool:
    """Take the answer; the way to reply is then used. False for a wrong code, which is counted."""
    lock_for_transaction(uow, f"reply:{_hash(token)}")
    link = _checked(uow, token, code, at_utc)
    if link is None:
        return False
    notice = uow.session.get_one(Notice, link.notice_id)
    reply = Reply(
        id=uuid4(),
        notice_id=notice.id,
        text=text,
        received_on=at_utc.astimezone(LOCAL_ZONE).date(),
        how="link",
        # Nobody of the house wrote it down; who made the link answers for its being here.
        registered_by=link.made_by,
        registered_utc=at_utc,
    )
    uow.session.add(reply)
    link.used_utc = at_utc
    uow.session.flush()
    said = {"sighting_id": str(notice.sighting_id), "reply_id": str(reply.id)}
    append(uow, "reply.register", said, at_utc=at_utc)
    return True


def _in_reach(uow: UnitOfWork, actor: Actor, notice_id: UUID) -> Notice:
    row = uow.session.scalar(
        select(Notice)
        .join(Sighting, Sighting.id == Notice.sighting_id)
        .where(Notice.id == notice_id, within(actor, Sighting.village_code))
    )
    if row is None:
        raise NoSuchNotice(f"there is no notice {notice_id}")
    return row


def _checked(uow: UnitOfWork, token: str, code: str, at_utc: datetime) -> ReplyLink | None:
    link = _open_link(uow, token, at_utc)
    if link is None:
        raise NoSuchReplyLink("this way to reply is not open; you may always reply on paper")
    if not hmac.compare_digest(link.code_sha256, _hash(f"{token}:{code}")):
        link.failures += 1
        uow.session.flush()
        return None
    return link


def _open_link(uow: UnitOfWork, token: str, at_utc: datetime) -> ReplyLink | None:
    return uow.session.scalar(
        select(ReplyLink).where(
            ReplyLink.token_sha256 == _hash(token),
            ReplyLink.used_utc.is_(None),
            ReplyLink.expires_utc > at_utc,
            ReplyLink.failures < MOST_FAILURES,
        )
    )


def _notice(uow: UnitOfWork, notice: Notice) -> NoticeForReply:
    seen = uow.session.get_one(Sighting, notice.sighting_id)
    judged = uow.session.scalars(
        select(SightingJudgement)
        .where(SightingJudgement.sighting_id == seen.id)
        .order_by(SightingJudgement.number.desc())
        .limit(1)
    ).one()
    posting = posting_known(uow, seen.posting_id, known_at_utc=None)
    there = uow.session.get(Division, seen.village_code)
    return NoticeForReply(
        name=posting.name if posting else "",
        village_name=there.name if there else seen.village_code,
        at_utc=seen.at_utc,
        slot=seen.slot,
        outcome=judged.outcome,
        villagers_unsure=judged.villagers_asked > 0 and judged.villagers_know == 0,
        reply_until=notice.reply_until,
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

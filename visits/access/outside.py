"""Sign-ins elsewhere: who an account is at a provider of OpenID Connect, and the sign-ins that are away there."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from media.proof import seal, unseal
from visits.access.actor import Actor, Right
from visits.access.audit import note
from visits.access.errors import NoSuchAccount, OutsideSignInFailed
from visits.access.rows import Account, OutsideFlow, OutsideIdentity
from visits.access.scope import in_scope, require
from visits.access.sessions import Proven, digest
from visits.store import UnitOfWork

FLOW_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Flow:
    """A sign-in that is away at the provider: what its answer will be held against."""

    state: str
    nonce: str
    verifier: str
    browser: str
    wanted: str


def begin_outside(uow: UnitOfWork, *, wanted: str, at_utc: datetime) -> Flow:
    """A new sign-in on its way to the provider; its answer is taken once, within ten minutes, in the same browser."""
    uow.session.execute(delete(OutsideFlow).where(OutsideFlow.until_utc <= at_utc))
    state, nonce, verifier, browser = (secrets.token_urlsafe(32) for _ in range(4))
    flow = Flow(state, nonce, verifier, browser, wanted)
    said = {"nonce": flow.nonce, "verifier": flow.verifier, "browser": flow.browser, "wanted": wanted}
    sealed = seal(uow.master_key, json.dumps(said).encode(), _context(flow.state))
    uow.session.add(OutsideFlow(state_sha256=digest(flow.state), sealed=sealed, until_utc=at_utc + FLOW_LIFETIME))
    return flow


def take_outside(uow: UnitOfWork, state: str, browser: str, *, at_utc: datetime) -> Flow:
    """The sign-in that an answer belongs to, spent by this; raises when there is none, or it began elsewhere."""
    row = uow.session.get(OutsideFlow, digest(state))
    if row is None or row.until_utc <= at_utc:
        raise OutsideSignInFailed("this sign-in is not one that is awaited")
    uow.session.delete(row)
    said = json.loads(unseal(uow.master_key, row.sealed, _context(state)))
    if not secrets.compare_digest(said["browser"].encode(), browser.encode()):
        raise OutsideSignInFailed("this sign-in began in another browser")
    return Flow(state, said["nonce"], said["verifier"], said["browser"], said["wanted"])


def proven_outside(uow: UnitOfWork, *, issuer: str, subject: str) -> Proven:
    """Who the provider vouches for; a person nobody has linked to an account is nobody here."""
    row = uow.session.get(OutsideIdentity, (issuer, subject))
    account = uow.session.get(Account, row.account_id) if row else None
    if account is None:
        raise OutsideSignInFailed("nobody here is linked to this person")
    return Proven(account.id, account.passphrase_hash)


def link_outside(uow: UnitOfWork, actor: Actor, login: str, *, issuer: str, subject: str, at_utc: datetime) -> None:
    """Say who an account of one's division is at the provider. Only an admin does: names there are not proof here."""
    require(actor, Right.MANAGE_ACCOUNTS)
    account = uow.session.scalar(select(Account).where(Account.login == login))
    if account is None or not in_scope(actor, account.division_prefix):
        raise NoSuchAccount(f"there is no account {login} in your division")
    known = uow.session.get(OutsideIdentity, (issuer, subject))
    if known is not None and known.account_id != account.id:
        raise OutsideSignInFailed("this person is linked to another account already")
    uow.session.execute(delete(OutsideIdentity).where(OutsideIdentity.account_id == account.id))
    uow.session.add(OutsideIdentity(issuer=issuer, subject=subject, account_id=account.id, linked_utc=at_utc))
    said, division = {"issuer": issuer, "subject": subject}, account.division_prefix
    note(uow, actor, "account.link", about=f"account:{login}", division_code=division, detail=said, at_utc=at_utc)


def _context(state: str) -> bytes:
    return b"outside:" + digest(state)


def give_up_outside(uow: UnitOfWork) -> None:
    """Forget the sign-ins that are away at the provider; whoever waits for one begins anew."""
    uow.session.execute(delete(OutsideFlow))

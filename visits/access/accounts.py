"""Accounts: made by admins inside their division, given a new passphrase or second factor, closed, never deleted."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from visits.access import passphrases
from visits.access.actor import Actor, Right, Role
from visits.access.audit import note
from visits.access.errors import (
    AccountExists,
    AlreadyBootstrapped,
    NoSuchAccount,
    NotAllowed,
    NotOneself,
    ThirdPartyIncomplete,
    WeakPassphrase,
)
from visits.access.factors import forget_factors
from visits.access.rows import Account
from visits.access.scope import in_scope, require, within
from visits.access.sessions import Proven, end_sessions
from visits.access.tries import forget_tries_of, locked_until
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

# A drawn passphrase travels on paper; one that nobody has used opens nothing after this.
DRAWN_LIFETIME = timedelta(days=14)


@dataclass(frozen=True)
class NewAccount:
    """What an admin says of a new account. A third party's carries an approval number and an end date."""

    login: str
    name: str
    role: Role
    division_prefix: str
    unit: str | None = None
    approval_number: str | None = None
    ends_on: date | None = None


@dataclass(frozen=True)
class AccountView:
    """An account as others may see it."""

    id: UUID
    login: str
    name: str
    role: Role
    division_prefix: str
    unit: str | None
    ends_on: date | None
    approval_number: str | None
    closed_utc: datetime | None
    # Until when some place has to wait after wrong tries; the account itself is never locked.
    locked_until_utc: datetime | None = None


@dataclass(frozen=True)
class Invited:
    """An account with a new passphrase that is shown once and stored nowhere."""

    account: AccountView
    passphrase: str


def bootstrap_admin(uow: UnitOfWork, *, login: str, name: str, division_prefix: str, at_utc: datetime) -> Invited:
    """Make the first admin of an empty installation."""
    if uow.session.scalar(select(Account.id).limit(1)) is not None:
        raise AlreadyBootstrapped("an account exists already; further ones are made by an admin")
    invited = _make(uow, NewAccount(login, name, Role.ADMIN, division_prefix), at_utc)
    note(uow, None, "account.bootstrap", about=f"account:{login}", division_code=division_prefix, at_utc=at_utc)
    return invited


def create_account(
    uow: UnitOfWork, actor: Actor, new: NewAccount, *, passphrase: str | None = None, at_utc: datetime
) -> Invited:
    """Make an account inside the admin's own division; without a passphrase one is drawn."""
    require(actor, Right.MANAGE_ACCOUNTS)
    if not in_scope(actor, new.division_prefix):
        raise NotAllowed(f"{new.division_prefix} is not inside your division {actor.division_prefix}")
    if uow.session.scalar(select(Account.id).where(Account.login == new.login)) is not None:
        raise AccountExists(f"the login name {new.login} is taken")
    _must_be_whole(new, at_utc)
    invited = _make(uow, new, at_utc, passphrase)
    note(
        uow,
        actor,
        "account.create",
        about=f"account:{new.login}",
        division_code=new.division_prefix,
        detail={"role": new.role},
        at_utc=at_utc,
    )
    return invited


def accounts_within(
    uow: UnitOfWork, actor: Actor, *, role: Role | None = None, at_utc: datetime | None = None
) -> list[AccountView]:
    """Accounts of the actor's division: all for an admin, the inspectors for the office that assigns them."""
    if not actor.may(Right.MANAGE_ACCOUNTS):
        require(actor, Right.ASSIGN)
        role = Role.INSPECTOR
    query = select(Account).where(within(actor, Account.division_prefix)).order_by(Account.login)
    if role is not None:
        query = query.where(Account.role == role)
    found = uow.session.scalars(query).all()
    waits = locked_until(uow, [one.id for one in found], at_utc=at_utc) if at_utc else {}
    return [replace(_view(one), locked_until_utc=waits.get(one.id)) for one in found]


def account(uow: UnitOfWork, actor: Actor, account_id: UUID, *, at_utc: datetime) -> AccountView:
    """One account of the admin's division, or an inspector of the office's."""
    row = uow.session.get(Account, account_id) if actor.may(Right.ASSIGN) else _managed(uow, actor, account_id)
    if row is None or not in_scope(actor, row.division_prefix):
        raise NoSuchAccount("there is no such account in your division")
    if not actor.may(Right.MANAGE_ACCOUNTS) and row.role != Role.INSPECTOR:
        raise NoSuchAccount("there is no such account in your division")
    return replace(_view(row), locked_until_utc=locked_until(uow, [row.id], at_utc=at_utc).get(row.id))


def close_account(uow: UnitOfWork, actor: Actor, account_id: UUID, *, at_utc: datetime) -> None:
    """End an account and all its sign-ins at once; what it did stays under its name."""
    row = _managed(uow, actor, account_id)
    if row.id == actor.account_id:
        raise NotOneself("nobody closes their own account; another admin does")
    if row.closed_utc is None:
        row.closed_utc = at_utc
        end_sessions(uow, row.id, at_utc=at_utc)
        _note_about(uow, actor, "account.close", row, at_utc)


def give_new_passphrase(uow: UnitOfWork, actor: Actor, account_id: UUID, *, at_utc: datetime) -> Invited:
    """Draw a new passphrase for somebody who lost theirs, and end every sign-in made with the old one."""
    row = _managed(uow, actor, account_id)
    drawn = passphrases.drawn()
    row.passphrase_hash = passphrases.hashed(drawn)
    row.passphrase_until_utc = at_utc + DRAWN_LIFETIME
    end_sessions(uow, row.id, at_utc=at_utc)
    forget_tries_of(uow, row.id)
    _note_about(uow, actor, "account.new_passphrase", row, at_utc)
    return Invited(_view(row), drawn)


def reset_factors(uow: UnitOfWork, actor: Actor, account_id: UUID, *, at_utc: datetime) -> None:
    """Take the second factor from somebody who lost it; the next sign-in sets up a new one."""
    row = _managed(uow, actor, account_id)
    forget_factors(uow, row)
    end_sessions(uow, row.id, phones=False, at_utc=at_utc)
    _note_about(uow, actor, "account.reset_factors", row, at_utc)


def let_try_again(uow: UnitOfWork, actor: Actor, account_id: UUID, *, at_utc: datetime) -> None:
    """Lift the wait after wrong tries for an account."""
    row = _managed(uow, actor, account_id)
    forget_tries_of(uow, row.id)
    _note_about(uow, actor, "account.let_try_again", row, at_utc)


def change_passphrase(
    uow: UnitOfWork, actor: Actor, proven: Proven, new: str, *, keep_token: str, phones_too: bool, at_utc: datetime
) -> None:
    """Take a new passphrase from its owner, who has just proved the old one; other sign-ins at desks end."""
    row = uow.session.get_one(Account, actor.account_id)
    if proven.account_id != row.id or proven.passphrase_hash != row.passphrase_hash:
        raise NotAllowed("the passphrase changed meanwhile")
    passphrases.must_be_good(new, login=row.login, name=row.name)
    if passphrases.holds(row.passphrase_hash, new):
        raise WeakPassphrase("this is the passphrase you have now", "same")
    row.passphrase_hash, row.passphrase_until_utc = passphrases.hashed(new), None
    end_sessions(uow, row.id, except_token=keep_token, phones=phones_too, at_utc=at_utc)
    _note_about(uow, actor, "account.change_passphrase", row, at_utc)


def end_other_sessions(uow: UnitOfWork, actor: Actor, *, keep_token: str, at_utc: datetime) -> None:
    """End every sign-in of one's own account but this one."""
    end_sessions(uow, actor.account_id, except_token=keep_token, at_utc=at_utc)
    note(uow, actor, "sign_out.others", about=f"account:{actor.login}", at_utc=at_utc)


def _make(uow: UnitOfWork, new: NewAccount, at_utc: datetime, passphrase: str | None = None) -> Invited:
    if passphrase is not None:
        passphrases.must_be_good(passphrase, login=new.login, name=new.name)
    shown = passphrase or passphrases.drawn()
    row = Account(
        id=uuid4(),
        login=new.login,
        name=new.name,
        role=new.role,
        division_prefix=new.division_prefix,
        unit=new.unit,
        passphrase_hash=passphrases.hashed(shown),
        approval_number=new.approval_number,
        ends_on=new.ends_on,
        created_utc=at_utc,
        passphrase_until_utc=None if passphrase else at_utc + DRAWN_LIFETIME,
    )
    uow.session.add(row)
    uow.session.flush()
    return Invited(_view(row), shown)


def _must_be_whole(new: NewAccount, at_utc: datetime) -> None:
    """A third party works under an approval and up to a day; one without the other is half an account."""
    if (new.approval_number is None) != (new.ends_on is None):
        raise ThirdPartyIncomplete("an account of a third party has both an approval number and a last day")
    if new.ends_on is not None and new.ends_on < at_utc.astimezone(LOCAL_ZONE).date():
        raise ThirdPartyIncomplete("the last day of this account is over already")


def _managed(uow: UnitOfWork, actor: Actor, account_id: UUID) -> Account:
    require(actor, Right.MANAGE_ACCOUNTS)
    row = uow.session.get(Account, account_id)
    if row is None or not in_scope(actor, row.division_prefix):
        raise NoSuchAccount("there is no such account in your division")
    return row


def _note_about(uow: UnitOfWork, actor: Actor, act: str, row: Account, at_utc: datetime) -> None:
    note(uow, actor, act, about=f"account:{row.login}", division_code=row.division_prefix, at_utc=at_utc)


def _view(row: Account) -> AccountView:
    return AccountView(
        row.id,
        row.login,
        row.name,
        Role(row.role),
        row.division_prefix,
        row.unit,
        row.ends_on,
        row.approval_number,
        row.closed_utc,
    )

"""Who keeps away from where (回避): own town, kin, the unit somebody was sent by, and whoever found something there."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from visits.access import Account, Actor, Right, Role, in_scope, note, require, within
from visits.people import postings_expected_in
from visits.places import NoSuchVillage, name_key
from visits.plans.errors import BadTeam, NoSuchRecusal, Recused
from visits.plans.rows import Recusal
from visits.plans.yearly import require_county
from visits.store import UnitOfWork


class RecusalKind(StrEnum):
    """Why somebody keeps away: their own town, kin there, or another reason they need not tell."""

    OWN_TOWN = "own_town"
    KIN = "kin"
    OTHER = "other"


@dataclass(frozen=True)
class RecusalView:
    """That an inspector keeps away from a town or village."""

    id: UUID
    account_id: UUID
    name: str
    kind: RecusalKind
    division_code: str
    declared_utc: datetime
    ended_utc: datetime | None


def declare_recusal(
    uow: UnitOfWork, actor: Actor, account_id: UUID, *, kind: RecusalKind, division_code: str, at_utc: datetime
) -> RecusalView:
    """Say that an inspector keeps away from a town or village: the inspector for themself, the office for anybody."""
    if not actor.may(Right.ASSIGN):
        require(actor, Right.RECORD)
        account_id = actor.account_id
    else:
        require_county(actor)
    if not in_scope(actor, division_code):
        raise NoSuchVillage(f"there is no town or village {division_code} in your division")
    account = uow.session.scalar(
        select(Account).where(
            Account.id == account_id, Account.role == Role.INSPECTOR, within(actor, Account.division_prefix)
        )
    )
    if account is None or len(division_code) not in (9, 12):
        raise BadTeam("an inspector of your division keeps away from a town (9 digits) or a village (12)")
    row = Recusal(
        id=uuid4(),
        account_id=account.id,
        kind=kind.value,
        division_code=division_code,
        declared_by=actor.account_id,
        declared_utc=at_utc,
        ended_utc=None,
    )
    uow.session.add(row)
    uow.session.flush()
    about = f"account:{account.login}"
    note(uow, actor, "recusal.declare", about=about, division_code=division_code, at_utc=at_utc)
    return _view(row, account.name)


def end_recusal(uow: UnitOfWork, actor: Actor, recusal_id: UUID, *, at_utc: datetime) -> RecusalView:
    """Say that a recusal holds no more; the office's alone, so that nobody frees themself."""
    require(actor, Right.ASSIGN)
    require_county(actor)
    found = uow.session.execute(
        select(Recusal, Account.name)
        .join(Account, Account.id == Recusal.account_id)
        .where(Recusal.id == recusal_id, within(actor, Recusal.division_code))
    ).first()
    if found is None:
        raise NoSuchRecusal(f"there is no recusal {recusal_id}")
    row, name = found
    row.ended_utc = row.ended_utc or at_utc
    note(uow, actor, "recusal.end", about=f"recusal:{row.id}", division_code=row.division_code, at_utc=at_utc)
    return _view(row, name)


def recusals(uow: UnitOfWork, actor: Actor) -> list[RecusalView]:
    """The recusals of the office's division, or an inspector's own; those that hold, the newest first."""
    query = (
        select(Recusal, Account.name).join(Account, Account.id == Recusal.account_id).where(Recusal.ended_utc.is_(None))
    )
    if actor.may(Right.ASSIGN):
        require_county(actor)
        query = query.where(within(actor, Recusal.division_code))
    else:
        require(actor, Right.RECORD)
        query = query.where(Recusal.account_id == actor.account_id)
    rows = uow.session.execute(query.order_by(Recusal.declared_utc.desc(), Recusal.id))
    return [_view(row, name) for row, name in rows]


def recusals_about(uow: UnitOfWork, actor: Actor) -> list[dict[str, Any]]:
    """Every recusal of the caller, ended ones too, whatever role the caller has by now."""
    rows = uow.session.scalars(
        select(Recusal).where(Recusal.account_id == actor.account_id).order_by(Recusal.declared_utc, Recusal.id)
    )
    names = ("kind", "division_code", "declared_utc", "ended_utc")
    return [{name: getattr(row, name) for name in names} for row in rows]


def recused_from(
    uow: UnitOfWork, inspectors: Sequence[Account], village_codes: Collection[str], *, on: date, at_utc: datetime
) -> dict[UUID, set[str]]:
    """By inspector the villages they keep away from: as declared, and where their own unit sent somebody."""
    declared: dict[UUID, list[str]] = defaultdict(list)
    held = select(Recusal).where(Recusal.ended_utc.is_(None), Recusal.account_id.in_([i.id for i in inspectors]))
    for row in uow.session.scalars(held):
        declared[row.account_id].append(row.division_code)
    units = {i.id: name_key(i.unit) for i in inspectors if i.unit}
    away: dict[UUID, set[str]] = {i.id: set() for i in inspectors}
    posted = postings_expected_in(uow, village_codes, on, known_at_utc=at_utc) if units else {}
    for code in village_codes:
        for account_id, divisions in declared.items():
            if any(code.startswith(division) for division in divisions):
                away[account_id].add(code)
        if units:
            senders = {name_key(p.sending_unit) for p in posted[code]}
            for account_id, unit in units.items():
                if unit in senders:
                    away[account_id].add(code)
    return away


def check_recusals(uow: UnitOfWork, team: Sequence[Account], village_code: str, *, on: date, at_utc: datetime) -> None:
    """Raise when somebody of a team keeps away from the village."""
    away = recused_from(uow, team, [village_code], on=on, at_utc=at_utc)
    if any(away.values()):
        # Who it is stays open: the reason may be kin, and the office that assigns sees its own list.
        raise Recused("somebody of the team keeps away from this village; the list of recusals says who")


def _view(row: Recusal, name: str) -> RecusalView:
    return RecusalView(
        row.id, row.account_id, name, RecusalKind(row.kind), row.division_code, row.declared_utc, row.ended_utc
    )

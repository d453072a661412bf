"""The frame of a draw, made by rule from what is known now: nobody adds a village to it, or takes one out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select

from visits.access import Account, Actor, Role
from visits.draws.draw import Frame, FrameInspector, FrameVillage, NotDrawable, check_frame, eligible, with_labels
from visits.draws.errors import BadDraw
from visits.draws.risk import Risk, found_there, risks, weight_of
from visits.people import Slot
from visits.places import VillageView, villages
from visits.plans import TOWN_DIGITS, PlanLine, checks_counted, quota_left, recused_from
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

NEVER_VISITED = Risk(None, 0, 0)
SLOT_TIMES: Mapping[Slot, tuple[time, timedelta]] = {
    Slot.DAWN: (time(6), timedelta(hours=2.5)),
    Slot.DAY: (time(8, 30), timedelta(hours=9)),
    Slot.EVENING: (time(17, 30), timedelta(hours=4.5)),
    Slot.NIGHT: (time(22), timedelta(hours=8)),
}
USUAL_SLOTS: Mapping[str, int] = {Slot.DAWN: 1, Slot.DAY: 4, Slot.EVENING: 3, Slot.NIGHT: 1}


@dataclass(frozen=True)
class NewDraw:
    """What the office decides of a draw: how many visits, on which days, in which slots, how weighty risk is.

    It does not decide which villages stand in the frame. ``not_available`` are inspectors on leave; that shows.
    """

    plan_line_id: UUID
    visits: int
    days: tuple[date, ...]
    slots: Mapping[str, int]
    team_size: int = 2
    most_per_day: int = 4
    floor_percent: int = 50
    lead_hours: int = 3
    not_available: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Framed:
    """A frame, and whom its labels mean."""

    frame: Frame
    people: Mapping[str, str]


def slot_window(day: date, slot: Slot) -> tuple[datetime, datetime]:
    """When a slot of a day begins and ends; a night belongs to the day of its evening."""
    begins, lasts = SLOT_TIMES[slot]
    start = datetime.combine(day, begins, tzinfo=LOCAL_ZONE)
    return start, start + lasts


def earliest_release(frame: Frame) -> datetime:
    """The first moment at which a visit of this frame could be released."""
    day = date.fromisoformat(min(frame.days))
    first = min(slot_window(day, Slot(slot))[0] for slot, _ in frame.slots)
    return first - timedelta(hours=frame.lead_hours)


def make_frame(
    uow: UnitOfWork,
    actor: Actor,
    line: PlanLine,
    new: NewDraw,
    *,
    draw_id: UUID,
    county_code: str,
    most_checks: int,
    redraw: tuple[UUID, str] | None,
    at_utc: datetime,
) -> Framed:
    """The frame of a draw; raises :class:`BadDraw` for one from which not every seed could draw."""
    days = tuple(sorted(set(new.days)))
    _check_days(line, days, new, at_utc)
    there = [v for v in _villages(uow, actor, county_code) if v.valid_to is None or v.valid_to > days[-1]]
    people = _inspectors(uow, county_code, line, new, days[-1])
    away = _away(uow, people, there, county_code, on=days[0], at_utc=at_utc)
    labels = {account.id: _label(draw_id, account.id) for account in people}
    known = risks(uow, county_code, on=at_utc.astimezone(LOCAL_ZONE).date())
    received = checks_counted(uow, county_code, days[0].year, at_utc=at_utc)
    whole = Frame(
        draw_id=str(draw_id),
        county_code=county_code,
        line_id=str(line.id),
        visits=new.visits,
        team_size=new.team_size,
        most_per_day=new.most_per_day,
        floor_percent=new.floor_percent,
        lead_hours=new.lead_hours,
        days=tuple(day.isoformat() for day in days),
        slots=tuple((slot.value, new.slots[slot]) for slot in Slot if new.slots.get(slot)),
        villages=tuple(
            FrameVillage(v.code, v.code[:TOWN_DIGITS], weight_of(known.get(v.code, NEVER_VISITED))) for v in there
        ),
        inspectors=(),
        most_in_stratum=tuple(sorted(quota_left(uow, line, at_utc=at_utc).items())),
        not_available=tuple(sorted(_label(draw_id, one) for one in new.not_available)),
        redraw_of=str(redraw[0]) if redraw else None,
        redraw_reason=redraw[1] if redraw else "",
    )
    inspectors = [FrameInspector(labels[a.id], tuple(sorted(away[a.id]))) for a in people]
    frame = _drawable(with_labels(whole, inspectors), {c for c, n in received.items() if n >= most_checks})
    return Framed(frame, {labels[a.id]: str(a.id) for a in people})


def _drawable(frame: Frame, at_cap: set[str]) -> Frame:
    """The frame without the villages that a rule leaves out; they stand in it with that rule."""
    left_out = []
    for v in frame.villages:
        if v.code in at_cap:
            left_out.append((v.code, "cap"))
        elif len(eligible(frame, v.code)) < frame.team_size:
            left_out.append((v.code, "recusals"))
        elif dict(frame.most_in_stratum).get(v.stratum) == 0:
            left_out.append((v.code, "quota"))
    gone = {code for code, _ in left_out}
    kept = tuple(v for v in frame.villages if v.code not in gone)
    made = replace(frame, villages=kept, left_out=tuple(left_out))
    if not kept:
        raise BadDraw("no village is left to draw: caps, quotas and recusals leave out all of them")
    try:
        check_frame(made)
    except NotDrawable as reason:
        raise BadDraw(str(reason)) from reason
    return made


def _check_days(line: PlanLine, days: tuple[date, ...], new: NewDraw, at_utc: datetime) -> None:
    if not days or not 1 <= new.lead_hours <= 12:
        raise BadDraw("a draw needs a day at least, and is released one to twelve hours before its slot")
    if not line.from_date <= days[0] <= days[-1] <= line.to_date:
        raise BadDraw("the days lie outside of the plan's line")
    if set(new.slots) - {slot.value for slot in Slot} or not any(new.slots.values()):
        raise BadDraw("the slots are dawn, day, evening and night; one at least is drawn")


def _villages(uow: UnitOfWork, actor: Actor, county_code: str) -> list[VillageView]:
    return [v for v in villages(uow, actor, limit=100_000) if v.county_code == county_code]


def _inspectors(uow: UnitOfWork, county_code: str, line: PlanLine, new: NewDraw, last_day: date) -> list[Account]:
    """Every inspector of the county whose account lasts; a third party's only under the line of their approval."""
    query = select(Account).where(
        Account.role == Role.INSPECTOR,
        Account.closed_utc.is_(None),
        Account.division_prefix.startswith(county_code, autoescape=True),
    )
    return [
        account
        for account in uow.session.scalars(query.order_by(Account.login))
        if (account.approval_number or "") == line.approval_number
        and (account.ends_on is None or account.ends_on > last_day)
        and account.id not in new.not_available
    ]


def _away(
    uow: UnitOfWork, people: list[Account], there: list[VillageView], county_code: str, *, on: date, at_utc: datetime
) -> dict[UUID, set[str]]:
    codes = [v.code for v in there]
    away = recused_from(uow, people, codes, on=on, at_utc=at_utc)
    found = found_there(uow, county_code, at_utc=at_utc)
    return {one: away_from | (found.get(one, set()) & set(codes)) for one, away_from in away.items()}


def _label(draw_id: UUID, account_id: UUID) -> str:
    return f"i{sha256(f'{draw_id}|{account_id}'.encode()).hexdigest()[:10]}"

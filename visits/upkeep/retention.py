"""Removal by rule: what is old enough and settled goes, with its keys; that it went, and by which rule, stays."""

import contextlib
import hashlib
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from media.errors import UploadNotFound
from media.proof import canonical
from media.store import EvidenceStore
from visits.access import Actor, Right, lines_of, note, require, within
from visits.fieldwork import Visit, forget_photos
from visits.intake import bytes_nobody_needs, hashes_of, removal_of, remove_texts, uploads_cut_off
from visits.log import append, entries_saying, forget
from visits.store import Store, UnitOfWork, lock_for_transaction
from visits.upkeep.errors import BadRules, PlanChanged
from visits.upkeep.standing import OUTCOMES, standing

_DUE = "retention.due"
_COUNTY_DIGITS = 6
_OF_VISIT = ("records", "photo", "visit_complete", "blur")
# Where a removal deletes or overwrites.
_WIPED = ("blurred_record", "kept_delivery", "log_leaf", "photo_fact", "photo_print", "photo_resemblance", "visit_key")
_OF_ASSIGNMENT = ("assignment", "package", "opening")


@dataclass(frozen=True)
class Rule:
    """Visits that ended like this are kept so many days after they were settled."""

    name: str
    of: str
    days: int


@dataclass(frozen=True)
class Planned:
    """One visit that a rule removes, or why it stays although it is old enough."""

    visit_id: UUID
    rule: Rule
    settled_utc: datetime
    stays_because: str


@dataclass(frozen=True)
class Due:
    """How many visits of a county are old enough: ``removes`` wait for an order, ``stays`` are held back besides."""

    county_code: str
    removes: int
    stays: int


@dataclass(frozen=True)
class RetentionPlan:
    """What a run would remove. ``digest`` names exactly this, so that nothing else is removed than was looked at."""

    removes: tuple[Planned, ...]
    stays: tuple[Planned, ...]
    digest: str


def read_rules(text: str) -> list[Rule]:
    """The rules of a TOML file: ``[[rule]]`` with ``name``, ``of`` (one of the outcomes) and ``days``."""
    try:
        rules = [Rule(**one) for one in tomllib.loads(text)["rule"]]
        if not all(isinstance(one.name, str) and 0 < len(one.name) <= 120 for one in rules):
            raise BadRules("each rule has a name of at most 120 characters")
    except (KeyError, TypeError, ValueError) as reason:
        raise BadRules(f"this is no file of rules: {reason}") from reason
    for one in rules:
        if one.of not in OUTCOMES or not isinstance(one.days, int) or one.days < 1:
            raise BadRules(f"rule {one.name!r}: `of` is one of {', '.join(OUTCOMES)}, `days` a whole number above 0")
    if len({one.of for one in rules}) != len(rules):
        raise BadRules("two rules speak of the same visits")
    return rules


def plan_retention(uow: UnitOfWork, actor: Actor, rules: Sequence[Rule], *, at_utc: datetime) -> RetentionPlan:
    """What these rules would remove today in the caller's division, and what is old enough and stays."""
    require(actor, Right.ORDER_REMOVAL)
    old = [planned for _, planned in _old_enough(uow, rules, at_utc, within(actor, Visit.village_code))]
    removes, stays = [one for one in old if not one.stays_because], [one for one in old if one.stays_because]
    named = [[str(one.visit_id), one.rule.name, one.rule.days] for one in removes]
    return RetentionPlan(tuple(removes), tuple(stays), hashlib.sha256(canonical(named)).hexdigest()[:12])


def count_due(uow: UnitOfWork, rules: Sequence[Rule], *, at_utc: datetime) -> list[Due]:
    """How many visits of each county wait today for somebody to order their removal; for the program itself."""
    found: dict[str, list[Planned]] = defaultdict(list)
    for village_code, planned in _old_enough(uow, rules, at_utc):
        found[village_code[:_COUNTY_DIGITS]].append(planned)
    return [
        Due(code, sum(not one.stays_because for one in old), sum(bool(one.stays_because) for one in old))
        for code, old in sorted(found.items())
    ]


def name_due(store: Store, rules: Sequence[Rule], *, at_utc: datetime) -> None:
    """Note in each county's audit what waits to be removed, where that has changed; nothing is removed by this."""
    with store.reading() as uow:  # Looking into every old visit takes a while, and phones go on delivering meanwhile.
        due = {one.county_code: one for one in count_due(uow, rules, at_utc=at_utc)}
    with store.writing() as uow:
        said = {line.about.partition(":")[2]: line.detail for line in lines_of(uow, _DUE)}
        for code in sorted(due.keys() | said.keys()):
            now = due.get(code, Due(code, 0, 0))
            detail = {"due": now.removes, "held_back": now.stays}
            if said.get(code) != detail:
                note(uow, None, _DUE, about=f"county:{code}", division_code=code, detail=detail, at_utc=at_utc)


def carry_out(
    store: Store, evidence: EvidenceStore, actor: Actor, rules: Sequence[Rule], *, digest: str, at_utc: datetime
) -> RetentionPlan:
    """Remove what was planned, visit by visit; raises :class:`PlanChanged` when today's plan is another.

    A run that was cut off is finished by the next one. Other writers wait while the database's files are written anew.
    """
    with store.reading() as uow:
        plan = plan_retention(uow, actor, rules, at_utc=at_utc)
    if plan.digest != digest:
        raise PlanChanged(f"what would be removed is not what was looked at; look again (it is {plan.digest} now)")
    for one in plan.removes:
        with store.writing() as uow:
            _remove(uow, actor, one, at_utc)
    remove_unneeded_bytes(store, evidence)
    # Each time, since a run that was cut off may have left what it deleted in the files.
    store.wipe(*_WIPED)
    return plan


def remove_unneeded_bytes(store: Store, evidence: EvidenceStore) -> int:
    """Remove what is stored of removed visits and of no other; how many photos and files went."""
    with store.writing() as uow:
        left = [sha256 for sha256 in bytes_nobody_needs(uow) if evidence.holds_any(sha256)]
        for sha256 in left:
            evidence.remove(sha256)
        for upload_id in uploads_cut_off(uow):
            with contextlib.suppress(UploadNotFound):
                evidence.discard(str(upload_id))
    return len(left)


def _old_enough(
    uow: UnitOfWork, rules: Sequence[Rule], at_utc: datetime, *only: ColumnElement[bool]
) -> Iterator[tuple[str, Planned]]:
    """Every visit, with its village, that was settled as long ago as its rule says; the oldest first."""
    by_outcome = {rule.of: rule for rule in rules}
    if not by_outcome:
        return
    # Nothing is settled before it ended, so younger visits need not be looked into.
    ended_before = at_utc - timedelta(days=min(rule.days for rule in rules))
    query = select(Visit).where(func.coalesce(Visit.closed_utc, Visit.began_utc) <= ended_before, *only)
    for row in uow.session.scalars(query.order_by(Visit.began_utc)):
        if removal_of(uow, row.id) is not None:
            continue
        now = standing(uow, row, at_utc)
        rule = by_outcome.get(now.outcome)
        if rule is not None and now.settled_utc + timedelta(days=rule.days) <= at_utc:
            yield row.village_code, Planned(row.id, rule, now.settled_utc, now.stays_because)


def _remove(uow: UnitOfWork, actor: Actor, one: Planned, at_utc: datetime) -> None:
    lock_for_transaction(uow, f"visit:{one.visit_id}")
    row = uow.session.get_one(Visit, one.visit_id)
    if removal_of(uow, row.id) is not None or standing(uow, row, at_utc).stays_because:
        return  # something came up since the plan was made
    records, photos = hashes_of(uow, row.id)
    leaves = entries_saying(uow, _OF_VISIT, "visit_id", {str(row.id)})
    leaves += entries_saying(uow, _OF_ASSIGNMENT, "assignment_id", {str(row.assignment_id)})
    said = {
        "visit_id": str(row.id),
        "rule": one.rule.name,
        "of": one.rule.of,
        "days": one.rule.days,
        "ordered_by": str(actor.account_id),
        "records": records,
        "photos": photos,
        "entries": leaves,
    }
    entry = append(uow, "removal", said, at_utc=at_utc)
    forget(uow, leaves)
    remove_texts(uow, row.id, rule=one.rule.name, ordered_by=actor.account_id, log_index=entry.index, at_utc=at_utc)
    forget_photos(uow, row.id, at_utc=at_utc)
    note(
        uow,
        actor,
        "visit.remove",
        about=f"visit:{row.id}",
        division_code=row.village_code,
        detail={"rule": one.rule.name},
        at_utc=at_utc,
    )

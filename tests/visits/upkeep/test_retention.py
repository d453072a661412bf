"""Removal by rule: only what is old and settled goes, the log stays whole, and removed is not missing."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from media.proof import verify_bundle
from media.store import LocalStore
from tests.visits.upkeep.bundles import PHOTOS, arrive_with, as_file, bundle, make_visit
from tests.visits.world import NOW, World
from visits import fieldwork, intake, log, upkeep
from visits.access import NotAllowed, audit_trail
from visits.fieldwork import PhotoFact, receipt
from visits.intake import RemovedByRule
from visits.ledger import enter_problems
from visits.upkeep import BadRules, PlanChanged, Rule

RULES = [Rule("正常满一年", "in_order", 365), Rule("有问题满三年", "with_problems", 1095)]
LATER = NOW + timedelta(days=400)


@pytest.fixture
def evidence(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "evidence")


def plan(world: World, *, rules: list[Rule] = RULES, days: int = 400) -> upkeep.RetentionPlan:
    with world.store.reading() as uow:
        at_utc = NOW + timedelta(days=days)
        return upkeep.plan_retention(uow, world.actors["organization"], rules, at_utc=at_utc)


def remove(world: World, evidence: LocalStore) -> set[UUID]:
    actor = world.actors["organization"]
    done = upkeep.carry_out(world.store, evidence, actor, RULES, digest=plan(world).digest, at_utc=LATER)
    return {one.visit_id for one in done.removes}


def test_what_is_old_and_in_order_goes_and_the_log_stays_whole(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    with world.store.reading() as uow:
        before = log.head(uow)
    assert plan(world, days=364).removes == ()
    assert remove(world, evidence) == {visit_id}
    assert list(evidence.walk()) == []
    with world.store.reading() as uow:
        assert log.recompute_root(uow) == log.head(uow)
        assert log.prove_growth(uow, before.size, log.head(uow).size).first_root_hex == before.root_hex
        assert uow.session.scalars(select(PhotoFact).where(PhotoFact.visit_id == visit_id)).all() == []
        [index] = log.entries_saying(uow, ("removal",), "visit_id", {str(visit_id)})
        said = log.opening(uow, index)
        assert said is not None
        assert (said.said["rule"], len(said.said["photos"]), len(said.said["records"])) == ("正常满一年", 2, 7)
        assert all(log.opening(uow, entry) is None for entry in said.said["entries"])
        assert upkeep.open_entry(uow, world.actors["organization"], index, at_utc=LATER) == said
    report = upkeep.check(world.store, evidence)
    assert (report.findings, report.removed_visits) == ((), 1)
    assert plan(world).removes == ()


def test_a_removed_visit_is_shown_as_removed_and_not_as_an_error(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    remove(world, evidence)
    seen = world.look(visit_id)
    assert (seen.removed_by_rule, seen.removed_utc, seen.records, seen.photos) == ("正常满一年", LATER, (), ())
    world.judge(visit_id)
    assert world.look(visit_id).summary == seen.summary, "judging again changes nothing"
    with world.store.reading() as uow:
        assert receipt(uow, world.actors["organization"], visit_id).items == ()
        assert fieldwork.kept_of_visit(uow, world.actors["organization"], visit_id) == []


def test_a_bundle_of_it_tells_removed_from_missing(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    remove(world, evidence)
    data = bundle(world, evidence, visit_id)
    assert not any(photo in data for photo in PHOTOS)
    verdict = verify_bundle(as_file(data))
    assert (verdict.records, verdict.photos, verdict.removed) == (0, 0, 9)
    assert any("正常满一年" in remark for remark in verdict.remarks)


def test_a_photo_that_two_visits_share_stays_until_both_are_gone(world: World, evidence: LocalStore) -> None:
    old = make_visit(world, evidence, photos=PHOTOS[:2])
    first, _ = world.open_visit()
    first.arrive()
    first.photo(PHOTOS[0])
    first.problem()
    first.close()
    world.send(first)
    arrive_with(world, evidence, first, PHOTOS[0])
    world.judge(first.visit_id)
    assert remove(world, evidence) == {old}
    assert list(evidence.walk()) == [hashlib.sha256(PHOTOS[0]).hexdigest()]
    assert upkeep.check(world.store, evidence).findings == ()


def test_a_run_that_was_cut_off_is_told_and_finished_by_the_next(world: World, evidence: LocalStore) -> None:
    make_visit(world, evidence)
    with pytest.raises(ZeroDivisionError):
        upkeep.carry_out(
            world.store,
            _Cut(evidence),  # type: ignore[arg-type]
            world.actors["organization"],
            RULES,
            digest=plan(world).digest,
            at_utc=LATER,
        )
    assert {f.what for f in upkeep.check(world.store, evidence).findings} == {"removal"}
    assert remove(world, evidence) == set()
    assert list(evidence.walk()) == []
    assert upkeep.check(world.store, evidence).findings == ()


class _Cut:
    """A store whose disk goes away in the middle of a removal."""

    def __init__(self, store: LocalStore) -> None:
        self.holds_any = store.holds_any

    def remove(self, _sha256_hex: str) -> None:
        raise ZeroDivisionError


def test_nothing_that_is_open_goes(world: World, evidence: LocalStore) -> None:
    first, _ = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示李二"], "not_met")
    first.problem()
    first.photo(PHOTOS[0])
    first.close()
    world.send(first)
    world.judge(first.visit_id)
    with world.store.writing() as uow:
        enter_problems(uow, first.visit_id, at_utc=NOW)
    found = plan(world, days=2000)
    assert found.removes == ()
    [stays] = found.stays
    for why in ("has not arrived", "waits for review", "problem is not settled"):
        assert why in stays.stays_because


def test_an_open_visit_stays_however_old(world: World, evidence: LocalStore) -> None:
    first, _ = world.open_visit()
    first.arrive()
    world.send(first)
    world.judge(first.visit_id)
    assert [one.stays_because for one in plan(world, days=9000).stays] == ["the visit is not closed"]


def test_only_what_was_looked_at_is_removed_by_whoever_may(world: World, evidence: LocalStore) -> None:
    make_visit(world, evidence)
    with pytest.raises(PlanChanged):
        upkeep.carry_out(
            world.store, evidence, world.actors["organization"], RULES, digest="000000000000", at_utc=LATER
        )
    with world.store.reading() as uow:
        with pytest.raises(NotAllowed):
            upkeep.plan_retention(uow, world.actors["admin"], RULES, at_utc=LATER)
        assert upkeep.plan_retention(uow, world.actors["stranger"], RULES, at_utc=LATER).removes == ()
    assert len(list(evidence.walk())) == 2


def test_what_comes_after_the_removal_is_refused_in_words(world: World, evidence: LocalStore) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.close()
    second.arrive()
    second.finish()
    world.send(first)
    world.send(second)
    world.judge(first.visit_id)
    remove(world, evidence)
    first.make("all_in_order")
    with pytest.raises(RemovedByRule):
        world.send(first)
    with world.store.reading() as uow:
        assert intake.removal_of(uow, first.visit_id) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rule = 3",
        '[[rule]]\nname="a"\nof="in_order"',
        '[[rule]]\nname="a"\nof="whatever"\ndays=3',
        '[[rule]]\nname="a"\nof="in_order"\ndays=0',
        '[[rule]]\nname="a"\nof="in_order"\ndays=3\n[[rule]]\nname="b"\nof="in_order"\ndays=4',
        '[[rule]]\nname=""\nof="in_order"\ndays=3',
        "not toml [",
    ],
)
def test_rules_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(BadRules):
        upkeep.read_rules(text)


def test_rules_are_read_as_written() -> None:
    assert upkeep.read_rules('[[rule]]\nname="正常满一年"\nof="in_order"\ndays=365') == RULES[:1]


def test_the_night_names_what_is_due_once_and_removes_nothing(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    rules = upkeep.NightRules(blur_days=3650, removal=tuple(RULES))

    def said_after(days: int) -> list[object]:
        upkeep.by_night(world.store, rules, at_utc=NOW + timedelta(days=days))
        with world.store.reading() as uow:
            return [one.detail for one in reversed(audit_trail(uow, world.actors["discipline"], act="retention.due"))]

    assert said_after(300) == [], "nothing is old enough"
    due = {"due": 1, "held_back": 0}
    assert said_after(400) == said_after(401) == [due]
    with world.store.reading() as uow:
        assert upkeep.count_due(uow, RULES, at_utc=LATER) == [upkeep.Due("350924", 1, 0)]
        assert upkeep.count_due(uow, [], at_utc=LATER) == []
    assert remove(world, evidence) == {visit_id}, "it was all still there"
    assert said_after(402) == [due, {"due": 0, "held_back": 0}]

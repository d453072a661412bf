"""Positions are blurred by rule: what was judged of them stays, the rest cannot be opened, and the log tells it all."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text

from media.errors import ProofBroken, SealBroken
from media.proof import canonical, verify_bundle
from media.store import LocalStore
from tests.visits.upkeep.bundles import PHOTOS, as_file, bundle, make_visit
from tests.visits.upkeep.test_forged_bundle import Members, forged
from tests.visits.world import NOW, World
from visits import fieldwork, intake, log, upkeep
from visits.access import NotAllowed
from visits.intake import KeptDelivery, ReceivedRecord, VisitKey
from visits.people import LeaveRow
from visits.upkeep import Rule

DAYS = 90
TODAY = date(2026, 11, 18)
LATER = NOW + timedelta(days=DAYS + 1)


@pytest.fixture
def evidence(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "evidence")


def blur(world: World, *, days_after: int = DAYS + 1) -> int:
    return upkeep.blur_visits(world.store, days=DAYS, at_utc=NOW + timedelta(days=days_after))


def texts_of(world: World, visit_id: UUID) -> str:
    """Everything that can be read of a visit's records, and of what was sent and not taken."""
    with world.store.reading() as uow:
        delivered = [one.text or "" for one in intake.delivered_records(uow, visit_id)]
        return "".join([*delivered, *(one.text for one in intake.kept_records(uow, visit_id))])


def test_a_visit_reads_the_same_afterwards_but_for_its_positions(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    before = world.look(visit_id)
    place = before.records[0].fixes[0]
    assert str(place.lon_deg) in texts_of(world, visit_id)
    assert blur(world, days_after=DAYS - 1) == 0
    assert blur(world) == 1
    assert "lon_deg" not in texts_of(world, visit_id)
    world.judge(visit_id)
    after = world.look(visit_id)
    assert (after.summary, after.sightings, after.hints) == (before.summary, before.sightings, before.hints)
    assert (after.blurred_utc, after.blurred_after_days) == (LATER, DAYS)
    for was, now in zip(before.records, after.records, strict=True):
        assert [(f.answer, f.probability_inside, f.signed_distance_m, f.accuracy_m) for f in now.fixes] == [
            (f.answer, f.probability_inside, f.signed_distance_m, f.accuracy_m) for f in was.fixes
        ]
        assert all((f.blurred, f.lon_deg, f.wgs84_lat_deg) == (True, None, None) for f in now.fixes)
    report = upkeep.check(world.store, evidence)
    assert report.findings == ()
    with world.store.writing() as uow:
        upkeep.begin_blurring(uow, at_utc=LATER)
    assert blur(world) == 0, "nothing is left to do"


def test_the_signed_texts_cannot_be_opened_any_more_and_the_old_key_is_nowhere(
    world: World, evidence: LocalStore
) -> None:
    visit_id = make_visit(world, evidence)
    with world.store.reading() as uow:
        wrapped = uow.session.get_one(VisitKey, visit_id).wrapped_key
    blur(world)
    with world.store.reading() as uow:
        for row in uow.session.scalars(select(ReceivedRecord).where(ReceivedRecord.visit_id == visit_id)):
            with pytest.raises(SealBroken):
                intake.open_for_visit(uow, visit_id, row.sealed_text, row.sha256)
        found = uow.session.scalars(select(VisitKey.wrapped_key)).all()
    assert wrapped not in found


def test_bundles_made_before_and_after_both_say_what_happened(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    early = bundle(world, evidence, visit_id)
    blur(world)
    late = bundle(world, evidence, visit_id)
    was, now = verify_bundle(as_file(early)), verify_bundle(as_file(late))
    assert (was.records, was.photos, was.blurred) == (7, 2, 0)
    assert (now.records + now.blurred, now.photos, now.removed) == (7, 2, 0)
    assert now.blurred > 0
    assert any(f"blurred to the village by rule, {DAYS} days after" in remark for remark in now.remarks)
    assert b"lon_deg" in early
    assert b"lon_deg" not in late


def test_a_copy_that_the_log_does_not_name_is_found(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    blur(world)
    data = bundle(world, evidence, visit_id)

    def make_up_a_copy(members: Members) -> None:
        visit = json.loads(members["visit.json"])
        one = next(one for one in visit["records"] if one["state"] == "blurred_by_rule")
        name = f"blurred/{one['sha256']}.json"
        members[name] = members[name].replace(b"inspector", b"Inspector") + b" "
        one["blurred_sha256"] = hashlib.sha256(members[name]).hexdigest()
        members["visit.json"] = canonical(visit)

    with pytest.raises(ProofBroken, match="the log knows no such copy"):
        verify_bundle(as_file(forged(data, make_up_a_copy)))


def test_the_log_names_the_rule_and_stays_whole(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    with world.store.reading() as uow:
        before = log.head(uow)
    blur(world)
    with world.store.reading() as uow:
        assert log.recompute_root(uow) == log.head(uow)
        assert log.prove_growth(uow, before.size, log.head(uow).size).first_root_hex == before.root_hex
        [index] = log.entries_saying(uow, ("blur",), "visit_id", {str(visit_id)})
        said = upkeep.open_entry(uow, world.actors["organization"], index, at_utc=LATER).said
        assert (said["days"], len(said["records"])) == (DAYS, 7)
        acts = uow.session.execute(text("SELECT act, about FROM audit WHERE act = 'visit.blur'")).all()
        assert [tuple(row) for row in acts] == [("visit.blur", f"visit:{visit_id}")]


def test_what_is_open_about_people_holds_it_back_and_an_unsettled_problem_does_not(
    world: World, evidence: LocalStore
) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示李二"], "not_met")
    first.problem()
    first.close()
    second.arrive()
    second.finish()
    for phone in (first, second):
        world.send(phone)
    world.judge(first.visit_id)
    assert blur(world) == 0
    with world.store.reading() as uow:
        [held] = upkeep.held_back(uow, world.actors["organization"], days=DAYS, at_utc=LATER)
        assert held.stays_because == "an absence waits for review"
        with pytest.raises(NotAllowed):
            upkeep.held_back(uow, world.actors["office"], days=DAYS, at_utc=LATER)
        assert upkeep.held_back(uow, world.actors["stranger"], days=DAYS, at_utc=LATER) == []
    world.ask_books(TODAY, LeaveRow(1, "演示李二", "事假", TODAY, TODAY, township_approved_at=TODAY))
    world.judge(first.visit_id)
    assert world.outcomes(first.visit_id) == {"演示李二": "leave"}
    assert blur(world) == 1


def test_what_comes_late_is_judged_and_blurred_by_the_next_run(world: World, evidence: LocalStore) -> None:
    first, second = world.open_visit()
    for phone in (first, second):
        phone.arrive()
        phone.sight(world.postings["演示李二"], "met")
    first.close()
    second.finish()
    world.send(first)
    world.send(second)
    world.judge(first.visit_id)
    visit_id = first.visit_id
    assert blur(world) == 1
    second.arrive()
    world.send(second)
    world.judge(visit_id)
    assert "lon_deg" in texts_of(world, visit_id)
    assert world.look(visit_id).summary.whereabouts == "inside"
    assert blur(world, days_after=DAYS + 2) == 1
    assert "lon_deg" not in texts_of(world, visit_id)
    assert upkeep.check(world.store, evidence).findings == ()
    assert verify_bundle(as_file(bundle(world, evidence, visit_id))).blurred > 0


def test_what_a_photo_says_of_its_place_goes_too_and_what_could_not_be_read_is_emptied(
    world: World, evidence: LocalStore
) -> None:
    visit_id = make_visit(world, evidence)
    digest = hashlib.sha256(PHOTOS[0]).hexdigest()
    with world.store.writing() as uow:
        facts = {"lon_deg": 119.5, "lat_deg": 26.6, "altitude_m": 3.0, "make": "Demo"}
        fieldwork.record_inspection(uow, visit_id, digest, facts=facts, at_utc=NOW)
        intake.keep_unreadable(uow, world.actors["first"], visit_id, b"torn, at 119.5", "unreadable", at_utc=NOW)
    blur(world)
    with world.store.reading() as uow:
        [photo] = [p for p in world.look(visit_id).photos if p.sha256 == digest]
        assert (photo.facts["lon_deg"], photo.facts["make"]) == (None, "Demo")
        assert uow.session.scalars(select(KeptDelivery.sealed_body)).all() == [b""]
    assert "119.5" not in texts_of(world, visit_id)


def test_a_blurred_visit_is_removed_by_rule_like_any_other(world: World, evidence: LocalStore) -> None:
    visit_id = make_visit(world, evidence)
    blur(world)
    rules, actor, at_utc = (
        [Rule("正常满一年", "in_order", 365)],
        world.actors["organization"],
        NOW + timedelta(days=400),
    )
    with world.store.reading() as uow:
        plan = upkeep.plan_retention(uow, actor, rules, at_utc=at_utc)
    upkeep.carry_out(world.store, evidence, actor, rules, digest=plan.digest, at_utc=at_utc)
    assert upkeep.check(world.store, evidence).findings == ()
    assert verify_bundle(as_file(bundle(world, evidence, visit_id))).removed == 9
    assert blur(world, days_after=500) == 0

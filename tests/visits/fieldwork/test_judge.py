"""From records to a visit: union of two phones, whereabouts, leave as known then, completeness."""

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

import pytest
from sqlalchemy import select

from geo import Datum, convert
from tests.visits.fieldwork.test_coverage import counted
from tests.visits.world import CANTEEN, NOW, OFFICE_SITE, XIPU, Phone, World, fix
from visits import fieldwork, intake, people
from visits.fieldwork import FixJudgement, SightingJudgement
from visits.people import LeaveRow
from visits.presence import TRUST_BY_SIGN
from visits.review.fits import sighting_for_model
from visits.store import Job

TODAY = date(2026, 11, 18)


def both_send(world: World, first: Phone, second: Phone) -> None:
    for phone in (first, second):
        world.send(phone)
    world.judge(first.visit_id)


def a_clean_visit(world: World, **closing: bool) -> tuple[Phone, Phone]:
    first, second = world.open_visit()
    arrival = first.arrive()
    second.make(
        "confirm", arrive_id=str(arrival), arrive_sha256=hashlib.sha256(first.texts[0].encode()).hexdigest(), fix=fix()
    )
    first.sight(world.postings["演示张一"], "met", met_by_both=True)
    first.sight(world.postings["演示李二"], "not_met")
    second.finish()
    first.close(**closing)
    both_send(world, first, second)
    return first, second


def test_b1_the_union_of_two_phones_is_the_visit(world: World) -> None:
    first, _ = a_clean_visit(world)
    seen = world.look(first.visit_id)
    assert (seen.summary.state, seen.summary.complete, seen.missing) == ("closed", True, ())
    assert seen.summary.whereabouts == "inside"
    assert len(seen.records) == 6
    assert world.hints(first.visit_id) == set()


def test_judging_again_changes_nothing(world: World) -> None:
    first, _ = a_clean_visit(world)
    before = world.look(first.visit_id)
    for _ in range(3):
        world.judge(first.visit_id)
    after = world.look(first.visit_id)
    assert (after.sightings, after.hints, after.missing) == (before.sightings, before.hints, before.missing)


def test_many_people_are_judged_in_as_many_statements_as_one(world: World) -> None:
    visits = []
    for names in (["演示张一"], list(world.postings)):
        first, _ = world.open_visit()
        for name in names:
            first.sight(world.postings[name], "not_met")
        world.send(first)
        visits.append(first.visit_id)
    cost = []
    for visit_id in visits:
        with counted(world.store) as asked:
            world.judge(visit_id)
        # SQLAlchemy writes each row that is new to the session by itself where it wants the number of it back.
        cost.append(sum("INSERT" not in statement for statement in asked))
    assert len(world.postings) > 2
    assert cost[0] == cost[1]


def test_an_assignment_has_ended_with_its_visit_for_the_team_and_whoever_reads_visits(world: World) -> None:
    first, _ = a_clean_visit(world)
    going_on, _ = world.open_visit(village_code=XIPU)
    going_on.arrive()
    both_send(world, going_on, going_on)
    ended = {world.look(first.visit_id).assignment_id}
    with world.store.reading() as uow:
        for who in ("first", "second", "organization"):
            assert set(fieldwork.ended_assignments(uow, world.actors[who], on=TODAY)) == ended
        assert fieldwork.ended_assignments(uow, world.actors["third"], on=TODAY) == []
        assert fieldwork.ended_assignments(uow, world.actors["first"], on=TODAY + timedelta(days=2)) == []


def test_only_a_visit_with_a_problem_is_entered_in_the_ledger(world: World) -> None:
    waiting = select(Job.subject).where(Job.kind == "enter_ledger", Job.state == "waiting")
    first, _ = a_clean_visit(world)
    with world.store.reading() as uow:
        assert uow.session.scalars(waiting).all() == []
    first.problem()
    world.send(first)
    world.judge(first.visit_id)
    with world.store.reading() as uow:
        assert uow.session.scalars(waiting).all() == [str(first.visit_id)]


def test_the_second_phone_may_come_later(world: World) -> None:
    first, second = world.open_visit()
    arrival = first.arrive()
    first.close()
    world.send(first)
    world.judge(first.visit_id)
    silent = world.look(first.visit_id)
    assert not silent.summary.complete  # the second phone may hold half the visit
    assert [(m["what"], m["account_id"]) for m in silent.missing] == [("end_of_phone", str(second.actor.account_id))]
    second.make("confirm", arrive_id=str(arrival), arrive_sha256="0" * 64, fix=fix())
    world.send(second)
    world.judge(first.visit_id)
    assert [m["what"] for m in world.look(first.visit_id).missing] == ["end_of_phone"]
    second.finish()
    world.send(second)
    world.judge(first.visit_id)
    assert world.look(first.visit_id).summary.complete
    assert "not_confirmed" in world.hints(first.visit_id)  # it named another record than the arrival


def test_a_visit_is_complete_only_when_every_photo_has_arrived(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    problem = first.problem()
    first.photo(b"one", of_record=problem)
    first.close()
    second.arrive()
    second.finish()
    both_send(world, first, second)
    digest = hashlib.sha256(b"one").hexdigest()
    assert list(world.look(first.visit_id).missing) == [{"what": "photo", "sha256": digest}]
    with world.store.writing() as uow:
        upload = intake.begin_upload(uow, first.actor, visit_id=first.visit_id, sha256=digest, size_bytes=3, at_utc=NOW)
        intake.complete_upload(uow, first.actor, upload.id, at_utc=NOW)
    world.judge(first.visit_id)
    seen = world.look(first.visit_id)
    assert seen.summary.complete
    with world.store.reading() as uow:
        receipt = fieldwork.receipt(uow, first.actor, first.visit_id)
    assert digest in {i.sha256 for i in receipt.items if i.what == "file"}


def test_records_that_did_not_arrive_are_named(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示张一"], "met")
    first.close()
    second.arrive()
    second.finish()
    world.send(second)
    world.send(first, [first.texts[0], first.texts[2]])
    world.judge(first.visit_id)
    [missing] = world.look(first.visit_id).missing
    assert (missing["what"], missing["numbers"]) == ("records", [2])


def test_a_record_that_was_refused_is_not_missing(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    for number in range(13):
        first.photo(b"photo %d" % number)
    first.close()
    second.arrive()
    second.finish()
    both_send(world, first, second)
    assert {m["what"] for m in world.look(first.visit_id).missing} == {"photo"}
    assert len(world.look(first.visit_id).missing) == 12


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        (fix(), "inside"),
        (fix(CANTEEN), "outside"),
        (fix(accuracy_m=3000.0), "cannot_tell"),
        (fix(accuracy_m=None), "cannot_tell"),
        (fix(datum="unknown"), "cannot_tell"),
        (fix((0.0, 0.0)), "cannot_tell"),
    ],
)
def test_each_meeting_has_its_own_whereabouts(world: World, place: dict[str, object], answer: str) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示张一"], "met", place=place)
    first.close()
    both_send(world, first, second)
    seen = world.look(first.visit_id)
    [sighting] = seen.sightings
    assert (sighting.now.outcome, sighting.now.place) == ("met", answer)
    assert seen.summary.whereabouts == "inside"
    assert (f"met_{answer}" in world.hints(first.visit_id)) is (answer != "inside")


def test_a_gcj02_fix_is_judged_where_it_really_is(world: World) -> None:
    shifted = convert(*OFFICE_SITE, source=Datum.WGS84, target=Datum.GCJ02)
    first, second = world.open_visit()
    first.arrive(fix(shifted, datum="gcj02"))
    second.arrive(fix(shifted, datum="wgs84"))
    both_send(world, first, second)
    found = {r.by: r.fixes[0].answer for r in world.look(first.visit_id).records}
    assert found == {"演示first": "inside", "演示second": "cannot_tell"}
    with world.store.reading() as uow:
        kept = {j.datum for j in uow.session.scalars(select(FixJudgement))}
    assert kept == {"gcj02", "wgs84"}


def test_until_both_books_were_asked_a_miss_is_pending_and_then_only_unexplained(world: World) -> None:
    first, _ = a_clean_visit(world)
    assert world.outcomes(first.visit_id) == {"演示张一": "met", "演示李二": "leave_pending"}
    world.ask_books(TODAY, at_utc=NOW + timedelta(hours=8))
    world.judge(first.visit_id, at_utc=NOW + timedelta(hours=9))
    assert world.outcomes(first.visit_id)["演示李二"] == "not_met"
    sighting = next(s for s in world.look(first.visit_id).sightings if s.now.outcome == "not_met")
    assert [j.outcome for j in sighting.before] == ["leave_pending"]  # what was known when stays


def test_leave_in_a_book_explains_the_miss(world: World) -> None:
    leave = LeaveRow(
        1, "演示李二", "事假", date(2026, 11, 17), date(2026, 11, 19), township_approved_at=date(2026, 11, 16)
    )
    world.ask_books(date(2026, 11, 17), leave, at_utc=NOW - timedelta(hours=3))
    first, _ = a_clean_visit(world)
    assert world.outcomes(first.visit_id)["演示李二"] == "leave"


def test_a_leave_book_that_comes_in_asks_for_another_look(world: World) -> None:
    first, _ = a_clean_visit(world)
    with world.store.writing() as uow:
        uow.session.execute(Job.__table__.delete())
        assert fieldwork.judge_pending(uow, "350924", at_utc=NOW) == 1
        assert fieldwork.judge_pending(uow, "350981", at_utc=NOW) == 0
        assert uow.session.scalars(select(Job.subject)).all() == [str(first.visit_id)]


def test_a_leave_book_that_says_nothing_new_of_a_visit_leaves_it_alone(world: World) -> None:
    first, _ = a_clean_visit(world)
    asked, judged = NOW + timedelta(days=3), NOW + timedelta(days=5)
    world.ask_books(TODAY, at_utc=asked)
    world.judge(first.visit_id, at_utc=judged)
    assert world.outcomes(first.visit_id)["演示李二"] == "not_met"

    def asks_again(at_utc: datetime) -> int:
        with world.store.writing() as uow:
            return fieldwork.judge_pending(uow, "350924", at_utc=at_utc)

    world.ask_books(TODAY, LeaveRow(1, "演示张一", "事假", TODAY, TODAY), at_utc=judged + timedelta(days=2))
    assert asks_again(judged + timedelta(days=2)) == 0, "the leave of somebody who was met changes nothing here"
    missed = LeaveRow(1, "演示李二", "事假", TODAY, TODAY, township_approved_at=TODAY)
    world.ask_books(TODAY, missed, at_utc=judged + timedelta(days=3))
    assert asks_again(judged + timedelta(days=3)) == 1
    world.judge(first.visit_id, at_utc=judged + timedelta(days=5))
    assert world.outcomes(first.visit_id)["演示李二"] == "leave"
    assert asks_again(judged + timedelta(days=6)) == 0
    late = replace(missed, returned_on=TODAY)
    world.ask_books(TODAY, late, at_utc=judged + timedelta(days=7))
    assert asks_again(judged + timedelta(days=7)) == 1, "a leave that was rewritten is news too"


def test_having_met_somebody_is_not_undone_by_a_colleague_who_did_not(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示张一"], "not_met")
    second.arrive()
    second.sight(world.postings["演示张一"], "met")
    both_send(world, first, second)
    assert world.outcomes(first.visit_id) == {"演示张一": "met"}
    assert "inspectors_differ" in world.hints(first.visit_id)


def test_nobody_is_missed_where_presence_is_not_required(world: World) -> None:
    evening = NOW + timedelta(hours=9)  # seven in the evening
    first, second = world.open_visit(at_utc=evening)
    first.arrive()
    first.sight(world.postings["演示赵四"], "not_met", at=evening)  # a linked helper need not live there
    world.ask_books(TODAY, at_utc=evening)
    both_send(world, first, second)
    assert world.outcomes(first.visit_id) == {"演示赵四": "excused"}


def test_a_day_declared_free_asks_nobody_and_changes_no_earlier_judgement(world: World) -> None:
    world.ask_books(TODAY)
    before, _ = a_clean_visit(world)
    assert world.outcomes(before.visit_id)["演示李二"] == "not_met"
    with world.store.writing() as uow:
        organization = world.actors["organization"]
        people.declare_days(uow, organization, [TODAY], works=False, reason="台风停工", at_utc=NOW)
    after, _ = a_clean_visit(world)
    assert world.outcomes(after.visit_id)["演示李二"] == "excused"
    world.judge(before.visit_id)
    assert world.outcomes(before.visit_id)["演示李二"] == "not_met"


def test_a_posting_nobody_knows_is_a_hint_and_no_sighting(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.sight(uuid4(), "not_met")
    both_send(world, first, second)
    assert world.outcomes(first.visit_id) == {}
    assert "posting_unknown" in world.hints(first.visit_id)


def test_b5_an_escorted_visit_is_not_unannounced_and_leaves_the_coverage_figure(world: World) -> None:
    first, _ = a_clean_visit(world, escorted=True)
    assert not world.look(first.visit_id).summary.unannounced_indeed
    with world.store.reading() as uow:
        assert [c.visits for c in fieldwork.coverage(uow, world.actors["leader"])] == [0, 0, 0]
    assert "escorted" in world.hints(first.visit_id)


def test_an_aborted_visit_says_so(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    first.make("abort", records=2, reason="山洪断路")
    world.send(first)
    world.judge(first.visit_id)
    assert world.look(first.visit_id).summary.state == "aborted"


def test_a_phone_whose_clock_was_wrong_is_set_right_by_its_opening(world: World) -> None:
    skew = timedelta(hours=3)
    first, second = world.open_visit(skew=skew)
    first.make("arrive", at=NOW + skew, fix=fix(), no_fix_reason=None)
    both_send(world, first, second)
    [record] = world.look(first.visit_id).records
    assert (record.made_at, record.at_utc) == (NOW + skew, NOW)
    assert "clock_skew" in world.hints(first.visit_id)


def test_a_village_without_any_place_cannot_tell(world: World) -> None:
    first, second = world.open_visit(village_code=XIPU)
    first.arrive()
    both_send(world, first, second)
    assert world.look(first.visit_id).summary.whereabouts == "cannot_tell"


def test_judgements_are_never_changed(world: World) -> None:
    a_clean_visit(world)
    with pytest.raises(Exception, match="keeps what it holds"), world.store.writing() as uow:
        uow.session.scalars(select(SightingJudgement)).first().outcome = "not_met"  # type: ignore[union-attr]


def test_a_room_in_use_is_kept_with_the_judgement_and_weighed(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示李二"], "seen_by_others", sign="room_in_use")
    first.close()
    second.finish()
    both_send(world, first, second)
    [seen] = world.look(first.visit_id).sightings
    assert (seen.now.outcome, seen.now.sign) == ("seen_by_others", "room_in_use")
    with world.store.reading() as uow:
        [known] = fieldwork.sightings_known(uow, "350924", until=TODAY + timedelta(days=9), known_at_utc=NOW)
    assert known.sign == "room_in_use"
    assert sighting_for_model(known).trust == TRUST_BY_SIGN["room_in_use"]


def test_a_photo_of_a_room_in_use_is_told(world: World) -> None:
    [first] = world.open_visit("first")
    first.arrive()
    room = first.sight(world.postings["演示李二"], "seen_by_others", sign="room_in_use")
    first.photo(b"of the room", of_record=room)
    first.photo(b"of the village")
    world.send(first)
    world.judge(first.visit_id)
    [hint] = [h for h in world.look(first.visit_id).hints if h.code == "room_photographed"]
    assert hint.about == f"photo:{sha256(b'of the room').hexdigest()}"

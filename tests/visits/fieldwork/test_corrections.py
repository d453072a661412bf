"""Corrections of a real visit: appended, shown beside what they correct, by the same account only."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from tests.visits.world import NOW, Phone, World
from visits import fieldwork
from visits.access import NotAllowed

LATER = NOW + timedelta(hours=5)


@pytest.fixture
def closed(world: World) -> tuple[Phone, Phone]:
    return world.kept(a_closed_visit)


def a_closed_visit(world: World) -> tuple[Phone, Phone]:
    """A complete visit: one person not met, one problem; both leave books asked and empty."""
    first, second = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示李二"], "not_met")
    first.problem(20)
    first.close()
    second.arrive()
    second.finish()
    for phone in (first, second):
        world.send(phone)
    world.ask_books(date(2026, 11, 18))
    world.judge(first.visit_id)
    assert world.look(first.visit_id).summary.complete
    return first, second


def made_by(phone: Phone, kind: str):  # type: ignore[no-untyped-def]
    return next(m["id"] for m in phone.made if m["kind"] == kind)


def send_and_judge(world: World, phone: Phone) -> fieldwork.VisitView:
    world.send(phone, phone.texts[-1:], at_utc=LATER)
    world.judge(phone.visit_id, at_utc=LATER)
    return world.look(phone.visit_id)


def test_a_correction_after_the_end_changes_the_word_and_keeps_both(world: World, closed: tuple[Phone, Phone]) -> None:
    first, _ = closed
    made = first.correct(made_by(first, "sighting"), seen="met", note="在邻村入户", at=LATER)
    seen = send_and_judge(world, first)
    assert (seen.summary.state, seen.summary.complete, seen.missing) == ("closed", True, ())
    [sighting] = seen.sightings
    assert (sighting.now.outcome, [b.outcome for b in sighting.before]) == ("met", ["not_met"])
    record = next(r for r in seen.records if r.kind == "sighting")
    assert record.first_body is not None
    assert (record.first_body["seen"], record.body["seen"]) == ("not_met", "met")
    assert [(c.record_id, c.reason) for c in record.corrections] == [(made, "看错了")]
    assert made in [r.id for r in seen.records]
    assert not {h.code for h in seen.hints} & {"correction_idle", "chain_fork", "chain_broken"}


def test_the_chain_is_still_checked_after_the_last_record(world: World, closed: tuple[Phone, Phone]) -> None:
    first, _ = closed
    first.texts[-1] += " "
    first.correct(made_by(first, "sighting"), seen="met")
    assert any(h.code.startswith("chain_") for h in send_and_judge(world, first).hints)


def test_the_latest_correction_decides_in_whatever_order_they_arrive(world: World, closed: tuple[Phone, Phone]) -> None:
    first, _ = closed
    of = made_by(first, "sighting")
    first.correct(of, seen="cannot_tell", at=LATER)
    first.correct(of, seen="met", at=LATER)
    world.send(first, first.texts[-1:], at_utc=LATER)
    world.judge(first.visit_id, at_utc=LATER)
    world.send(first, first.texts[-2:-1], at_utc=LATER)
    world.judge(first.visit_id, at_utc=LATER)
    assert world.outcomes(first.visit_id) == {"演示李二": "met"}


def test_somebody_elses_record_is_not_corrected(world: World, closed: tuple[Phone, Phone]) -> None:
    first, second = closed
    second.made.append(next(m for m in first.made if m["kind"] == "sighting"))
    second.texts.append(next(t for t, m in zip(first.texts, first.made, strict=True) if m["kind"] == "sighting"))
    second.correct(made_by(first, "sighting"), seen="met", at=LATER)
    [receipt] = world.send(second, second.texts[-1:], at_utc=LATER).receipts
    assert (receipt.outcome, receipt.reason) == ("refused", "not_own_record")
    world.judge(first.visit_id, at_utc=LATER)
    seen = world.look(first.visit_id)
    assert world.outcomes(first.visit_id) == {"演示李二": "not_met"}
    assert [(k.kind, k.reason) for k in seen.kept] == [("correction", "not_own_record")]


def test_a_correction_that_came_before_somebody_elses_record_changes_nothing_either(world: World) -> None:
    first, second = world.open_visit()
    first.sight(world.postings["演示李二"], "not_met")
    second.made, second.texts = list(first.made), list(first.texts)
    second.correct(made_by(first, "sighting"), seen="met")
    world.send(second, second.texts[-1:])
    world.send(first)
    world.judge(first.visit_id)
    assert world.outcomes(first.visit_id)["演示李二"] != "met"
    assert "correction_idle" in world.hints(first.visit_id)


def test_whom_a_corrected_record_no_longer_speaks_of_is_cleared(world: World, closed: tuple[Phone, Phone]) -> None:
    """It was 王三 who was not there: nothing may stand against 李二."""
    first, _ = closed
    first.correct(made_by(first, "sighting"), posting_id=str(world.postings["演示王三"]), at=LATER)
    seen = send_and_judge(world, first)
    assert world.outcomes(first.visit_id) == {"演示李二": "cannot_tell", "演示王三": "not_met"}
    cleared = next(s for s in seen.sightings if s.posting_id == world.postings["演示李二"])
    assert (cleared.now.reasons, cleared.record_ids) == (("corrected_away",), ())
    world.judge(first.visit_id, at_utc=LATER)
    assert len(next(s for s in world.look(first.visit_id).sightings if s.id == cleared.id).before) == 1


def test_the_closing_is_corrected_and_leaves_the_coverage_figure(world: World, closed: tuple[Phone, Phone]) -> None:
    first, _ = closed
    first.correct(made_by(first, "close"), escorted=True, records=1, at=LATER)
    seen = send_and_judge(world, first)
    assert (seen.escorted, seen.summary.complete, seen.summary.unannounced_indeed) == (True, True, False)


def test_answers_are_corrected_and_show_what_was_answered_first(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    made = first.answers(("living_bed", "no"), ("living_meals", "yes"))
    answers = [
        {"question_id": "living_bed", "answer": "yes", "asked": None, "know": None, "note": "在二楼"},
        {"question_id": "living_meals", "answer": "yes", "asked": None, "know": None, "note": ""},
    ]
    first.correct(made, answers=answers)
    world.send(first)
    world.judge(first.visit_id)
    shown = {a.question_id: a for a in world.look(first.visit_id).answers}
    assert (shown["living_bed"].answer, shown["living_bed"].note) == ("yes", "在二楼")
    assert shown["living_bed"].before is not None and shown["living_bed"].before["answer"] == "no"
    assert shown["living_meals"].before is None


def test_corrections_hide_with_what_they_correct(world: World) -> None:
    first, _ = world.open_visit()
    of_person, of_problem = first.sight(world.postings["演示李二"], "not_met"), first.problem(20, text="先前的话")
    first.correct(of_person, seen="met")
    first.correct(of_problem, item=17, text="有人截留")
    first.correct(of_problem, item=20, text="改回来")
    world.send(first)
    world.judge(first.visit_id)
    assert {r.kind for r in world.look(first.visit_id, "organization").records} == {"sighting", "correction"}
    assert world.look(first.visit_id, "office").records == ()
    assert len(world.look(first.visit_id, "first").records) == 5


def test_a_correction_needs_no_reviewer_but_a_reader_needs_the_visit(world: World, closed: tuple[Phone, Phone]) -> None:
    with pytest.raises(NotAllowed):
        world.look(closed[0].visit_id, "discipline")


def test_a_clock_far_off_on_sending_is_told_when_no_opening_told_it(world: World) -> None:
    first, second = world.open_visit()
    elsewhere, key = world.phone_actor("second")
    unopened = Phone(elsewhere, key, first.visit_id)
    unopened.arrive()
    second.arrive()
    world.send(unopened, device_utc=NOW - timedelta(minutes=40))
    world.send(second, device_utc=NOW - timedelta(minutes=40))
    world.judge(first.visit_id)
    told = [h for h in world.look(first.visit_id).hints if h.code == "clock_on_sending"]
    assert [(h.about, h.values["seconds"]) for h in told] == [(f"phone:{elsewhere.device_id}", -2400)]


def test_a_slow_line_is_no_wrong_clock(world: World) -> None:
    first, _ = world.open_visit()
    elsewhere, key = world.phone_actor("second")
    slow = Phone(elsewhere, key, first.visit_id)
    slow.arrive()
    slow.finish()
    world.send(slow, slow.texts[:1], device_utc=NOW - timedelta(minutes=40))
    world.send(slow, slow.texts[1:], device_utc=NOW - timedelta(seconds=5))
    world.judge(first.visit_id)
    assert "clock_on_sending" not in world.hints(first.visit_id)


@pytest.mark.parametrize(("minutes", "told"), [(59, False), (61, True), (-600, False)])
def test_a_file_older_than_the_visit_is_a_weak_hint(world: World, minutes: int, told: bool) -> None:
    first, _ = world.open_visit()
    first.arrive()
    first.photo(b"one", file_modified_at=(NOW - timedelta(minutes=minutes)).isoformat())
    first.photo(b"two", file_modified_at=None)
    world.send(first)
    world.judge(first.visit_id)
    strength = [h.strength for h in world.look(first.visit_id).hints if h.code == "file_older"]
    assert strength == (["weak"] if told else [])


def test_a_correction_of_nothing_is_kept_and_told(world: World, closed: tuple[Phone, Phone]) -> None:
    first, _ = closed
    body = next(m["body"] for m in first.made if m["kind"] == "problem")
    first.make("correction", of_record=str(uuid4()), of_sha256="0" * 64, reason="无", body=body)
    assert "correction_idle" in {h.code for h in send_and_judge(world, first).hints}

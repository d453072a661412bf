"""Openings by key: as good as online ones, seen on the visit, dated by the nonce that came with the package."""

import json
from datetime import timedelta

from tests.visits.world import NOW, XIADANG, Phone, World, fix
from visits import fieldwork, plans

FAR = (119.52, 27.45)


def carried(world: World, *who: str, release_hours: float = 2, skew: timedelta = timedelta()) -> list[Phone]:
    """Phones that fetched their packages two days before the visit and opened nothing online."""
    early = NOW - timedelta(days=2)
    release = NOW + timedelta(hours=release_hours)
    team = tuple(world.actors[name].account_id for name in who)
    with world.store.writing() as uow:
        new = plans.NewAssignment(XIADANG, False, team, release, release + timedelta(days=1))
        made = plans.assign(uow, world.actors["office"], new, at_utc=early)
    phones = []
    for name in who:
        actor, key = world.phone_actor(name)
        with world.store.writing() as uow:
            package = plans.issue_package(
                uow, actor, made.id, write=lambda _: b"{}", device_utc=early + skew, at_utc=early
            )
        assert made.visit_id is not None
        phones.append(Phone(actor, key, made.visit_id, package.nonce))
    return phones


def judged(world: World, *phones: Phone) -> fieldwork.VisitView:
    for phone in phones:
        world.send(phone)
    world.judge(phones[0].visit_id)
    return world.look(phones[0].visit_id)


def hints(visit: fieldwork.VisitView) -> dict[str, str]:
    return {hint.code: hint.strength for hint in visit.hints}


def test_an_opening_by_key_is_a_fact_of_the_visit(world: World) -> None:
    [first] = carried(world, "first", release_hours=-1)
    first.make("open", how="key", fix=fix(FAR))
    first.arrive()
    first.close()
    visit = judged(world, first)
    [opened] = visit.openings
    assert (opened.by, opened.how, opened.at_utc) == ("演示first", "key", NOW)
    assert opened.fix is not None and opened.fix.answer == "outside"
    assert visit.release_utc == NOW - timedelta(hours=1)
    with world.store.reading() as uow:
        assert plans.assignment(uow, world.actors["office"], visit.assignment_id, at_utc=NOW).opened
    assert not {"opened_early", "nonce_absent", "nonce_unknown", "made_before_nonce"} & set(hints(visit))


def test_judging_again_keeps_one_opening(world: World) -> None:
    [first] = carried(world, "first", release_hours=-1)
    first.make("open", how="key", fix=None)
    judged(world, first)
    assert len(judged(world, first).openings) == 1


def test_a_visit_waits_for_the_phone_that_opened_by_key(world: World) -> None:
    first, second = carried(world, "first", "second", release_hours=-1)
    for phone in (first, second):
        phone.make("open", how="key", fix=None)
    first.arrive()
    first.close()
    visit = judged(world, first, second)
    assert [lack["what"] for lack in visit.missing] == ["end_of_phone"]
    assert hints(visit)["one_inspector"] == "sound", "whoever only opened it was not there"


def test_an_opening_before_the_release_is_told_with_its_minutes(world: World) -> None:
    [first] = carried(world, "first", release_hours=1)
    first.make("open", how="key", fix=None)
    visit = judged(world, first)
    [hint] = [h for h in visit.hints if h.code == "opened_early"]
    assert (hint.strength, hint.values) == ("medium", {"minutes": 60})


def test_a_clock_a_little_fast_is_no_early_opening(world: World) -> None:
    [first] = carried(world, "first", release_hours=0)
    first.make("open", at=NOW - timedelta(minutes=4), how="key", fix=None)
    assert "opened_early" not in hints(judged(world, first))


def test_a_wrong_clock_is_set_right_by_the_package_fetched_days_before(world: World) -> None:
    skew = timedelta(hours=-3)
    [first] = carried(world, "first", release_hours=-1, skew=skew)
    first.make("open", at=NOW + skew, how="key", fix=None)
    visit = judged(world, first)
    assert visit.openings[0].at_utc == visit.records[0].at_utc == NOW
    assert "clock_skew" in hints(visit)
    assert not {"opened_early", "made_before_nonce"} & set(hints(visit))


def test_of_several_pairs_of_clocks_the_nearest_counts(world: World) -> None:
    """The clock was right on the day of the package and three hours fast when opened online."""
    [first] = carried(world, "first", release_hours=-1)
    with world.store.writing() as uow:
        assigned = plans.assigned_visit(uow, first.visit_id)
        assert assigned is not None
        fast = NOW + timedelta(hours=3)
        plans.open_assignment(uow, first.actor, assigned.assignment_id, device_utc=fast, at_utc=NOW)
    first.make("arrive", at=NOW + timedelta(hours=3, minutes=5), fix=fix(), no_fix_reason=None)
    assert judged(world, first).records[0].at_utc == NOW + timedelta(minutes=5)


def test_a_nonce_that_was_given_to_nobody_is_told(world: World) -> None:
    [first] = carried(world, "first", release_hours=-1)
    first.nonce = "0" * 32
    first.arrive()
    assert hints(judged(world, first))["nonce_unknown"] == "sound"


def test_the_nonce_of_a_colleague_is_told_apart(world: World) -> None:
    first, second = carried(world, "first", "second", release_hours=-1)
    first.nonce = second.nonce
    first.arrive()
    assert hints(judged(world, first))["nonce_of_other_phone"] == "medium"


def test_no_nonce_is_a_weak_hint(world: World) -> None:
    [first] = carried(world, "first", release_hours=-1)
    first.make("arrive", fix=fix(), no_fix_reason=None)
    first.texts[0] = json.dumps(json.loads(first.texts[0]) | {"nonce": None})
    assert hints(judged(world, first))["nonce_absent"] == "weak"


def test_a_record_older_than_its_nonce_is_told(world: World) -> None:
    [first] = carried(world, "first", release_hours=-1)
    first.make("arrive", at=NOW - timedelta(days=3), fix=fix(), no_fix_reason=None)
    visit = judged(world, first)
    [hint] = [h for h in visit.hints if h.code == "made_before_nonce"]
    assert (hint.strength, hint.values) == ("medium", {"records": 1})


def test_what_was_made_within_the_window_raises_none_of_it(world: World) -> None:
    first, second = world.open_visit()
    for phone in (first, second):
        phone.arrive()
    told = hints(judged(world, first, second))
    assert not [code for code in told if "nonce" in code]

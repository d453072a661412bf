"""Who may read what a log entry says: whoever may read the thing it speaks of."""

from datetime import date, timedelta

import pytest

from tests.visits.review.test_after import answer, appeal, decided_against_somebody, third_person
from tests.visits.world import NOW, XIADANG, World
from visits import plans, review, upkeep
from visits.log import KINDS, LogLeaf, NotInLog, append, head, opening

ROLES = ("first", "third", "far_inspector", "office", "organization", "stranger", "leader", "discipline", "admin")


def openers(world: World, index: int) -> set[str]:
    """Those of the small county to whom an entry is opened."""
    may = set()
    with world.store.reading() as uow:
        for who in ROLES:
            try:
                upkeep.open_entry(uow, world.actors[who], index, at_utc=NOW)
            except NotInLog:
                continue
            may.add(who)
    return may


def entries(world: World, kind: str) -> list[int]:
    """Where the log holds entries of a kind."""
    with world.store.reading() as uow:
        said = [opening(uow, i) for i in range(head(uow).size)]
    return [one.index for one in said if one is not None and one.kind == kind]


def test_a_sealed_assignment_is_opened_to_nobody_but_the_office(world: World) -> None:
    with world.store.writing() as uow:
        team = (world.actors["first"].account_id,)
        span = (NOW + timedelta(hours=1), NOW + timedelta(days=1))
        plans.assign(uow, world.actors["office"], plans.NewAssignment(XIADANG, False, team, *span), at_utc=NOW)
    [index] = entries(world, "assignment")
    assert openers(world, index) == {"office"}


def test_each_entry_is_opened_to_those_whom_it_concerns(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示李二"], "not_met")
    first.close()
    second.arrive()
    second.finish()
    for phone in (first, second):
        world.send(phone)
    world.ask_books(date(2026, 11, 18))
    world.judge(first.visit_id)
    [sighting] = world.look(first.visit_id).sightings
    reviewer = world.actors["organization"]
    with world.store.writing() as uow:
        notice = review.give_notice(uow, reviewer, sighting.id, given_on=date(2026, 11, 18), how="link", at_utc=NOW)
        made = review.make_reply_link(uow, reviewer, notice.id, at_utc=NOW)
        assert review.reply_by_link(uow, made.token, made.code, text="在乡里开会", at_utc=NOW)
    of_visit = {"first", "office", "organization"}
    assert [openers(world, i) for i in entries(world, "records")] == [of_visit, of_visit]
    assert [openers(world, i) for i in entries(world, "visit_complete")] == [of_visit]
    for kind in ("notice.give", "reply_link", "reply.register"):
        assert [openers(world, i) for i in entries(world, kind)] == [{"organization"}]
    assert [openers(world, i) for i in entries(world, "assignment")] == [{"first", "office"}]
    own, others = entries(world, "opening")
    assert (openers(world, own), openers(world, others)) == ({"first"}, set())


def test_a_run_of_presence_is_for_those_of_its_county_who_read_of_people(world: World) -> None:
    with world.store.writing() as uow:
        said = {"run": 1, "county": XIADANG[:6], "input_sha256": "0" * 64}
        index = append(uow, "presence_run", said, at_utc=NOW).index
    assert openers(world, index) == {"organization"}


def test_what_was_removed_by_rule_is_not_there(world: World) -> None:
    world.open_visit()
    [index] = entries(world, "assignment")
    with world.store.writing() as uow:
        leaf = uow.session.get_one(LogLeaf, index)
        leaf.salt = leaf.payload = None
    assert openers(world, index) == set()


@pytest.mark.parametrize("index", [-1, 10_000])
def test_what_never_was_is_answered_alike(world: World, index: int) -> None:
    with world.store.reading() as uow, pytest.raises(NotInLog):
        upkeep.open_entry(uow, world.actors["office"], index, at_utc=NOW)


def test_what_follows_a_decision_is_opened_to_those_who_read_of_people(world: World) -> None:
    decided = world.kept(decided_against_somebody)
    waiting = appeal(world, decided.id)
    answer(world, waiting.id, third_person(world), set_aside=False)
    reviewer = world.actors["organization"]
    with world.store.writing() as uow:
        for addressee in review.ADDRESSEES:
            made = review.hand_over(
                uow, reviewer, decided.id, addressee=addressee, name="某单位", sent_on=NOW.date(), at_utc=NOW
            )
            review.note_consulted(uow, reviewer, made.id, on=NOW.date(), note="", at_utc=NOW)
        review.note_handled(uow, reviewer, made.id, on=NOW.date(), note="", at_utc=NOW)
    for kind, how_many in (
        ("decision.propose", 1),
        ("decision.second", 1),
        ("appeal.register", 1),
        ("appeal.answer", 1),
        ("breach.hand_over", 2),
        ("breach.consulted", 2),
        ("breach.handled", 1),
    ):
        assert [openers(world, i) for i in entries(world, kind)] == [{"organization"}] * how_many, kind


def test_every_kind_of_entry_says_whom_it_concerns_and_no_other_is_written(world: World) -> None:
    assert set(upkeep.CONCERNED) == KINDS
    with world.store.writing() as uow, pytest.raises(ValueError, match="no kind"):
        append(uow, "something.new", {}, at_utc=NOW)

"""The model on recorded visits: stored, as of any day, by the standard of the place, referring on the calendar only."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from api.presence_runs import make_run, review_presence
from tests.visits.review.county import most_are_present, visits_to
from tests.visits.world import COUNTY, NOW, World
from visits import review
from visits.access import NotAllowed
from visits.fieldwork import SightingJudgement
from visits.people import PostingKind, PostingVersion, posting_known, postings
from visits.presence import Gate, Standard
from visits.review.calendar import newest_review_day, review_days
from visits.review.rows import PresenceFinding, PresenceRun, Referral

IN_OCTOBER = datetime(2026, 10, 20, tzinfo=UTC)
WHO = "演示李二"
DAY = date(2026, 10, 31)  # the roster is known from the nineteenth of October on


def run(world: World, as_of: date, *, at_utc: datetime = NOW) -> review.RunView:
    with world.store.writing() as uow:
        [wanted] = review.runs_asked_for(uow, world.actors["organization"], as_of=as_of, at_utc=at_utc)
    return make_run(world.store, wanted, lambda: at_utc)


def finding(made: review.RunView, world: World, who: str = WHO) -> review.FindingView:
    return next(f for f in made.findings if f.posting_id == world.postings[who])


def on_calendar(world: World, at_utc: datetime = IN_OCTOBER) -> None:
    review_presence(world.store, lambda: at_utc)


def open_referrals(world: World, who: str = "organization", **filters: object) -> list[review.ReferralView]:
    with world.store.writing() as uow:
        return review.referrals(uow, world.actors[who], at_utc=NOW, **filters)  # type: ignore[arg-type]


@pytest.fixture
def missed(world: World) -> World:
    world.kept(missed_on_eight_visits)
    return world


def missed_on_eight_visits(world: World) -> None:
    """Somebody missed on eight random visits over eight months, in a county where most are present."""
    most_are_present(world)
    visits_to(world, [world.postings[WHO]], "nnnnnnnn")


def test_one_and_the_same_input_is_one_run(missed: World) -> None:
    made, again = run(missed, DAY), run(missed, DAY, at_utc=NOW + timedelta(days=1))
    assert made.number == again.number
    assert (made.model_version, len(made.input_sha256)) == ("pooled-2", 64)
    found = finding(made, missed)
    assert (found.says, found.about, found.visits, found.found) == ("refer", "absence", 8, 0)
    assert found.posterior is not None and found.posterior > 0.94
    assert found.low80 is not None and found.high80 is not None and found.low80 < found.high80 < 0.5


def test_a_run_off_the_calendar_refers_nobody(missed: World) -> None:
    run(missed, DAY)
    assert open_referrals(missed) == []


def test_a_past_day_knows_only_what_was_known_when_it_ended(missed: World) -> None:
    # A visit of January whose records came in on the fifth of November.
    late = datetime(2026, 11, 5, tzinfo=UTC) - datetime(2026, 1, 6, 2, tzinfo=UTC)
    sighting_id = visits_to(missed, [missed.postings[WHO]], "n", name="late", known_after=late)[0]
    before = run(missed, DAY)
    assert finding(before, missed).visits == 8
    assert finding(run(missed, date(2026, 11, 6)), missed).visits == 9
    # A leave book that comes later changes what is known from then on, never what was.
    with missed.store.writing() as uow:
        old = uow.session.scalars(select(SightingJudgement).where(SightingJudgement.sighting_id == sighting_id)).one()
        named = {c.key: getattr(old, c.key) for c in SightingJudgement.__table__.columns if c.key != "number"}
        later = datetime(2026, 11, 10, tzinfo=UTC)
        uow.session.add(SightingJudgement(**{**named, "outcome": "leave", "known_utc": later}))
    assert run(missed, DAY).number == before.number
    assert finding(run(missed, date(2026, 11, 6)), missed).visits == 9
    now = finding(run(missed, date(2026, 11, 11)), missed)
    assert (now.visits, now.not_counted) == (8, 1)


def test_visits_after_the_day_are_not_looked_at(missed: World) -> None:
    visits_to(missed, [missed.postings[WHO]], "m", name="later", first_month=11)
    assert finding(run(missed, DAY), missed).visits == 8
    assert finding(run(missed, date(2026, 11, 11)), missed).visits == 9


def test_visits_that_no_draw_chose_never_count(world: World) -> None:
    most_are_present(world)
    visits_to(world, [world.postings[WHO]], "nnnnnnnn", drawn=False)
    found = finding(run(world, DAY), world)
    assert (found.says, found.visits, found.directed) == ("insufficient", 0, 8)


def test_the_calendar_refers_and_a_second_run_of_it_adds_none(missed: World) -> None:
    on_calendar(missed)
    on_calendar(missed)
    [referral] = open_referrals(missed)
    assert referral.posting is not None and referral.posting.name == WHO
    assert referral.finding.as_of == date(2026, 9, 30)
    with missed.store.writing() as uow:
        assert len(uow.session.scalars(select(PresenceRun)).all()) == 1
        page = review.person_page(uow, missed.actors["organization"], missed.postings[WHO], at_utc=NOW)
    assert page.finding is not None and page.finding.says == "refer"


def test_what_a_run_said_cannot_be_rewritten(missed: World) -> None:
    on_calendar(missed)
    with pytest.raises(Exception, match="keep"), missed.store.writing() as uow:
        uow.session.scalars(select(PresenceFinding)).first().says = "watch"  # type: ignore[union-attr]


@pytest.mark.parametrize("who", ["leader", "oversight", "office", "first", "discipline"])
def test_referrals_are_for_those_who_decide(missed: World, who: str) -> None:
    on_calendar(missed)
    with pytest.raises(NotAllowed):
        open_referrals(missed, who)


def test_another_county_sees_none(missed: World) -> None:
    on_calendar(missed)
    assert open_referrals(missed, "stranger") == []
    with missed.store.writing() as uow, pytest.raises(review.NoSuchReferral):
        referral_id = uow.session.scalars(select(Referral.id)).one()
        review.close_referral(uow, missed.actors["stranger"], referral_id, reason="x", at_utc=NOW)


def test_a_referral_ends_once_and_in_words(missed: World) -> None:
    on_calendar(missed)
    [referral] = open_referrals(missed, about="absence")
    assert open_referrals(missed, about="nights") == []
    with missed.store.writing() as uow:
        actor = missed.actors["organization"]
        review.close_referral(uow, actor, referral.id, reason="下派期间在县里专班", at_utc=NOW)
        with pytest.raises(review.ReferralClosed):
            review.close_referral(uow, actor, referral.id, reason="again", at_utc=NOW)
    [closed] = open_referrals(missed, closed=True)
    assert closed.closed_reason == "下派期间在县里专班"
    assert open_referrals(missed) == []


def test_who_arrived_less_than_sixty_days_ago_is_left_out(missed: World) -> None:
    with missed.store.reading() as uow:
        posting = posting_known(uow, missed.postings[WHO])
    assert posting is not None
    with missed.store.writing() as uow:
        row = uow.session.scalars(select(PostingVersion).where(PostingVersion.posting_id == posting.id)).one()
        row.from_date = DAY - timedelta(days=59)
    new = finding(run(missed, DAY), missed)
    assert (new.says, dict(new.lacking), new.visits) == ("insufficient", {"days_here": [59, 60]}, 0)
    assert finding(run(missed, DAY + timedelta(days=1)), missed).says == "refer"


# ---- Standards ----


def put(world: World, standard: Standard, **more: object) -> review.StandardView:
    what: dict[str, object] = {
        "kind": None,
        "valid_from": date(2026, 1, 1),
        "valid_to": None,
        "source": "县办〔2026〕1号",
    }
    with world.store.writing() as uow:
        values = {**what, **more}
        return review.set_standard(uow, world.actors["organization"], standard, at_utc=NOW, **values)  # type: ignore[arg-type]


def test_the_two_shipped_examples_hold_where_they_are_set(missed: World) -> None:
    put(missed, review.EXAMPLES["qinghai"], valid_to=date(2026, 12, 31), source=review.EXAMPLE_SOURCES["qinghai"])
    found = finding(run(missed, NOW.date(), at_utc=NOW + timedelta(days=1)), missed)
    assert (found.standard_name, found.rate) == ("青海省：每年驻村不少于200天", 0.4)
    put(missed, review.EXAMPLES["zhaoping"], kind=PostingKind.TEAM_MEMBER, source=review.EXAMPLE_SOURCES["zhaoping"])
    names = {
        str(f.posting_id): f.standard_name for f in run(missed, NOW.date(), at_utc=NOW + timedelta(days=1)).findings
    }
    with missed.store.reading() as uow:
        for p in postings(uow, missed.actors["organization"]):
            wanted = "zhaoping" if p.kind is PostingKind.TEAM_MEMBER else "qinghai"
            assert names.get(str(p.id), review.EXAMPLES[wanted].name) == review.EXAMPLES[wanted].name


def test_a_standard_holds_from_when_it_was_known_and_in_its_years(missed: World) -> None:
    put(missed, Standard(name="next year", rate=0.6), valid_from=date(2027, 1, 1))
    put(missed, Standard(name="ten visits", gate=Gate(visits=10)))
    assert finding(run(missed, DAY), missed).standard_name == "default"  # not known then
    later = finding(run(missed, NOW.date(), at_utc=NOW + timedelta(days=1)), missed)
    assert (later.standard_name, later.says, dict(later.lacking)) == ("ten visits", "insufficient", {"visits": [8, 10]})


@pytest.mark.parametrize(
    ("standard", "dates"),
    [
        (Standard(gate=Gate(visits=3)), {}),
        (Standard(gate=Gate(months=1)), {}),
        (Standard(), {"valid_to": date(2025, 12, 31)}),
    ],
)
def test_no_place_may_speak_on_less(world: World, standard: Standard, dates: dict[str, object]) -> None:
    with pytest.raises(review.BadStandard):
        put(world, standard, **dates)


# ---- The calendar ----


def test_the_calendar_is_the_ends_of_quarters() -> None:
    assert review_days(date(2026, 1, 1), date(2026, 12, 31)) == [
        date(2026, 3, 31),
        date(2026, 6, 30),
        date(2026, 9, 30),
        date(2026, 12, 31),
    ]
    assert newest_review_day(datetime(2026, 10, 5, tzinfo=UTC)) == date(2026, 6, 30)  # the books have ten days
    assert newest_review_day(IN_OCTOBER) == date(2026, 9, 30)


def test_a_quarter_in_which_nobody_was_visited_is_not_reviewed(world: World) -> None:
    on_calendar(world)
    with world.store.reading() as uow:
        assert uow.session.scalars(select(PresenceRun)).all() == []
    missed_on_eight_visits(world)  # written on paper then, and entered since
    on_calendar(world)
    with world.store.reading() as uow:
        assert [run.as_of for run in uow.session.scalars(select(PresenceRun))] == [date(2026, 9, 30)]


# ---- Everybody together ----


def test_figures_for_leaders_hold_no_names_and_no_small_groups(missed: World) -> None:
    on_calendar(missed)
    with missed.store.reading() as uow:
        [figures] = review.figures_for_leaders(uow, missed.actors["leader"])
        with pytest.raises(NotAllowed):
            review.figures_for_leaders(uow, missed.actors["first"])
    assert figures.county_code == COUNTY and figures.findings == ()
    assert figures.population["absence"] is None  # one person expected here: not spoken of
    assert figures.population["random_visits"] > 0
    assert WHO not in str(figures.population)

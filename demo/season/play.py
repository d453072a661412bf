"""The season from set-up to what is said, in the data folder of the story."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

import numpy as np

from demo.cast import posted_villages
from demo.county import County, sample_county, second_county
from demo.phone import LOCAL
from demo.places import Placed, place_villages
from demo.season.calendar import (
    BOOKS_COME_IN,
    DAY,
    WEEKS,
    Week,
    last_quarter,
    parts,
    reviewed_at,
    season_weeks,
)
from demo.season.cast import (
    SECOND_INSPECTORS,
    SECOND_OFFICE,
    SECOND_ORGANIZATION,
    Person,
    inspector_accounts,
    season_people,
    second_accounts,
)
from demo.season.clock import SeasonClock
from demo.season.field import Field, Plot
from demo.season.office import Planned, SeasonOffice
from demo.season.served import SeasonServer
from demo.season.told import Outcome, Season, tell, visits_by_village
from demo.stage import Stage

SEASON_STEPS = 4
SEED = 8
WHOLE = 900
EVERYWHERE, CLOSER = "暗访（全县随机）", "暗访（部分乡镇加密）"
CLOSER_TOWNS = (1, 5, 9)
# Six visits or so to each village of such a town over the season.
CLOSER_EACH, MOST_CLOSER = 100, 0.65
BY_HAND_SHARE = 0.04
SECOND_EACH = 60
LONGEST_NIGHT = timedelta(hours=3)


@dataclass(frozen=True)
class Numbers:
    """How many visits go where. The season is as long however few there are; with few it has fewer weeks of visits."""

    visits: int

    @property
    def weeks(self) -> int:
        return max(5, min(WEEKS, self.visits // 8))

    @property
    def inspectors(self) -> int:
        return max(4, min(21, self.visits // 40))

    @property
    def second(self) -> int:
        """Visits in the second county, all in one week."""
        return max(2, self.visits // SECOND_EACH)

    @property
    def first(self) -> int:
        return self.visits - self.second

    @property
    def closer_towns(self) -> int:
        """In so many towns of the first county visits are drawn more often: there even few come to say something."""
        return max(1, min(len(CLOSER_TOWNS), self.visits * len(CLOSER_TOWNS) // WHOLE))

    @property
    def closer_share(self) -> float:
        """This part of the first county's visits is drawn in these towns; of few visits the larger part."""
        return min(MOST_CLOSER, CLOSER_EACH * self.closer_towns / self.first)


def play_season(run: Stage, visits: int) -> Outcome:
    """Play the season beside the story that was told; the server of the story runs again when this returns."""
    story, numbers = run.story, Numbers(visits)
    story.heading("9 一季 / A season of the county, at a clock of its own")
    quarter_end = last_quarter(datetime.now(LOCAL))
    weeks = season_weeks(quarter_end, numbers.weeks)
    first_day, last_day = weeks[0].days[0], weeks[-1].days[-1]
    clock = SeasonClock(datetime.combine(weeks[0].sunday_before - DAY, time(8), LOCAL))
    covered_before = visits_by_village(run)
    run.server.stop()
    run.desks.clear()
    with SeasonServer(run.data_dir, clock) as server:
        story.step("season: roster, inspectors, a second county, the year's plan")
        county, second = sample_county(), second_county()
        cast = _Cast(county, run.office.placed, second, first_day, last_day)
        offices = _set_up(run, server, cast, numbers, weeks)
        field = _field(server, cast, offices, numbers)
        story.step("season: visits, week by week")
        _play_weeks(run, weeks, numbers, offices, field, cast)
        _close_the_quarter(server, offices, cast, quarter_end)
        made = field.made
    run.server.start()
    return tell(
        run, Season(first_day, last_day, cast.people, tuple(made), cast.second_codes, _misread(numbers), covered_before)
    )


class _Cast:
    """The people of both counties, with the villages where they are posted."""

    def __init__(self, county: County, placed: Mapping[str, Placed], second: County, first: date, last: date) -> None:
        self.county, self.second = county, second
        self.placed = {**placed, **place_villages(second)}
        of_story = {village.code for village in posted_villages(county)}
        there = len(county.villages) - len(of_story) - 10
        mine = season_people(county, left_out=of_story, each=3, villages=there, first=first, last=last, seed=SEED)
        theirs = season_people(second, left_out=(), each=2, villages=60, first=first, last=last, seed=SEED + 1)
        self.mine, self.theirs = mine, theirs
        self.people: Mapping[tuple[str, str], Person] = {person.key: person for person in mine + theirs}
        self.second_codes = frozenset(village.code for village in second.villages)

    def placed_in(self, county: County) -> dict[str, Placed]:
        return {code: placed for code, placed in self.placed.items() if code.startswith(county.code)}

    def closer_quotas(self, towns: int) -> dict[str, int]:
        """No visit under the closer line but in so many towns."""
        closer = CLOSER_TOWNS[:towns]
        return {town.code: 0 for number, town in enumerate(self.county.towns) if number not in closer}


def _set_up(
    run: Stage, server: SeasonServer, cast: _Cast, numbers: Numbers, weeks: list[Week]
) -> tuple[SeasonOffice, SeasonOffice]:
    known = dict(run.office.passphrases)
    mine = SeasonOffice(server, cast.county, "office", "org.a", known)
    theirs = SeasonOffice(server, cast.second, SECOND_OFFICE, SECOND_ORGANIZATION, known)
    mine.take_in_accounts(inspector_accounts(cast.county, numbers.inspectors))
    mine.take_in_roster(cast.mine)
    theirs.take_in_places(cast.placed_in(cast.second))
    theirs.take_in_accounts(second_accounts(cast.second))
    known |= theirs.passphrases | mine.passphrases
    mine.passphrases = theirs.passphrases = known
    theirs.take_in_roster(cast.theirs)
    server.do_jobs()
    for year in sorted({week.days[0].year for week in weeks}):
        mine.plan_the_year(year, {EVERYWHERE: {}, CLOSER: cast.closer_quotas(numbers.closer_towns)})
        theirs.plan_the_year(year, {EVERYWHERE: {}})
    run.story.tell(
        f"{len(cast.mine)} more postings and {numbers.inspectors} more inspectors in {cast.county.name}; "
        f"{cast.second.name}: {len(cast.second.villages)} villages, {len(cast.theirs)} postings, 4 inspectors"
    )
    return mine, theirs


def _misread(numbers: Numbers) -> frozenset[str]:
    """Inspectors whose phones give GCJ-02 and say WGS 84; three of them, where there are so many."""
    return frozenset(account.login for account in inspector_accounts(sample_county(), numbers.inspectors)[1::7])


def _field(server: SeasonServer, cast: _Cast, offices: tuple[SeasonOffice, SeasonOffice], numbers: Numbers) -> Field:
    field = Field(
        server=server,
        placed=cast.placed,
        people=cast.people,
        passphrases=offices[0].passphrases,
        misread=_misread(numbers),
        gcj02=frozenset({"insp.b", "insp.g", "insp.fa2"}),
        dice=np.random.default_rng(SEED + 2),
    )
    field.hand_out_phones(sorted(login for login in field.passphrases if login.startswith("insp.")))
    return field


def _play_weeks(
    run: Stage,
    weeks: list[Week],
    numbers: Numbers,
    offices: tuple[SeasonOffice, SeasonOffice],
    field: Field,
    cast: _Cast,
) -> None:
    """Week by week: draws on Sunday, the visits in the order of their slots, then the jobs; books once a month."""
    mine, theirs = offices
    server, second_week = field.server, weeks[len(weeks) // 2]
    plots = _plots(numbers.first)
    for place, (week, visits) in enumerate(zip(weeks, parts(numbers.first, len(weeks)), strict=True)):
        by_hand = round(visits * BY_HAND_SHARE) or place % 4 == 1
        closer = round(visits * numbers.closer_share)
        drawn = {EVERYWHERE: visits - closer - by_hand, CLOSER: closer}
        server.clock.move_to(datetime.combine(week.sunday_before, time(8), LOCAL))
        field.look_for_work()
        planned = mine.send_teams(week, drawn, [_by_hand(mine, field, cast, week) for _ in range(by_hand)])
        if week is second_week:
            planned += theirs.send_teams(week, {EVERYWHERE: numbers.second}, [])
        for one, lasts in _in_turn(planned):
            field.go(one, lasts, Plot() if set(one.team) & set(SECOND_INSPECTORS) else next(plots))
            run.story.progress(len(field.made), numbers.visits, "visits")
        # The morning after the last night: in a week with a Saturday that is the Sunday of the next draw.
        server.clock.move_to(datetime.combine(week.days[-1] + DAY, time(7), LOCAL))
        server.do_jobs()
        if place % 5 == 4 and week is not weeks[-1]:
            _take_in_leave(offices, cast)
            server.do_jobs()


def _close_the_quarter(
    server: SeasonServer, offices: tuple[SeasonOffice, SeasonOffice], cast: _Cast, quarter_end: date
) -> None:
    """The last draws are told, the last leave books come in, and after its ten days the quarter is reviewed."""
    for office in offices:
        office.tell_last_secrets()
    server.clock.move_to(datetime.combine(quarter_end, time(8), LOCAL) + BOOKS_COME_IN)
    _take_in_leave(offices, cast)
    server.do_jobs()
    server.clock.move_to(reviewed_at(quarter_end))
    server.review()


def _take_in_leave(offices: tuple[SeasonOffice, SeasonOffice], cast: _Cast) -> None:
    for office, people in zip(offices, (cast.mine, cast.theirs), strict=True):
        office.take_in_leave(people)


def _by_hand(office: SeasonOffice, field: Field, cast: _Cast, week: Week) -> dict[str, object]:
    """A village somebody names, and two inspectors somebody picks."""
    code = cast.mine[int(field.dice.integers(len(cast.mine)))].posted.village.code
    there = [login for login in field.phones if len(login) == len("insp.a")]
    team = [there[number] for number in field.dice.permutation(len(there))[:2]]
    return office.by_hand(code, team, week.days[int(field.dice.integers(len(week.days)))], EVERYWHERE)


def _in_turn(planned: list[Planned]) -> Iterator[tuple[Planned, timedelta]]:
    """The visits one after the other, those of one slot sharing its hours, with how long each may last."""
    ordered = sorted(planned, key=lambda one: (one.begins, one.assignment_id))
    for begins, group in groupby(ordered, key=lambda one: one.begins):
        same = list(group)
        share = min(same[0].ends - begins, LONGEST_NIGHT if begins.hour >= 14 else same[0].ends - begins) / len(same)
        for number, one in enumerate(same):
            start = begins + number * share + timedelta(minutes=2)
            yield (
                Planned(one.assignment_id, one.team, start, one.ends, one.is_drawn),
                min(share * 0.8, timedelta(minutes=50)),
            )


def _plots(visits: int) -> Iterator[Plot]:
    """One visit is escorted, one was told of; some have a photo, of which one was sent before and three are cut."""
    at = {name: max(1, round(visits * share)) for name, share in _MOMENTS.items()}
    cut = {at["cut"], at["cut again"], at["cut once more"]}
    number = 0
    while True:
        number += 1
        yield Plot(
            is_escorted=number == at["escorted"],
            is_warned=number == at["warned"],
            has_photo=number in cut or number in (at["first photo"], at["old photo"]) or number % 25 == 0,
            is_cut=number in cut,
            takes_old_photo=number == at["old photo"],
        )


_MOMENTS = {
    "first photo": 0.1,
    "cut": 0.2,
    "escorted": 0.3,
    "cut again": 0.45,
    "warned": 0.55,
    "old photo": 0.7,
    "cut once more": 0.85,
}

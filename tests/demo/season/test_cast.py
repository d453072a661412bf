"""The people of the season: the same for one seed, told apart by village and name, each with one truth."""

from collections import Counter
from datetime import date
from itertools import pairwise

from demo.county import sample_county
from demo.season.cast import Person, Truth, inspector_accounts, season_people

FIRST, LAST = date(2026, 8, 24), date(2026, 11, 27)


def people(seed: int = 8) -> list[Person]:
    return season_people(
        sample_county(), left_out={"350924106208"}, each=3, villages=183, first=FIRST, last=LAST, seed=seed
    )


def test_some_560_people_are_told_apart_by_village_and_name() -> None:
    there = people()
    assert len(there) == 183 * 3 + 12
    assert len({person.key for person in there}) == len(there)
    assert len({person.posted.name for person in there}) == len(there)
    assert all(person.posted.name.startswith("演示·") for person in there)
    assert "350924106208" not in {person.posted.village.code for person in there}


def test_most_live_there_and_some_do_not() -> None:
    counts = Counter(person.truth for person in people())
    assert counts[Truth.RESIDENT] > 420
    assert counts[Truth.COMMUTER] > 30
    assert counts[Truth.NAME_ONLY] > 25


def test_the_same_seed_gives_the_same_people() -> None:
    assert people() == people()
    assert people() != people(seed=9)


def test_times_away_lie_apart_and_a_few_are_approved_only_afterwards() -> None:
    aways = [person.aways for person in people()]
    for own in aways:
        assert all(earlier.back < later.left for earlier, later in pairwise(own))
    late = sum(away.approved > away.back for own in aways for away in own)
    assert 0 < late < 0.25 * sum(map(len, aways))


def test_there_are_24_inspectors_with_those_of_the_story() -> None:
    accounts = inspector_accounts(sample_county(), 21)
    assert len({account.login for account in accounts}) == len({account.name for account in accounts}) == 21

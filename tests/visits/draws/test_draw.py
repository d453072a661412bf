"""The draw itself: its chances are the ones it states, it keeps its bounds, and no party alone can aim it."""

import hashlib
import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visits.draws import (
    Frame,
    FrameInspector,
    FrameVillage,
    NotDrawable,
    draw,
    frame_text,
    inclusion,
    read_frame,
    seed_of,
)
from visits.plans import BILLION


def a_frame(
    towns: tuple[int, ...] = (4, 3, 5),
    *,
    weights: tuple[int, ...] = (1, 4, 2),
    visits: int = 4,
    inspectors: int = 8,
    **changes: object,
) -> Frame:
    villages = tuple(
        FrameVillage(f"35092410{town}{place:03d}", f"35092410{town}", weights[place % len(weights)])
        for town, count in enumerate(towns)
        for place in range(count)
    )
    made = Frame(
        draw_id="d",
        county_code="350924",
        line_id="l",
        visits=visits,
        team_size=2,
        most_per_day=4,
        floor_percent=50,
        lead_hours=3,
        days=("2026-12-01", "2026-12-02"),
        slots=(("day", 3), ("evening", 1)),
        villages=villages,
        inspectors=tuple(FrameInspector(f"i{n}") for n in range(inspectors)),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def seeds(count: int, *, start: str = "") -> list[str]:
    return [hashlib.sha256(f"{start}{n}".encode()).hexdigest() for n in range(count)]


def far_off(seen: int, chance_billionths: int, tries: int) -> float:
    """How many standard deviations a count lies from what its chance says."""
    p = chance_billionths / BILLION
    spread = math.sqrt(tries * p * (1 - p))
    return abs(seen - tries * p) / spread if spread else float(seen != tries * p) * 99


FRAMES = st.builds(
    a_frame,
    st.lists(st.integers(1, 6), min_size=1, max_size=5).map(tuple),
    weights=st.lists(st.integers(1, 4), min_size=1, max_size=7).map(tuple),
    visits=st.integers(1, 8),
    inspectors=st.integers(2, 9),
    floor_percent=st.integers(1, 100),
    most_in_stratum=st.lists(
        st.tuples(st.sampled_from([f"35092410{t}" for t in range(5)]), st.integers(0, 4)),
        max_size=4,
        unique_by=lambda q: q[0],
    ).map(tuple),
)


@settings(max_examples=120, deadline=None)
@given(FRAMES, st.text(max_size=8))
def test_every_seed_keeps_number_quota_team_and_day(frame: Frame, said: str) -> None:
    try:
        drawn = draw(frame, hashlib.sha256(said.encode()).hexdigest())
    except NotDrawable:
        return
    assert len({one.village_code for one in drawn}) == len(drawn) == frame.visits
    towns = Counter(one.village_code[:9] for one in drawn)
    assert all(towns[town] <= most for town, most in frame.most_in_stratum)
    load = Counter((one.day, label) for one in drawn for label in one.team)
    assert max(load.values()) <= frame.most_per_day
    assert all(len(set(one.team)) == frame.team_size >= 2 and one.day in frame.days for one in drawn)


@settings(max_examples=80, deadline=None)
@given(FRAMES)
def test_chances_add_up_and_nobody_falls_below_the_floor(frame: Frame) -> None:
    try:
        draw(frame, "0" * 64)
    except NotDrawable:
        return
    likely = inclusion(frame)
    assert sum(likely.values()) == frame.visits * BILLION
    assert max(likely.values()) <= BILLION
    floor = frame.floor_percent * frame.visits * BILLION // (100 * len(frame.villages))
    quotas = dict(frame.most_in_stratum)
    for v in frame.villages:
        if v.stratum not in quotas:  # a quota may hold a town below it; nothing else may
            assert likely[v.code] >= floor


def test_a_weightier_village_is_likelier_and_an_even_weight_is_an_even_chance() -> None:
    likely = inclusion(a_frame())
    by_weight = {v.weight: likely[v.code] for v in a_frame().villages}
    assert by_weight[1] < by_weight[2] < by_weight[4]
    even = inclusion(a_frame(weights=(1,), visits=3))
    assert set(even.values()) == {BILLION // 4}


def test_realised_frequencies_equal_the_stored_probabilities() -> None:
    frame, tries = a_frame(most_in_stratum=(("350924100", 1),)), 1500
    likely = inclusion(frame)
    villages, slots = Counter[str](), Counter[str]()
    for seed in seeds(tries):
        for one in draw(frame, seed):
            villages[one.village_code] += 1
            slots[one.slot] += 1
    assert max(far_off(villages[code], likely[code], tries) for code in likely) < 4.5
    assert far_off(slots["day"], 3 * BILLION // 4, slots.total()) < 4.5


def test_double_random_days_and_inspectors_are_drawn_evenly() -> None:
    frame, tries = a_frame(visits=1), 1200
    days, people = Counter[str](), Counter[str]()
    for seed in seeds(tries):
        [one] = draw(frame, seed)
        days[one.day] += 1
        people.update(one.team)
    assert far_off(days["2026-12-01"], BILLION // 2, tries) < 4.5
    assert max(far_off(people[f"i{n}"], BILLION // 4, tries) for n in range(8)) < 4.5


@pytest.mark.parametrize("who_is_fixed", ["secret", "number"])
def test_no_party_alone_can_shift_a_draw(who_is_fixed: str) -> None:
    """Whatever one side says, the other's honest chance gives every village exactly its stated probability.

    The second party knows the hashes it is shown, so its number here is the most cunning one: made from them.
    """
    frame, tries = a_frame(), 1200
    digest, likely = hashlib.sha256(frame_text(frame).encode()).hexdigest(), inclusion(frame)
    wanted = frame.villages[0].code
    seen = 0
    for honest in seeds(tries, start=who_is_fixed):
        if who_is_fixed == "secret":
            secret, nonce = "ff" * 32, honest
        else:
            shown = hashlib.sha256(bytes.fromhex(honest)).hexdigest()
            secret, nonce = honest, hashlib.sha256(f"{digest}{shown}".encode()).hexdigest()
        seen += wanted in {one.village_code for one in draw(frame, seed_of(digest, secret, nonce))}
    assert far_off(seen, likely[wanted], tries) < 4.5


def test_a_revisit_tomorrow_is_as_likely_as_ever() -> None:
    """Memoryless: of the villages drawn today, tomorrow's draw takes as many as their chances say."""
    frame, tries = a_frame(weights=(1,)), 600
    again, before = 0, 0
    for today, tomorrow in zip(seeds(tries, start="a"), seeds(tries, start="b"), strict=True):
        first = {one.village_code for one in draw(frame, today)}
        again += len(first & {one.village_code for one in draw(frame, tomorrow)})
        before += len(first)
    assert far_off(again, inclusion(frame)[frame.villages[0].code], before) < 4.5


def test_nobody_is_sent_where_they_keep_away_from() -> None:
    away = tuple(v.code for v in a_frame().villages[:6])
    people = (FrameInspector("kin", away), *(FrameInspector(f"i{n}") for n in range(7)))
    for seed in seeds(300):
        for one in draw(replace(a_frame(), inspectors=people), seed):
            assert not ("kin" in one.team and one.village_code in away)


def test_a_fixed_team_that_keeps_away_is_replaced_by_people_who_may_go() -> None:
    frame = a_frame(visits=2, inspectors=0)
    code = frame.villages[0].code
    people = tuple(FrameInspector(f"i{n}", (code,) if n < 3 else ()) for n in range(6))
    frame = replace(frame, inspectors=people, villages=frame.villages[:2], days=("2026-12-01",))
    for seed in seeds(200):
        by_village = {one.village_code: one.team for one in draw(frame, seed)}
        assert set(by_village[code]) <= {"i3", "i4", "i5"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"visits": 0}, "visits"),
        ({"visits": 99}, "visits"),
        ({"team_size": 1}, "two inspectors"),
        ({"floor_percent": 0}, "chance"),
        ({"days": ()}, "day"),
        ({"slots": (("day", 0),)}, "slot"),
        ({"inspectors": (FrameInspector("alone"),)}, "too few inspectors"),
        ({"most_in_stratum": tuple((f"35092410{t}", 1) for t in range(3))}, "quotas"),
    ],
)
def test_a_frame_that_not_every_seed_can_fill_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(NotDrawable, match=says):
        draw(replace(a_frame(), **changes), "0" * 64)  # type: ignore[arg-type]


@settings(max_examples=50, deadline=None)
@given(FRAMES)
def test_a_frame_is_read_back_as_it_was_written(frame: Frame) -> None:
    assert read_frame(frame_text(frame)) == frame
    assert frame_text(read_frame(frame_text(frame))) == frame_text(frame)

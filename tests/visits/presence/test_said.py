"""What may be said of a person: the examples of the mission, and what must never count."""

from collections.abc import Iterable
from datetime import date

import numpy as np
import pytest

from visits.presence import Said, Says, Sighting, say

TEAMS = (("a", "b"), ("c", "d"))


def seen(posting_id: str, number: int, outcome: str = "not_met", *, slot: str = "day", **other: object) -> Sighting:
    """One sighting; the visits of one number lie in one month and are made by one of two teams."""
    what: dict[str, object] = {
        "village_code": f"village of {posting_id}",
        "visit_id": f"visit {number} to {posting_id}",
        "local_date": date(2026, 1 + number % 5, 10),
        "inspectors": TEAMS[number % 2],
        "required": True,
        "drawn_at_random": True,
    }
    return Sighting(posting_id=posting_id, slot=slot, outcome=outcome, **(what | other))  # type: ignore[arg-type]


def most_are_present(*, share: float = 0.88, people: int = 300) -> list[Sighting]:
    """A county of teams of three, each visited eight times, by day, evening and at dawn."""
    draws = np.random.default_rng(5)
    rows = []
    for person in range(people):
        village = f"county {person // 3}"
        rate = draws.beta(share * 14, (1 - share) * 14)
        for number in range(8):
            slot = ("day", "evening", "day", "dawn")[number % 4]
            outcome = "met" if draws.random() < rate else "not_met"
            rows.append(
                seen(f"p{person}", number, outcome, slot=slot, village_code=village, visit_id=f"{village} {number}")
            )
    return rows


COUNTY = most_are_present()


def said_of(posting_id: str, rows: Iterable[Sighting], county: Iterable[Sighting] = COUNTY) -> Said:
    return {said.posting_id: said for said in say([*county, *rows], standard=0.5)}[posting_id]


def days_and_evenings(evenings: int, **other: object) -> list[Sighting]:
    days = [seen("x", n, "met") for n in range(8)]
    return days + [seen("x", 8 + n, slot="evening", **other) for n in range(evenings)]


def test_a1_found_by_day_and_never_on_six_required_evenings_is_referred() -> None:
    said = said_of("x", days_and_evenings(6))
    assert (said.says, said.about) == (Says.REFER, "nights")
    assert (said.visits, said.found) == (14, 8)
    assert "days 8 of 8; nights 0 of 6" in said.reason


@pytest.mark.parametrize("why", [{"explained": True}, {"required": False}, {"drawn_at_random": False}])
def test_a1_with_leave_or_rest_days_on_those_evenings_is_not(why: dict[str, object]) -> None:
    said = said_of("x", days_and_evenings(6, **why))
    assert (said.says, said.about, said.visits) == (Says.INSUFFICIENT, "", 8)


def test_a1_one_evening_only_is_not_enough() -> None:
    assert said_of("x", days_and_evenings(1)).says is Says.INSUFFICIENT


def test_a2_none_of_two_is_not_enough() -> None:
    said = said_of("x", [seen("x", 0), seen("x", 1, slot="evening")])
    assert said.says is Says.INSUFFICIENT
    assert "visits 2 of 4" in said.reason


def test_a2_none_of_five_where_most_are_present_is_watched() -> None:
    said = said_of("x", [seen("x", n, slot=("day", "evening")[n % 2]) for n in range(5)])
    assert (said.says, said.about, said.reason) == (Says.WATCH, "absence", "could_be_chance")


def test_a2_none_of_eight_over_months_slots_and_inspectors_is_referred() -> None:
    said = said_of("x", [seen("x", n, slot=("day", "evening", "dawn")[n % 3]) for n in range(8)])
    assert (said.says, said.about, said.found, said.visits) == (Says.REFER, "absence", 0, 8)
    assert said.posterior is not None and said.posterior > 0.95
    assert said.high80 is not None and said.high80 < 0.5


def test_a2_two_people_are_two_whatever_their_names() -> None:
    rows = [seen(who, n, outcome) for who, outcome in (("x-1", "met"), ("x-2", "not_met")) for n in range(8)]
    told = {said.posting_id: said for said in say([*COUNTY, *rows], standard=0.5)}
    assert (told["x-1"].found, told["x-2"].found) == (8, 0)


def test_who_is_always_found_is_nothing_but_unremarkable() -> None:
    said = said_of("x", [seen("x", n, "met", slot=("day", "evening")[n % 2]) for n in range(8)])
    assert (said.says, said.about, said.reason) == (Says.INSUFFICIENT, "", "no_sign_of_absence")


def test_a_team_missed_whole_on_five_visits_is_watched_not_referred() -> None:
    rows = [
        seen(f"t{who}", n, slot=("day", "evening")[n % 2], village_code="t", visit_id=f"t {n}")
        for who in range(3)
        for n in range(5)
    ]
    told = {said.posting_id: said for said in say([*COUNTY, *rows], standard=0.5)}
    assert [told[f"t{who}"].says for who in range(3)] == [Says.WATCH] * 3


def test_wrong_referrals_in_a_good_county_are_rare() -> None:
    referred = [said for said in say(COUNTY, standard=0.5) if said.says is Says.REFER]
    assert len(referred) <= 3


def test_what_explains_or_proves_nothing_is_told_beside() -> None:
    rows = [seen("x", 0, "leave"), seen("x", 1, "cannot_tell"), seen("x", 2, drawn_at_random=False)]
    said = said_of("x", rows)
    assert (said.visits, said.mean, said.posterior) == (0, None, None)
    assert said.reason.endswith("directed 1; not_counted 2")


def test_nobody_at_all_is_nothing_said() -> None:
    assert say([], standard=0.5) == []


@pytest.mark.parametrize("standard", [0.0, 1.0, float("nan")])
def test_a_standard_that_is_no_rate_is_refused(standard: float) -> None:
    with pytest.raises(ValueError, match="no rate"):
        say(COUNTY, standard=standard)

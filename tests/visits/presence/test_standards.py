"""Standards by place, and how far kinds of evidence are trusted."""

from datetime import date

import pytest

from visits.presence import Gate, Says, Sighting, Standard, say, trust


def rows(who: str, outcome: str, many: int, **other: object) -> list[Sighting]:
    made = []
    for n in range(many):
        what: dict[str, object] = {
            "posting_id": who,
            "village_code": f"v {who}",
            "visit_id": f"{who} {n}",
            "local_date": date(2026, 1 + n % 5, 10),
            "slot": ("day", "evening", "dawn")[n % 3],
            "inspectors": (("a", "b"), ("c", "d"))[n % 2],
            "outcome": outcome,
            "required": True,
            "drawn_at_random": True,
        }
        made.append(Sighting(**(what | other)))  # type: ignore[arg-type]
    return made


COUNTY = [s for i in range(150) for s in rows(f"p{i}", "met", 8)]


def test_a_place_may_ask_for_more_evidence_before_anything_is_said() -> None:
    strict = Standard(name="ten visits", gate=Gate(visits=10))
    said = {s.posting_id: s for s in say([*COUNTY, *rows("x", "not_met", 8)], standard=0.5, standards={"x": strict})}
    assert (said["x"].says, dict(said["x"].lacking)) == (Says.INSUFFICIENT, {"visits": (8, 10)})
    assert said["p1"].standard.name == "default"


def test_each_is_held_to_the_standard_of_the_own_place() -> None:
    half = [s for n, s in enumerate(rows("x", "met", 12)) if n % 2] + [
        s for n, s in enumerate(rows("x", "not_met", 12)) if not n % 2
    ]
    posteriors = []
    for rate in (0.3, 0.5, 0.8):
        asked = {"x": Standard(rate=rate)}
        posteriors.append(
            {s.posting_id: s for s in say([*COUNTY, *half], standard=0.5, standards=asked)}["x"].posterior
        )
    low, middle, high = (p for p in posteriors if p is not None)
    assert low < middle < high


def test_where_staying_is_not_asked_nights_are_never_compared() -> None:
    days = [*rows("x", "met", 8, slot="day")]
    nights = rows("x", "not_met", 6, slot="evening")
    both = [
        *days,
        *(
            Sighting(**{**{f: getattr(s, f) for f in Sighting.__slots__}, "visit_id": f"n{i}"})
            for i, s in enumerate(nights)
        ),
    ]
    for compares, about in ((True, "nights"), (False, "")):
        asked = {"x": Standard(compares_nights=compares)}
        said = {s.posting_id: s for s in say([*COUNTY, *both], standard=0.5, standards=asked)}["x"]
        assert said.about == about


def test_kinds_of_evidence_are_trusted_differently() -> None:
    assert trust("met", met_by=2) == 1.0 > trust("met", met_by=1) > trust("seen_by_others", asked=3, know=3)
    assert trust("seen_by_others", asked=3, know=3) > trust("seen_by_others", asked=3, know=2) > 0.5
    assert trust("seen_by_others", asked=3, know=0) == trust("seen_by_others") == 0.5
    assert trust("seen_by_others", sign="landline") > trust("seen_by_others", sign="room_in_use")
    assert trust("not_met") == 1.0


def test_hearsay_moves_a_belief_less_than_a_meeting() -> None:
    missed = rows("x", "not_met", 4)
    means = {}
    for certainty in (1.0, 0.8, 0.5):
        told = [
            *missed,
            *(
                Sighting(**{**{f: getattr(s, f) for f in Sighting.__slots__}, "visit_id": f"s{i}", "trust": certainty})
                for i, s in enumerate(rows("x", "seen_by_others", 4))
            ),
        ]
        means[certainty] = {s.posting_id: s for s in say([*COUNTY, *told], standard=0.5)}["x"].mean
    assert means[1.0] > means[0.8] > means[0.5]  # type: ignore[operator]


@pytest.mark.parametrize("rate", [0.0, 1.0, float("nan"), -1.0])
def test_a_standard_is_a_rate(rate: float) -> None:
    with pytest.raises(ValueError, match="no rate"):
        Standard(rate=rate)

"""The draw itself, pure: what a frame, a secret and a second party's number lead to, the same for everybody, for ever.

All arithmetic is in whole numbers and fractions, all chance comes from SHA-256 of a seed and a few words, and nothing
outside of the frame plays a part. ``docs/draws.md`` describes each step for whoever wants to do it again by other
means; ``docs/recompute_draw.py`` does it with the standard library alone.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

from visits.plans import BILLION

FORMAT = "shidi-draw/1"


class NotDrawable(Exception):
    """The frame cannot give what is asked of it; the sentence says why."""


@dataclass(frozen=True)
class FrameVillage:
    """A village that may be drawn: its stratum (the town), and its risk weight, 1 or more."""

    code: str
    stratum: str
    weight: int


@dataclass(frozen=True)
class FrameInspector:
    """Somebody who may be sent, under a name that tells nothing outside, and the villages they keep away from."""

    label: str
    away_from: tuple[str, ...] = ()


@dataclass(frozen=True)
class Frame:
    """All a draw depends on beside chance. It is committed to before, and published after.

    ``floor_percent`` is the part of an even share that no risk weight can take from a village. ``most_in_stratum``
    are the towns' quotas. ``left_out`` are villages that are not drawn, with the rule that leaves them out.
    """

    draw_id: str
    county_code: str
    line_id: str
    visits: int
    team_size: int
    most_per_day: int
    floor_percent: int
    lead_hours: int
    days: tuple[str, ...]
    slots: tuple[tuple[str, int], ...]
    villages: tuple[FrameVillage, ...]
    inspectors: tuple[FrameInspector, ...]
    most_in_stratum: tuple[tuple[str, int], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    not_available: tuple[str, ...] = ()
    redraw_of: str | None = None
    redraw_reason: str = ""
    format: str = FORMAT


@dataclass(frozen=True)
class DrawnVisit:
    """One visit as drawn; the two chances are in billionths."""

    village_code: str
    slot: str
    day: str
    team: tuple[str, ...]
    inclusion_billionths: int
    slot_billionths: int


def frame_text(frame: Frame) -> str:
    """The frame as the one text that is hashed: JSON with sorted names, no spaces, characters as they are."""
    return json.dumps(asdict(frame), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_frame(text: str) -> Frame:
    """The frame of a text that :func:`frame_text` wrote."""
    said: dict[str, Any] = json.loads(text)
    return Frame(
        **{
            **said,
            "days": tuple(said["days"]),
            "slots": tuple((slot, weight) for slot, weight in said["slots"]),
            "villages": tuple(FrameVillage(**one) for one in said["villages"]),
            "inspectors": tuple(FrameInspector(one["label"], tuple(one["away_from"])) for one in said["inspectors"]),
            "most_in_stratum": tuple((town, most) for town, most in said["most_in_stratum"]),
            "left_out": tuple((code, why) for code, why in said["left_out"]),
            "not_available": tuple(said["not_available"]),
        }
    )


def seed_of(frame_sha256: str, secret_hex: str, nonce: str) -> str:
    """The seed: nobody knows it before the second party's number is there, and neither side can aim it alone."""
    return hashlib.sha256("|".join((FORMAT, frame_sha256, secret_hex, nonce)).encode()).hexdigest()


def number(seed_hex: str, *words: str) -> int:
    """A number below 2**256 that the seed gives for these words."""
    return int.from_bytes(hashlib.sha256("|".join((seed_hex, *words)).encode()).digest(), "big")


def draw(frame: Frame, seed_hex: str) -> list[DrawnVisit]:
    """The visits that a seed leads to: villages, slots, days and teams, in the order in which teams were given."""
    check_frame(frame)
    chances = inclusion(frame)
    villages = _villages(frame, chances, seed_hex)
    total = sum(weight for _, weight in frame.slots)
    slot_chance = {slot: weight * BILLION // total for slot, weight in frame.slots}
    staffing = _Staffing(frame, seed_hex)
    drawn = []
    for code in sorted(villages, key=lambda code: number(seed_hex, "visit", code)):
        slot = _slot(frame, seed_hex, code)
        day, team = staffing.send(code)
        drawn.append(DrawnVisit(code, slot, day, team, chances[code], slot_chance[slot]))
    return drawn


def inclusion(frame: Frame) -> dict[str, int]:
    """How likely each village is to be drawn, in billionths; together they are exactly ``visits``.

    A village's share is its floor, plus its part of the rest by weight. What is over certainty, or over a town's quota,
    goes to the others in proportion.
    """
    total_weight, count = sum(v.weight for v in frame.villages), len(frame.villages)
    floor = frame.floor_percent
    sizes = {v.code: floor * total_weight + (100 - floor) * count * v.weight for v in frame.villages}
    strata = defaultdict(list)
    for v in frame.villages:
        strata[v.stratum].append(v.code)
    quotas = {town: min(most, len(strata[town])) for town, most in frame.most_in_stratum if town in strata}
    bound: dict[str, int] = {}
    while True:
        free = {code: size for town, codes in strata.items() if town not in bound for code, size in _of(sizes, codes)}
        shares = _filled(Fraction(frame.visits - sum(bound.values())), free)
        over = {
            town: most
            for town, most in quotas.items()
            # A hair below the quota counts as at it, so that no rounding can ever lift a town over it.
            if town not in bound and sum(shares[code] for code in strata[town]) > most - Fraction(count, BILLION)
        }
        if not over:
            break
        bound |= over
    rounded = _rounded(shares)
    for town, most in bound.items():
        rounded |= _rounded(_filled(Fraction(most), dict(_of(sizes, strata[town]))))
    return rounded


def check_frame(frame: Frame) -> None:
    """Raise :class:`NotDrawable` unless every seed leads to a whole draw."""
    if not frame.days or not frame.slots or any(weight < 1 for _, weight in frame.slots):
        raise NotDrawable("a draw needs a day and a slot at least")
    if frame.team_size < 2 or not 1 <= frame.most_per_day <= 6:
        raise NotDrawable("two inspectors or more go together, to one to six villages a day")
    if not 1 <= frame.floor_percent <= 100 or any(v.weight < 1 for v in frame.villages):
        raise NotDrawable("every village keeps a chance: a floor of 1 to 100 percent, and weights of 1 or more")
    if not 1 <= frame.visits <= len(frame.villages):
        raise NotDrawable(f"{frame.visits} visits cannot be drawn among {len(frame.villages)} villages")
    quotas = dict(frame.most_in_stratum)
    held = Counter(v.stratum for v in frame.villages)
    if sum(min(n, quotas.get(town, n)) for town, n in held.items()) < frame.visits:
        raise NotDrawable("the towns' quotas leave fewer visits than asked for")
    fewest = min(len(eligible(frame, v.code)) for v in frame.villages)
    # While this holds some day has room for a team, whatever came before: see docs/draws.md.
    room = len(frame.days) * (fewest - frame.team_size + 1) * frame.most_per_day
    if fewest < frame.team_size or frame.team_size * (frame.visits - 1) >= room:
        raise NotDrawable("there are too few inspectors, or days, for so many visits whoever keeps away from where")


def eligible(frame: Frame, village_code: str) -> list[str]:
    """The inspectors who may go to a village."""
    return [one.label for one in frame.inspectors if village_code not in one.away_from]


def with_labels(frame: Frame, inspectors: Sequence[FrameInspector]) -> Frame:
    """The same frame for other inspectors."""
    return replace(frame, inspectors=tuple(sorted(inspectors, key=lambda one: one.label)))


def _of(sizes: Mapping[str, int], codes: Sequence[str]) -> Iterator[tuple[str, int]]:
    return ((code, sizes[code]) for code in codes)


def _filled(total: Fraction, sizes: dict[str, int]) -> dict[str, Fraction]:
    """``total`` parted by size, nobody above 1: what is over goes to the others."""
    certain: list[str] = []
    open_sizes = dict(sizes)
    while True:
        left, whole = total - len(certain), sum(open_sizes.values())
        over = [code for code, size in open_sizes.items() if left * size > whole]
        if not over:
            break
        certain += over
        for code in over:
            del open_sizes[code]
    shares = {code: left * size / whole for code, size in open_sizes.items()}
    return shares | dict.fromkeys(certain, Fraction(1))


def _rounded(shares: Mapping[str, Fraction]) -> dict[str, int]:
    """Billionths that add up to the same whole number: the largest remainders go up, codes part the equal ones."""
    exact = {code: share * BILLION for code, share in shares.items()}
    low = {code: int(value) for code, value in exact.items()}
    missing = int(sum(exact.values())) - sum(low.values())
    by_remainder = sorted(exact, key=lambda code: (low[code] - exact[code], code))
    return {code: low[code] + (place < missing) for place, code in enumerate(by_remainder)} if exact else {}


def _villages(frame: Frame, chances: Mapping[str, int], seed_hex: str) -> list[str]:
    """Systematic selection: towns in random order, their villages in random order, one random start for all.

    Each village gets exactly its chance, and each town as many as its chances add up to, rounded down or up.
    """
    ordered = sorted(
        frame.villages,
        key=lambda v: (number(seed_hex, "stratum", v.stratum), number(seed_hex, "village", v.code)),
    )
    mark, passed, chosen = number(seed_hex, "start") % BILLION, 0, []
    for v in ordered:
        passed += chances[v.code]
        if mark < passed:
            chosen.append(v.code)
            mark += BILLION
    return chosen


def _slot(frame: Frame, seed_hex: str, village_code: str) -> str:
    at = number(seed_hex, "slot", village_code) % sum(weight for _, weight in frame.slots)
    for slot, weight in frame.slots:
        if at < weight:
            return slot
        at -= weight
    raise AssertionError("unreachable")  # ``at`` is below the sum of the weights


class _Staffing:
    """Gives each visit a day and a team, and remembers how full everybody's days are."""

    def __init__(self, frame: Frame, seed_hex: str) -> None:
        self._frame, self._seed = frame, seed_hex
        self._load: Counter[tuple[str, str]] = Counter()
        self._away = {one.label: frozenset(one.away_from) for one in frame.inspectors}
        self._teams = {day: self._teams_of(day) for day in frame.days}

    def send(self, village_code: str) -> tuple[str, tuple[str, ...]]:
        """The first day in the order of chance on which a team can go, and that team."""
        for day in self._by_chance(self._frame.days, "day", village_code):
            team = self._team(day, village_code)
            if team:
                self._load.update((day, label) for label in team)
                return day, tuple(sorted(team))
        raise NotDrawable(f"nobody can go to {village_code}")  # check_frame shows that this does not happen

    def _team(self, day: str, village_code: str) -> Sequence[str]:
        """A team of that day that may go and has room; else a team made for this visit."""
        teams = {"+".join(team): team for team in self._teams[day]}
        for name in self._by_chance(list(teams), "turn", day, village_code):
            if all(self._can_go(label, day, village_code) for label in teams[name]):
                return teams[name]
        able = [one.label for one in self._frame.inspectors if self._can_go(one.label, day, village_code)]
        if len(able) < self._frame.team_size:
            return ()
        return self._by_chance(able, "person", day, village_code)[: self._frame.team_size]

    def _can_go(self, label: str, day: str, village_code: str) -> bool:
        return self._load[day, label] < self._frame.most_per_day and village_code not in self._away[label]

    def _teams_of(self, day: str) -> list[tuple[str, ...]]:
        size = self._frame.team_size
        order = self._by_chance([one.label for one in self._frame.inspectors], "team", day)
        return [tuple(order[at : at + size]) for at in range(0, len(order) - size + 1, size)]

    def _by_chance(self, things: Sequence[str], *words: str) -> list[str]:
        return sorted(things, key=lambda thing: number(self._seed, *words, thing))

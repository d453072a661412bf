"""Inspectors are looked at too (items 28, 29): do two teams agree, and does anybody never find anything? Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from visits.presence.interval import wilson_interval

LEAST_VISITS_OF_AN_INSPECTOR = 8


@dataclass(frozen=True)
class Agreement:
    """How two blind teams agreed on the same people: counts, share, and Cohen's kappa with its 95 % interval.

    ``kappa`` is None where everybody said the same of everybody: chance alone would then agree as well. The interval is
    Wilson's of the share that agreed, so full agreement on few people is not taken for certain.
    """

    both_found: int
    only_first: int
    only_second: int
    both_missed: int
    agree: float
    kappa: float | None
    low95: float | None
    high95: float | None

    @property
    def pairs(self) -> int:
        return self.both_found + self.only_first + self.only_second + self.both_missed


def agreement(pairs: Sequence[tuple[bool, bool]]) -> Agreement | None:
    """The agreement of two looks at the same people; None without a pair.

    J. Cohen, Educational and Psychological Measurement 20 (1960) 37-46; as in his own interval, the agreement that
    chance alone gives is taken as known.
    """
    n = len(pairs)
    if n == 0:
        return None
    a, b = sum(x and y for x, y in pairs), sum(x and not y for x, y in pairs)
    c, d = sum(y and not x for x, y in pairs), sum(not x and not y for x, y in pairs)
    seen = (a + d) / n
    chance = ((a + b) * (a + c) + (c + d) * (b + d)) / n**2
    if chance >= 1:
        return Agreement(a, b, c, d, seen, None, None, None)
    kappa, low, high = ((x - chance) / (1 - chance) for x in (seen, *wilson_interval(a + d, n)))
    return Agreement(a, b, c, d, seen, kappa, low, high)


@dataclass(frozen=True)
class InspectorFacts:
    """What one inspector's random visits found, beside what the same villages would lead one to expect.

    ``all_found_by_chance``: how likely an inspector of this many looks, each like anybody's, finds nobody missing.
    ``never_finds`` where that is under one in a hundred: a reason for a blind double visit, and nothing more.
    """

    inspector: str
    visits: int
    looked: int
    found: int
    low95: float
    high95: float
    visits_with_a_problem: int
    all_found_by_chance: float
    never_finds: bool


def inspector_facts(
    looks: Mapping[str, Sequence[tuple[str, bool]]], problems: Mapping[str, bool], *, usual: float
) -> list[InspectorFacts]:
    """Facts of each inspector, by name of the inspector, never by a figure.

    Parameters
    ----------
    looks
        By inspector: (visit, found) for each person looked for.
    problems
        By visit: whether anything at all was found wrong there.
    usual
        The share found by everybody.
    """
    facts = []
    for inspector in sorted(looks):
        rows = looks[inspector]
        visits = {visit for visit, _ in rows}
        found = sum(f for _, f in rows)
        low, high = wilson_interval(found, len(rows))
        # Looks of one visit share its luck, so a visit counts once: all its people found, or not.
        whole = _share_of_whole_visits(usual, rows)
        wrong = sum(problems.get(visit, False) for visit in visits)
        never = found == len(rows) and wrong == 0 and len(visits) >= LEAST_VISITS_OF_AN_INSPECTOR and whole < 0.01
        facts.append(InspectorFacts(inspector, len(visits), len(rows), found, low, high, wrong, whole, never))
    return facts


def _share_of_whole_visits(usual: float, rows: Sequence[tuple[str, bool]]) -> float:
    """How likely nobody is missing on any of these visits, each taken as one look (the careful way)."""
    return float(usual ** len({visit for visit, _ in rows}))

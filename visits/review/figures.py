"""What a run says of everybody together, as values that JSON holds: absence, excuses, townships, inspectors.

Random visits only, no names; what would speak of fewer than five people or two sending units is left out.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from math import isnan
from typing import Any
from uuid import UUID

from visits.fieldwork import SightingKnown
from visits.people import PostingView
from visits.presence import (
    FOUND,
    LEAST_PEOPLE,
    LEAST_UNITS,
    USABLE,
    InspectorEffect,
    LookedFor,
    absence,
    agreement,
    excuses_by_month,
    funnel,
    inspector_facts,
)

_TOWN = 9


def population_figures(
    seen: Sequence[SightingKnown],
    expected: Mapping[str, PostingView],
    with_a_problem: Collection[UUID],
    effects: Sequence[InspectorEffect],
) -> dict[str, Any]:
    """The figures of one county; ``with_a_problem`` are the visits on which inspectors recorded one, ``effects`` what
    the fit says of each inspector."""
    random = [s for s in seen if s.drawn and s.unannounced and str(s.posting_id) in expected and s.required]
    looked = [_looked_for(s, expected[str(s.posting_id)]) for s in random]
    whole = absence(looked)
    return {
        "absence": _plain(asdict(whole)) if whole else None,
        "excuses": _plain(
            {m: {w: asdict(e) if e else None for w, e in of.items()} for m, of in excuses_by_month(looked).items()}
        ),
        "funnel": _plain(asdict(funnel(_by_town(random, expected)))),
        "inspectors": _inspectors(seen, with_a_problem, effects),
        "random_visits": len({s.visit_id for s in seen if s.drawn and s.unannounced}),
        "other_visits": len({s.visit_id for s in seen if not (s.drawn and s.unannounced)}),
    }


def _looked_for(s: SightingKnown, posting: PostingView) -> LookedFor:
    elsewhere = s.outcome == "met" and s.place == "outside"
    return LookedFor(
        posting_id=str(s.posting_id),
        village_code=s.village_code,
        unit=posting.sending_unit,
        month=f"{s.local_date:%Y-%m}",
        outcome="cannot_tell" if elsewhere else s.outcome,
        weight=1 / s.draw_probability,
    )


def _by_town(random: Sequence[SightingKnown], expected: Mapping[str, PostingView]) -> dict[str, tuple[int, int]]:
    """(found, looked for) by township, of those large enough to be spoken of."""
    towns: dict[str, list[SightingKnown]] = defaultdict(list)
    for s in random:
        if s.outcome in USABLE and not s.on_leave:
            towns[s.village_code[:_TOWN]].append(s)
    large = {
        town: rows
        for town, rows in towns.items()
        if len({s.posting_id for s in rows}) >= LEAST_PEOPLE
        and len({expected[str(s.posting_id)].sending_unit for s in rows}) >= LEAST_UNITS
    }
    return {town: (sum(s.outcome in FOUND for s in rows), len(rows)) for town, rows in large.items()}


def _inspectors(
    seen: Sequence[SightingKnown], with_a_problem: Collection[UUID], effects: Sequence[InspectorEffect]
) -> dict[str, Any]:
    """How blind second teams agreed with the first, and the facts of each inspector, by account."""
    counted = [s for s in seen if s.outcome in USABLE and not s.on_leave and s.required]
    random = [s for s in counted if s.drawn and s.unannounced]
    looks: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for s in random:
        for inspector in s.inspectors:
            looks[str(inspector)].append((str(s.visit_id), s.outcome in FOUND))
    usual = sum(s.outcome in FOUND for s in random) / len(random) if random else 1.0
    problems = {str(visit_id): True for visit_id in with_a_problem}
    of_model = {e.inspector: asdict(e) for e in effects}
    return {
        **_agreements(counted),
        "facts": [
            {**asdict(f), "model": of_model.get(f.inspector)} for f in inspector_facts(looks, problems, usual=usual)
        ],
    }


def _agreements(counted: Sequence[SightingKnown]) -> dict[str, Any]:
    """How the two teams of blind double visits agreed, on one day and apart from days between which people move."""
    first = {(s.visit_id, s.posting_id): s for s in counted}
    pairs: dict[str, list[tuple[bool, bool]]] = {"agreement": [], "agreement_days_apart": []}
    for s in counted:
        before = first.get((s.doubles, s.posting_id)) if s.doubles else None
        if before is not None:
            same_day = (before.local_date, before.slot) == (s.local_date, s.slot)
            which = "agreement" if same_day else "agreement_days_apart"
            pairs[which].append((before.outcome in FOUND, s.outcome in FOUND))
    agreed = {which: agreement(of) for which, of in pairs.items()}
    return {which: {**asdict(a), "pairs": a.pairs} if a else None for which, a in agreed.items()}


def _plain(value: Any) -> Any:
    """The same value with NaN, which JSON has not, as None."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and isnan(value) else value

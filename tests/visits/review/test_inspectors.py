"""Inspectors are looked at too: by the few who may, by login, and nobody where there are few."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from tests.visits.world import COUNTY, NOW, XIADANG, World
from visits import review
from visits.access import Account, NotAllowed
from visits.fieldwork import SightingKnown
from visits.presence import InspectorEffect
from visits.review.figures import population_figures
from visits.review.rows import PresenceRun

DAY = date(2026, 9, 30)


def known(visit_id: UUID, posting_id: UUID, outcome: str, *, team: UUID, **more: Any) -> SightingKnown:
    what: dict[str, Any] = {
        "at_utc": datetime(2026, 9, 1, 2, tzinfo=UTC),
        "local_date": date(2026, 9, 1),
        "slot": "day",
        "drawn": True,
        **more,
    }
    return SightingKnown(
        id=uuid4(),
        visit_id=visit_id,
        posting_id=posting_id,
        village_code=XIADANG,
        required=True,
        outcome=outcome,
        place="inside",
        met_by=2,
        villagers_asked=0,
        villagers_know=0,
        sign=None,
        on_leave=False,
        unannounced=True,
        draw_probability=0.5,
        inspectors=(team,),
        **what,
    )


def of_inspectors(*seen: SightingKnown, problems: frozenset[UUID] = frozenset(), **effects: float) -> dict[str, Any]:
    told = [InspectorEffect(name, 0.8, share, 0.5, 0.9) for name, share in effects.items()]
    figures: dict[str, Any] = population_figures(seen, {}, problems, told)["inspectors"]
    return figures


def test_only_blind_doubles_make_pairs_and_days_apart_stand_by_themselves() -> None:
    first, second, later, by_chance = (uuid4() for _ in range(4))
    one, two = uuid4(), uuid4()
    people = [uuid4() for _ in range(3)]
    seen = [known(first, p, "met", team=one) for p in people]
    seen += [known(second, p, "met", team=two, doubles=first, drawn=False) for p in people[:2]]
    seen += [known(second, people[2], "not_met", team=two, doubles=first, drawn=False)]
    seen += [known(later, people[0], "met", team=two, doubles=first, drawn=False, local_date=date(2026, 9, 3))]
    seen += [known(by_chance, p, "not_met", team=two) for p in people]
    told = of_inspectors(*seen)
    assert (told["agreement"]["pairs"], told["agreement"]["both_found"]) == (3, 2)
    assert told["agreement_days_apart"]["pairs"] == 1


def test_visits_with_a_problem_are_counted_and_the_models_share_stands_beside() -> None:
    who, visits = uuid4(), [uuid4() for _ in range(3)]
    seen = [known(v, uuid4(), "met", team=who) for v in visits]
    [facts] = of_inspectors(*seen, problems=frozenset(visits[:2]), **{str(who): 0.7})["facts"]
    assert (facts["visits"], facts["visits_with_a_problem"], facts["never_finds"]) == (3, 2, False)
    assert facts["model"]["share"] == 0.7


def a_run(world: World, who: list[str], *, visits: int = 20, pairs: int = 12) -> None:
    """A stored run that speaks of these accounts."""
    with world.store.writing() as uow:
        ids = {a.login: a.id for a in uow.session.scalars(select(Account))}
        facts = [
            {
                "inspector": str(ids[login]),
                "visits": visits,
                "looked": 3 * visits,
                "found": 3 * visits,
                "visits_with_a_problem": 0,
                "never_finds": login == "second",
                "model": {"usual": 0.8, "share": 0.9, "low80": 0.7, "high80": 0.95},
            }
            for login in who
        ]
        agreed: dict[str, Any] = {"both_found": pairs, "only_first": 0, "only_second": 0, "both_missed": 0}
        agreed |= {"agree": 1.0, "kappa": None, "low95": None, "high95": None}
        population = {"inspectors": {"agreement": agreed, "agreement_days_apart": None, "facts": facts}}
        uow.session.add(
            PresenceRun(
                county_code=COUNTY,
                as_of=DAY,
                known_utc=NOW,
                on_calendar=True,
                model_version="pooled-2",
                input_sha256="0" * 64,
                postings=0,
                sightings=0,
                population=population,
                made_utc=NOW,
            )
        )


def looked_at(world: World, who: str) -> list[review.InspectorsView]:
    with world.store.writing() as uow:
        return review.inspectors_looked_at(uow, world.actors[who], at_utc=NOW)


FIVE = ["third", "first", "second", "office", "leader"]  # any five accounts; a run names accounts


def test_they_stand_by_login_and_leaders_get_a_count(world: World) -> None:
    a_run(world, FIVE)
    for who in ("organization", "discipline"):
        [county] = looked_at(world, who)
        names = [i.name for i in county.inspectors]
        assert len(names) == 5
        assert county.agreement.pairs == 12 and county.agreement.agree == 1.0
        assert county.agreement_days_apart == review.AgreementView(0)
        assert [i.never_finds for i in county.inspectors].count(True) == 1
    with world.store.reading() as uow:
        [figures] = review.figures_for_leaders(uow, world.actors["leader"])
    told = figures.population["inspectors"]
    assert (told["compared"], told["never_find"]) == (5, 1) and "facts" not in told
    assert looked_at(world, "organization")[0].inspectors[0].share == 0.9


@pytest.mark.parametrize(("who", "visits"), [(FIVE[:4], 20), (FIVE, 7)])
def test_where_few_made_enough_visits_nobody_is_listed(world: World, who: list[str], visits: int) -> None:
    a_run(world, who, visits=visits, pairs=9)
    [county] = looked_at(world, "discipline")
    assert county.inspectors == () and county.agreement == review.AgreementView(9)


def test_they_are_for_few_and_of_the_own_county(world: World) -> None:
    a_run(world, FIVE)
    for who in ("first", "office", "leader", "oversight", "admin"):
        with pytest.raises(NotAllowed):
            looked_at(world, who)
    assert looked_at(world, "stranger") == []

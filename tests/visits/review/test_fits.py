"""A fit takes long, so nobody waits for it: it is made between two transactions, and kept only of what is still so."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select

from api import presence_runs
from tests.visits.review.test_runs import DAY, IN_OCTOBER, WHO, finding, missed_on_eight_visits, run
from tests.visits.world import COUNTY, NOW, World
from visits import review
from visits.fieldwork import Sighting, Visit
from visits.review.rows import PresenceRun, Referral
from visits.store import Job, StoreBusy, enqueue


@pytest.fixture
def missed(world: World) -> World:
    world.kept(missed_on_eight_visits)
    return world


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> list[str]:
    """Let somebody else act, from another thread, in the middle of every fit; the inputs that were fitted to."""
    fitted_to: list[str] = []

    def fit_while_others_work(given: review.RunInput) -> review.Fitted:
        fitted_to.append(given.sha256)
        with ThreadPoolExecutor(1) as others:
            others.submit(act).result()
        return review.fit_run(given)

    monkeypatch.setattr(presence_runs, "fit_run", fit_while_others_work)
    return fitted_to


def test_while_a_fit_runs_others_write(missed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def put_a_job() -> None:
        with missed.store.writing() as uow:
            enqueue(uow, "look", "meanwhile", at_utc=NOW)

    fitted_to = meanwhile(monkeypatch, put_a_job)
    made = run(missed, DAY)
    assert finding(made, missed).says == "refer" and fitted_to == [made.input_sha256]
    with missed.store.reading() as uow:
        assert uow.session.scalar(select(Job.id).where(Job.subject == "meanwhile")) is not None


def escort(world: World, visit_id: UUID) -> None:
    with world.store.writing() as uow:
        uow.session.get_one(Visit, visit_id).escorted = True


def visit_ids(world: World) -> list[UUID]:
    with world.store.reading() as uow:
        return list(uow.session.scalars(select(Visit.id).where(Visit.village_code.startswith(COUNTY))))


def test_a_past_that_changed_meanwhile_is_fitted_again(missed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with missed.store.reading() as uow:
        of_who = uow.session.scalars(select(Sighting.visit_id).where(Sighting.posting_id == missed.postings[WHO])).all()
    fitted_to = meanwhile(monkeypatch, lambda: escort(missed, of_who[0]))
    made = run(missed, DAY)
    assert len(fitted_to) == 2 and fitted_to[1] == made.input_sha256
    assert finding(made, missed).visits == 7


def test_a_past_that_never_holds_still_is_told(missed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    others = iter(visit_ids(missed))
    meanwhile(monkeypatch, lambda: escort(missed, next(others)))
    with pytest.raises(StoreBusy):
        run(missed, DAY)
    with missed.store.reading() as uow:
        assert uow.session.scalars(select(PresenceRun)).all() == []


def test_two_at_once_keep_one_run_and_one_referral(missed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []

    def review_meanwhile() -> None:
        if not rounds:
            rounds.append(1)
            monkeypatch.setattr(presence_runs, "fit_run", review.fit_run)
            presence_runs.review_presence(missed.store, lambda: IN_OCTOBER)

    meanwhile(monkeypatch, review_meanwhile)
    presence_runs.review_presence(missed.store, lambda: IN_OCTOBER)
    with missed.store.reading() as uow:
        assert len(uow.session.scalars(select(PresenceRun)).all()) == 1
        assert len(uow.session.scalars(select(Referral)).all()) == 1

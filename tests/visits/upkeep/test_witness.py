"""A checkpoint a day, whoever starts the server how often; by hand for those who may."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from media.proof import ES256, Cosignature, new_device_key, sign_p256
from tests.visits.world import World
from visits import log, upkeep
from visits.access import NotAllowed
from visits.store import Job, UnitOfWork

# Five in the afternoon in Beijing.
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


def daily(world: World, at_utc: datetime) -> int:
    """How many checkpoints there are after the daily job ran."""
    with world.store.writing() as uow:
        upkeep.daily_checkpoint(uow, at_utc=at_utc)
    with world.store.reading() as uow:
        return len(log.checkpoints(uow))


def test_one_checkpoint_a_day_of_beijing(world: World) -> None:
    assert [daily(world, NOW + timedelta(hours=hours)) for hours in (0, 3, 6, 7, 8, 31)] == [1, 1, 1, 2, 2, 3]


def test_two_processes_make_one_checkpoint_a_day(world: World) -> None:
    at_utc = NOW + timedelta(days=1)
    with ThreadPoolExecutor(1) as other:
        with world.store.writing() as uow:
            upkeep.daily_checkpoint(uow, at_utc=at_utc)
            second = other.submit(daily, world, at_utc)
            while not world.store.is_sqlite and not _somebody_waits(uow):
                assert not second.done()
        assert second.result() == 1


def _somebody_waits(uow: UnitOfWork) -> bool:
    here = "SELECT oid FROM pg_database WHERE datname = current_database()"
    return bool(uow.session.scalar(text(f"SELECT count(*) FROM pg_locks WHERE NOT granted AND database = ({here})")))


def test_the_next_day_is_seen_to_and_waits_once(world: World) -> None:
    for _ in range(2):
        with world.store.writing() as uow:
            upkeep.begin_daily_checkpoints(uow, at_utc=NOW)
            upkeep.daily_checkpoint(uow, at_utc=NOW)
    with world.store.writing() as uow:
        for job in uow.session.scalars(select(Job).where(Job.kind == "make_checkpoint")):
            job.state = "done"
    daily(world, NOW)
    with world.store.reading() as uow:
        query = select(Job.due_utc).where(Job.kind == "make_checkpoint", Job.state == "waiting")
        # Five past midnight of the 19th in Beijing.
        assert list(uow.session.scalars(query)) == [datetime(2026, 11, 18, 16, 5, tzinfo=UTC)]


def test_by_hand_for_the_admin_only_and_noted(world: World) -> None:
    with world.store.writing() as uow:
        made = upkeep.checkpoint_by_hand(uow, world.actors["admin"], at_utc=NOW)
    with world.store.writing() as uow, pytest.raises(NotAllowed):
        upkeep.checkpoint_by_hand(uow, world.actors["office"], at_utc=NOW)
    with world.store.reading() as uow:
        assert log.head(uow).size == made.size


def test_the_discipline_organ_files_the_signature_of_a_witness(world: World) -> None:
    with world.store.writing() as uow:
        made = upkeep.checkpoint_now(uow, at_utc=NOW)
        text = log.checkpoint_file(uow).text.encode()
    witness = new_device_key()
    signed = Cosignature("县档案馆", ES256, witness.public_jwk, sign_p256(witness, text).hex())
    with world.store.writing() as uow:
        with pytest.raises(NotAllowed):
            upkeep.file_cosignature(uow, world.actors["admin"], made.size, signed, at_utc=NOW)
        assert upkeep.file_cosignature(uow, world.actors["discipline"], made.size, signed, at_utc=NOW)

"""The season's server: the real application at another time, and nothing left of it however the season ends."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from api.app import open_store
from api.settings import read_settings
from demo.errors import DemoError
from demo.season.clock import SeasonClock
from demo.season.served import SeasonServer
from visits.store import enqueue, migrate

THEN = datetime(2026, 8, 17, 6, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    store = open_store(read_settings({}, data_dir=folder))
    migrate(store)
    store.close()
    return folder


def test_a_season_that_is_interrupted_leaves_no_server_and_no_lock(data: Path) -> None:
    server = SeasonServer(data, SeasonClock(THEN))
    with pytest.raises(KeyboardInterrupt), server:
        assert requests.get(f"{server.base_url}/healthz", timeout=10).status_code == 200
        raise KeyboardInterrupt
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.base_url}/healthz", timeout=10)
    again = open_store(read_settings({}, data_dir=data))
    with again.serving():
        pass
    again.close()


def test_commands_act_at_the_seasons_time_and_a_refused_one_says_why(data: Path) -> None:
    clock = SeasonClock(THEN)
    with SeasonServer(data, clock) as server:
        said = server.shidi("bootstrap", "--login", "root", "--name", "管理员", "--division", "350924")
        assert "passphrase: " in said
        clock.let_pass(timedelta(days=1))
        with pytest.raises(DemoError, match="was refused"):
            server.shidi("bootstrap", "--login", "root", "--name", "管理员", "--division", "350924")


def test_what_waits_for_the_machines_time_does_not_keep_the_seasons_jobs_away(data: Path) -> None:
    later = THEN + timedelta(days=90)
    store = open_store(read_settings({}, data_dir=data))
    with store.writing() as uow:
        enqueue(uow, "judge_pending", "350924", at_utc=later)
        enqueue(uow, "review_presence", "", at_utc=later)
    store.close()
    with SeasonServer(data, SeasonClock(THEN)) as server:
        assert server.do_jobs() == 1


def test_the_clock_of_a_season_never_goes_back() -> None:
    clock = SeasonClock(THEN)
    clock.move_to(THEN - timedelta(hours=1))
    assert clock.utc() == THEN
    clock.move_to(THEN + timedelta(hours=1))
    assert clock.local().utcoffset() == timedelta(hours=8)
    assert clock.local() == THEN + timedelta(hours=1)

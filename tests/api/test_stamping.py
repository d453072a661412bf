"""Checkpoints are stamped by an authority over HTTP, in a job; one that is away is asked again, and that is told."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from api.jobs import job_handlers
from media.proof import check_stamp
from tests.api.world import World
from tests.media.proof.tsa import Authority, make_authority, served
from visits.log import checkpoint_file, checkpoints, unstamped
from visits.store import Job
from visits.upkeep import checkpoint_now


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tsa") / "one")


def stamp(world: World, url: str | None) -> None:
    job_handlers(world.house.evidence, world.house.tiles, world.clock, url)["stamp_checkpoints"](
        world.store, "unstamped"
    )


def checkpoint(world: World) -> int:
    with world.store.writing() as uow:
        return checkpoint_now(uow, at_utc=world.clock()).size


@pytest.mark.parametrize("whole_chain", [False, True])
def test_every_checkpoint_is_stamped_and_the_stamp_is_checked_offline(
    world: World, authority: Authority, whole_chain: bool
) -> None:
    sizes = [checkpoint(world) for _ in range(2)]
    with served(authority, whole_chain=whole_chain) as url:
        stamp(world, url)
    with world.store.reading() as uow:
        assert unstamped(uow) == []
        for size in sizes:
            file = checkpoint_file(uow, size)
            [token] = file.stamps
            at_utc = check_stamp(bytes.fromhex(token.response_hex), file.text.encode(), authority.root_pem)
            assert abs(at_utc - datetime.now(UTC)) < timedelta(minutes=5)


def test_an_authority_that_is_away_leaves_the_checkpoint_and_is_asked_again(world: World, authority: Authority) -> None:
    checkpoint(world)
    with world.store.writing() as uow:
        uow.session.execute(update(Job).values(state="done"))
    with served(authority) as url:
        pass
    stamp(world, url)
    with world.store.reading() as uow:
        [one] = checkpoints(uow)
        due = uow.session.scalars(select(Job.due_utc).where(Job.kind == "stamp_checkpoints", Job.state == "waiting"))
        assert list(due) == [world.clock() + timedelta(hours=1)]
    assert one.stamped_utc is None
    assert "cannot be reached" in one.stamp_complaint
    with served(authority) as url:
        stamp(world, url)
    with world.store.reading() as uow:
        assert checkpoints(uow)[0].stamped_utc == world.clock()


@pytest.mark.parametrize("says", [b"", b"<html>504</html>", b"\x30\x03\x02\x01\x02", b"x" * 70_000])
def test_what_is_no_stamp_is_not_taken_for_one(world: World, authority: Authority, says: bytes) -> None:
    checkpoint(world)
    with served(authority, says=says) as url:
        stamp(world, url)
    with world.store.reading() as uow:
        assert len(unstamped(uow)) == 1
        assert checkpoints(uow)[0].stamp_complaint


def test_without_an_authority_nobody_is_asked(world: World) -> None:
    checkpoint(world)
    stamp(world, None)
    with world.store.reading() as uow:
        assert checkpoints(uow)[0].stamp_complaint == ""


def test_the_log_page_shows_checkpoints_and_the_sheet_to_print(world: World) -> None:
    size = checkpoint(world)
    phone = world.phone("org")
    listed = phone.get("log/checkpoints").get_json()
    assert [one["size"] for one in listed["items"]] == [size]
    grown = phone.get(f"log/consistency?from=1&to={size}").get_json()
    assert grown["second_root_hex"] == listed["items"][0]["root_hex"]
    file = phone.get("log/checkpoints/latest")
    assert f"shidi-checkpoint-{size}.json" in file.headers["Content-Disposition"]
    assert phone.get("log/checkpoints/1").status_code == 404

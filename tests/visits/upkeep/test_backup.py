"""A backup is the same installation again: the same log, every photo, and nothing of it when something does not fit."""

import hashlib
import io
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from media.store import LocalStore, inventory_of
from tests.visits.upkeep.bundles import arrive_with, make_visit
from tests.visits.world import NOW, World
from visits.access import Audit
from visits.intake import record_text
from visits.intake.rows import ReceivedRecord
from visits.places import TileFolder
from visits.store import NotEmpty, Store
from visits.upkeep import (
    BackupBusy,
    BackupDisturbed,
    Copied,
    NoBackup,
    Rule,
    WrongKey,
    back_up,
    backup,
    carry_out,
    check,
    plan_retention,
    restore,
)

KEY = bytes(range(32))
LATER = NOW + timedelta(days=400)
WRONG = b"announced as something else"
# What does not depend on the database is tested on one of them.
ON_SQLITE = pytest.mark.parametrize("world", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class House:
    """An installation with one visit of two photos, a folder to back it up into, and an empty place to restore to."""

    world: World
    evidence: LocalStore
    tiles: TileFolder
    folder: Path
    elsewhere: Path
    empty_url: Callable[[], str]

    def back_up(self) -> Copied:
        return back_up(self.world.store, self.evidence, self.tiles, self.folder, at_utc=LATER)

    def restore(self, url: str, key: bytes = KEY) -> Copied:
        tiles = TileFolder(self.elsewhere / "tiles")
        return restore(self.folder, url, key, self.restored_evidence, tiles, at_utc=LATER)

    def restored_evidence(self) -> LocalStore:
        return LocalStore(self.elsewhere / "evidence")


@pytest.fixture
def house(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> House:
    evidence = LocalStore(tmp_path / "evidence")
    make_visit(world, evidence)
    evidence.take(io.BytesIO(WRONG), hashlib.sha256(WRONG).hexdigest(), set_aside=True)
    drawn = tmp_path / "tiles" / "350924" / f"{'a' * 64}.mbtiles"
    drawn.parent.mkdir(parents=True)
    drawn.write_bytes(b"tiles")

    def empty_url() -> str:
        if world.store.is_sqlite:
            (tmp_path / "elsewhere").mkdir(exist_ok=True)
            return f"sqlite:///{tmp_path / 'elsewhere' / 'shidi.sqlite'}"
        return str(request.getfixturevalue("postgres_url")())

    return House(
        world, evidence, TileFolder(tmp_path / "tiles"), tmp_path / "backup", tmp_path / "elsewhere", empty_url
    )


def texts(store: Store) -> list[str]:
    with store.reading() as uow:
        rows = uow.session.scalars(select(ReceivedRecord).order_by(ReceivedRecord.number))
        return [record_text(uow, row) for row in rows]


def test_what_is_restored_is_the_same_installation(house: House) -> None:
    made = house.back_up()
    assert (made.photos, made.new_photos, made.amiss) == (2, 2, ())
    url = house.empty_url()
    done = house.restore(url)
    assert (done.log_root_hex, done.log_size, done.amiss) == (made.log_root_hex, made.log_size, ())
    with closing(Store(url, master_key=KEY)) as store:
        report = check(store, house.restored_evidence())
        assert (report.findings, report.log_root_hex) == ((), made.log_root_hex)
        assert texts(store) == texts(house.world.store) != []
        with store.reading() as uow:
            *_, last = uow.session.scalars(select(Audit).order_by(Audit.number))
            assert (last.act, last.detail["made_utc"]) == ("backup.restored", LATER.isoformat())
    assert inventory_of(house.restored_evidence()) == inventory_of(house.evidence)
    assert (house.elsewhere / "tiles" / "350924" / f"{'a' * 64}.mbtiles").read_bytes() == b"tiles"


@ON_SQLITE
def test_the_master_key_is_not_in_it_and_another_one_is_refused(house: House) -> None:
    house.back_up()
    assert not any(KEY in path.read_bytes() for path in house.folder.rglob("*") if path.is_file())
    with pytest.raises(WrongKey):
        house.restore(house.empty_url(), bytes(32))
    assert not (house.elsewhere / "evidence").exists()


def test_records_that_are_there_are_never_overwritten(house: House) -> None:
    house.back_up()
    before = texts(house.world.store)
    with pytest.raises(NotEmpty):
        house.restore(house.world.store.engine.url.render_as_string(hide_password=False))
    assert texts(house.world.store) == before
    assert not (house.elsewhere / "evidence").exists()


@ON_SQLITE
def test_again_into_the_same_folder_copies_what_is_new_and_drops_what_is_no_more(house: House) -> None:
    house.back_up()
    first, _ = house.world.open_visit()
    first.photo(b"a third photo")
    house.world.send(first)
    arrive_with(house.world, house.evidence, first, b"a third photo")
    made = house.back_up()
    assert (made.photos, made.new_photos) == (3, 1)
    assert len(list(house.folder.glob("records-*"))) == len(list(house.folder.glob("inventory-*"))) == 1
    rules = [Rule("正常满一年", "in_order", 365)]
    org = house.world.actors["organization"]
    with house.world.store.reading() as uow:
        digest = plan_retention(uow, org, rules, at_utc=LATER).digest
    carry_out(house.world.store, house.evidence, org, rules, digest=digest, at_utc=LATER)
    made = house.back_up()
    assert (made.photos, made.new_photos) == (1, 0)
    kept = LocalStore(house.folder / "evidence")
    assert list(kept.walk()) == [hashlib.sha256(b"a third photo").hexdigest()]
    assert check(house.world.store, house.evidence).findings == ()


def test_a_photo_that_came_while_the_backup_ran_is_no_orphan_in_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = house.world.open_visit()
    for data in (b"before the records", b"after the records"):
        first.photo(data)
    house.world.send(first)

    def late(at: str) -> Callable[..., object]:
        real = getattr(backup, at)

        def wrapped(*given: object) -> object:
            answer = real(*given)
            arrive_with(house.world, house.evidence, first, arrives.pop(0))
            return answer

        return wrapped

    # The first comes between the look at the bytes and the records, the second after the records.
    arrives = [b"before the records", b"after the records"]
    monkeypatch.setattr(backup, "inventory_of", late("inventory_of"))
    monkeypatch.setattr(backup, "_with_copies", late("_with_copies"))
    made = house.back_up()
    assert (made.photos, made.amiss) == (3, ())
    monkeypatch.undo()
    url = house.empty_url()
    house.restore(url)
    with closing(Store(url, master_key=KEY)) as store:
        assert check(store, house.restored_evidence()).findings == ()


@ON_SQLITE
def test_a_removal_in_the_midst_is_told_and_the_older_backup_stays(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = house.back_up()
    first, _ = house.world.open_visit()
    first.photo(b"goes in the midst")
    house.world.send(first)
    sha256 = arrive_with(house.world, house.evidence, first, b"goes in the midst")
    real = backup.inventory_of

    def removed_after(evidence: LocalStore) -> object:
        seen = real(evidence)
        house.evidence.remove(sha256)
        return seen

    monkeypatch.setattr(backup, "inventory_of", removed_after)
    told = house.back_up()
    assert [(one.sha256_hex, one.is_missing) for one in told.amiss] == [(sha256, True)], "lost, and by no rule"
    asked = iter([[], [sha256]])
    monkeypatch.setattr(backup, "bytes_nobody_needs", lambda _uow: next(asked))
    with pytest.raises(BackupDisturbed):
        house.back_up()
    monkeypatch.undo()
    assert house.restore(house.empty_url()).log_size > made.log_size


@ON_SQLITE
def test_a_spoiled_photo_is_told_and_the_rest_is_there(house: House) -> None:
    house.back_up()
    kept = next(path for path in (house.folder / "evidence" / "sha256").rglob("*") if path.is_file())
    kept.chmod(0o600)
    kept.write_bytes(b"spoiled on the disk of the backup")
    url = house.empty_url()
    done = house.restore(url)
    assert [(one.sha256_hex, one.is_missing) for one in done.amiss] == [(kept.name, False)]
    with closing(Store(url, master_key=KEY)) as store:
        (finding,) = check(store, house.restored_evidence()).findings
    assert kept.name in finding.about
    assert finding.sentence == "its bytes are missing"


@ON_SQLITE
@pytest.mark.parametrize("harm", ["manifest", "records", "inventory", "no manifest"])
def test_a_backup_that_is_not_whole_restores_nothing(house: House, harm: str) -> None:
    house.back_up()
    if harm == "no manifest":
        (house.folder / "backup.json").unlink()
    elif harm == "manifest":
        (house.folder / "backup.json").write_text("{}")
    else:
        path = next(house.folder.glob(f"{harm}-*"))
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with pytest.raises(NoBackup):
        house.restore(house.empty_url())
    assert not (house.elsewhere / "evidence").exists()


@ON_SQLITE
def test_a_folder_with_something_else_is_not_written_into(house: House) -> None:
    house.folder.mkdir()
    (house.folder / "letters.txt").write_text("dear")
    with pytest.raises(NoBackup, match="something else"):
        house.back_up()
    assert [path.name for path in house.folder.iterdir()] == ["letters.txt"]


@ON_SQLITE
def test_two_at_once_are_one(house: House) -> None:
    house.back_up()
    told: list[BaseException] = []
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with backup.alone(house.folder):
            held.set()
            go.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    try:
        for act in (house.back_up, lambda: house.restore(house.empty_url())):
            with pytest.raises(BackupBusy) as told_here:
                act()
            told.append(told_here.value)
    finally:
        go.set()
        holder.join()
    assert len(told) == 2


@ON_SQLITE
def test_a_restore_that_was_cut_off_is_run_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.back_up()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backup, "fill_empty", dies)
    url = house.empty_url()
    with pytest.raises(KeyboardInterrupt):
        house.restore(url)
    monkeypatch.undo()
    done = house.restore(url)
    assert (done.new_photos, done.amiss) == (0, ())
    with closing(Store(url, master_key=KEY)) as store:
        assert check(store, house.restored_evidence()).findings == ()


@ON_SQLITE
def test_what_lay_beside_a_lost_database_of_sqlite_is_not_mixed_with_another(house: House) -> None:
    house.back_up()
    url = house.empty_url()
    (house.elsewhere / "shidi.sqlite-wal").write_bytes(b"of the lost one")
    with pytest.raises(NotEmpty):
        house.restore(url)

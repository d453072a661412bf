"""The folder of a backup is a whole one or none."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from media.store import Inventory
from visits.upkeep import Manifest, NoBackup, read_manifest
from visits.upkeep import backup_folder as folders

STAMPS = ("20261128T010203Z-0123abcd", "20261129T010203Z-89ef0123")


def written(folder: Path, stamp: str) -> Manifest:
    """The two files of a backup, and what is to be said of them."""
    records, inventory = folder / f"records-{stamp}.sqlite", folder / f"inventory-{stamp}.txt"
    folders.write(records, f"records of {stamp}".encode())
    folders.write(inventory, Inventory(frozenset({"a" * 64}), frozenset(), frozenset()).as_text().encode())
    hashes = folders.sha256_of(records), folders.sha256_of(inventory)
    names = records.name, hashes[0], inventory.name, hashes[1]
    return Manifest(folders.FORMAT, "2026-11-28T01:02:03+00:00", "sqlite", "0001", *names, 0, "00", "ab")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_newer_takes_the_place_of_the_older_in_one_step(tmp_path: Path) -> None:
    older = written(tmp_path, STAMPS[0])
    folders.complete(tmp_path, older)
    newer = written(tmp_path, STAMPS[1])
    assert read_manifest(tmp_path) == older, "until the last step"
    assert folders.checked_inventory(tmp_path, older).originals == {"a" * 64}
    folders.complete(tmp_path, newer)
    assert read_manifest(tmp_path) == newer
    assert names(tmp_path) == sorted(["backup.json", newer.inventory, newer.records])


def test_what_was_cut_off_is_cleared_and_the_whole_one_stays(tmp_path: Path) -> None:
    older = written(tmp_path, STAMPS[0])
    folders.complete(tmp_path, older)
    written(tmp_path, STAMPS[1])
    (tmp_path / "backup.json.draft").write_text("{")
    folders.ready_to_write(tmp_path).begin("0192a3b4-0000-7000-8000-000000000000")
    kept = sorted(["backup.json", "evidence", older.inventory, older.records])
    folders.ready_to_write(tmp_path)
    assert names(tmp_path) == kept
    assert not any((tmp_path / "evidence" / "uploads").iterdir())


def test_a_first_one_that_was_cut_off_is_none_and_begins_anew(tmp_path: Path) -> None:
    written(tmp_path, STAMPS[0])
    with pytest.raises(NoBackup, match="no whole backup"):
        read_manifest(tmp_path)
    folders.ready_to_write(tmp_path)
    assert names(tmp_path) == ["evidence"]


@pytest.mark.parametrize(
    "said", [{"format": "shidi backup 2"}, {"schema": "9999"}], ids=["another format", "a later schema"]
)
def test_what_a_later_release_made_is_for_a_later_release(tmp_path: Path, said: dict[str, str]) -> None:
    folders.complete(tmp_path, replace(written(tmp_path, STAMPS[0]), **said))
    with pytest.raises(NoBackup, match="later release"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("name", ["../shidi.sqlite", "/etc/passwd", "letters.txt"])
def test_a_manifest_names_no_files_but_its_own(tmp_path: Path, name: str) -> None:
    said = {**asdict(written(tmp_path, STAMPS[0])), "records": name}
    (tmp_path / "backup.json").write_text(json.dumps(said))
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(NoBackup, match="is missing"):
        folders.checked_inventory(tmp_path, read_manifest(tmp_path))

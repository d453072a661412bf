"""Removal by rule: original and copies go together, others stay, and asking again finishes what was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from media.errors import BytesNotFound, StoreUnavailable
from media.store import LocalStore, Stored
from tests.media.store.test_local import PHOTO, PHOTO_HEX, upload


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "evidence")


def test_a_removed_photo_is_gone_with_its_copies_and_others_stay(store: LocalStore, tmp_path: Path) -> None:
    kept = store.put(b"another photo")
    upload(store)
    store.put_derived(PHOTO_HEX, "display.jpg", b"copy")
    store.put_derived(PHOTO_HEX, "stamped.jpg", b"copy")
    store.remove(PHOTO_HEX)
    assert not store.has(PHOTO_HEX)
    with pytest.raises(BytesNotFound):
        store.open_derived(PHOTO_HEX, "display.jpg")
    assert [p for p in (tmp_path / "evidence").rglob("*") if p.is_file()] == [
        p for p in (tmp_path / "evidence").rglob(kept.sha256_hex) if p.is_file()
    ]
    assert list(store.walk()) == [kept.sha256_hex]


def test_removing_again_or_what_never_was_changes_nothing(store: LocalStore) -> None:
    upload(store)
    store.remove(PHOTO_HEX)
    store.remove(PHOTO_HEX)
    assert upload(store) == Stored(PHOTO_HEX, len(PHOTO)), "and the same bytes may come again"


def test_a_removal_that_was_cut_off_is_finished_by_asking_again(tmp_path: Path) -> None:
    class Cut(Exception):
        pass

    def stop(name: str) -> None:
        if name == "copies removed":
            raise Cut

    root = tmp_path / "evidence"
    upload(LocalStore(root))
    LocalStore(root).put_derived(PHOTO_HEX, "display.jpg", b"copy")
    with pytest.raises(Cut):
        LocalStore(root, step=stop).remove(PHOTO_HEX)
    assert LocalStore(root).has(PHOTO_HEX)
    LocalStore(root).remove(PHOTO_HEX)
    assert not LocalStore(root).has(PHOTO_HEX)


def test_a_store_that_is_away_removes_nothing(store: LocalStore, tmp_path: Path) -> None:
    upload(store)
    (tmp_path / "evidence" / "derived").rename(tmp_path / "away")
    with pytest.raises(StoreUnavailable):
        store.remove(PHOTO_HEX)
    assert [p.name for p in (tmp_path / "evidence" / "sha256").rglob(PHOTO_HEX)] == [PHOTO_HEX]

"""Everything the rules join is found, and nothing else, however many photos there are."""

from __future__ import annotations

import numpy as np
import pytest

from media import Fingerprints, Seen, SeenPhotos, same_photo
from media.photo import hashes, seen
from media.photo.facts import TURNS
from tests.media.photo.pictures import some_scene


def noise(rng: np.random.Generator, count: int) -> list[Seen]:
    return [Seen(number, rng.bytes(8), rng.bytes(32)) for number in range(1, count + 1)]


def off_by(value: bytes, bits: int, rng: np.random.Generator) -> bytes:
    number = int.from_bytes(value)
    for place in rng.choice(len(value) * 8, bits, replace=False):
        number ^= 1 << int(place)
    return number.to_bytes(len(value))


def test_what_is_found_is_what_the_rules_say_of_each_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "BLOCK", 300)
    rng = np.random.default_rng(3)
    asked = Fingerprints(rng.bytes(8), rng.bytes(32), 100)
    assert asked.dhash64 is not None
    assert asked.pdq256 is not None
    photos = noise(rng, 1_000)
    for number in range(1_001, 2_001):
        dhash64 = off_by(asked.dhash64, int(rng.integers(0, 20)), rng)
        photos.append(Seen(number, dhash64, off_by(asked.pdq256, int(rng.integers(0, 110)), rng)))
    kept = SeenPhotos()
    kept.add(photos[:700])
    kept.add(photos[700:])
    assert (len(kept), kept.last_number) == (2_000, 2_000)
    expected = {
        photo.number: likeness
        for photo in photos
        if (likeness := same_photo(asked, Fingerprints(photo.dhash64, photo.pdq256, 100))) is not None
    }
    assert len(expected) > 200
    found = kept.find(asked)
    assert {one.number: one.likeness for one in found} == expected
    assert [one.likeness for one in found] == sorted((one.likeness for one in found), reverse=True), "matches first"
    assert {one.turn for one in found} == {"as_is"}


@pytest.fixture(scope="module")
def scenes() -> list[Fingerprints]:
    return [hashes.fingerprints_of(some_scene(seed, 640, 480)) for seed in range(20)]


@pytest.mark.parametrize("turn", TURNS)
def test_a_mirrored_or_turned_photo_is_found_as_such(scenes: list[Fingerprints], turn: tuple[bool, bool, bool]) -> None:
    kept = SeenPhotos()
    for number, prints in enumerate(scenes, start=1):
        assert prints.dhash64 is not None
        assert prints.pdq256 is not None
        kept.add([Seen(number, prints.dhash64, prints.pdq256)])
    picture = some_scene(7, 640, 480)
    for number, changed in enumerate(turn):
        if changed:
            picture = picture.transpose((5, 1, 0)[number])  # type: ignore[arg-type]
    [found] = kept.find(hashes.fingerprints_of(picture))
    word = "as_is" if turn == TURNS[0] else "mirrored" if sum(turn) % 2 else "turned"
    assert (found.number, found.turn, found.likeness) == (8, word, "match")


def test_a_picture_without_hashes_is_like_no_other() -> None:
    kept = SeenPhotos()
    assert kept.find(Fingerprints(b"\0" * 8, b"\0" * 32, 100)) == []
    kept.add([Seen(1, b"\0" * 8, b"\0" * 32)])
    assert kept.find(Fingerprints(None, None, 3)) == []
    assert [one.number for one in kept.find(Fingerprints(b"\0" * 8, b"\0" * 32, 100))] == [1]

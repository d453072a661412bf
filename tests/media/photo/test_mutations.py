"""Real camera files, damaged by a seeded hand: each ends in a result or in an error of our own, within limits."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from media import Inspection, MediaError, inspect_all, read_photo
from tests.media.photo.camera_files import camera_files
from tests.media.photo.pictures import encoded, exif_block, some_gps, some_scene

READ, DECODED = 3_000, 240
PEAK_BYTES = 400_000_000
ROOT = Path(__file__).parents[3]


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The file with some of it changed, cut out, doubled or cut off; most damage goes where the description stands."""
    spoiled = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        reach = len(spoiled) if chance.random() < 0.3 else min(len(spoiled), 4_000)
        place = chance.randrange(max(1, reach))
        length = chance.choice([1, 1, 2, 4, 8, 64])
        kind = chance.randrange(5)
        if kind == 0:
            spoiled[place : place + length] = chance.randbytes(length)
        elif kind == 1:
            spoiled[place : place + length] = chance.choice([b"\0", b"\xff", b"\x7f\xff\xff\xff"]) * length
        elif kind == 2:
            del spoiled[place : place + length]
        elif kind == 3:
            spoiled[place:place] = spoiled[place : place + length * 16]
        elif chance.random() < 0.1:
            del spoiled[place:]
    return bytes(spoiled)


def originals() -> list[bytes]:
    whole = list(camera_files().values())
    exif = exif_block(gps=some_gps())
    return [
        *whole,
        *(encoded(some_scene(5), kind, exif=exif) for kind in ("JPEG", "HEIF", "PNG", "WEBP") for _ in range(5)),
    ]


def test_reading_thousands_of_damaged_files_raises_nothing_of_others() -> None:
    chance = random.Random(20261118)
    files = originals()
    read = 0
    for _ in range(READ):
        try:
            facts = read_photo(damaged(chance.choice(files), chance))
        except MediaError as reason:
            assert str(reason)
        else:
            read += 1
            assert facts.lat_deg is None or abs(facts.lat_deg) <= 90
            assert facts.lon_deg is None or abs(facts.lon_deg) <= 180
    assert READ * 0.2 < read < READ, "the damage is neither always nor never deadly"


DECODE = """
import resource, sys
from pathlib import Path
from media import MediaError, inspect_all
from media.errors import InspectionUnavailable

results = list(inspect_all(sorted(Path(sys.argv[1]).iterdir())))
unavailable = sum(isinstance(r, InspectionUnavailable) for r in results)
seen = sum(not isinstance(r, MediaError) for r in results)
print(len(results), seen, unavailable, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


def test_decoding_damaged_files_stays_within_its_process(tmp_path: Path) -> None:
    chance = random.Random(20261119)
    files = originals()
    for number in range(DECODED):
        (tmp_path / f"{number:04}").write_bytes(damaged(chance.choice(files), chance))
    # A small process asks: the kernel counts to a child the memory of the parent it came from.
    asked = subprocess.run(
        [sys.executable, "-c", DECODE, tmp_path], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert asked.returncode == 0, asked.stderr
    results, seen, unavailable, peak_bytes = map(int, asked.stdout.split())
    assert (results, unavailable) == (DECODED, 0)
    assert 0 < seen < DECODED
    assert peak_bytes < PEAK_BYTES


def test_every_camera_file_is_inspected(tmp_path: Path) -> None:
    paths = []
    for name, data in camera_files().items():
        (tmp_path / name).write_bytes(data)
        paths.append(tmp_path / name)
    results = list(inspect_all(paths))
    assert [p.name for p, found in zip(paths, results, strict=True) if not isinstance(found, Inspection)] == []

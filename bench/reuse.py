"""Look-up of re-used photos among a million, beside a plain loop in the same run.

``python -m bench.reuse`` fills the index with random fingerprints, asks for pictures that are in it a few bits off, and
tells CPU time and memory. Random fingerprints are the kind case: those of real photos lie a little closer together.
"""

import argparse
import random
import resource
import statistics
import time
from collections.abc import Callable
from functools import partial

from media import Fingerprints, Seen, SeenPhotos, same_photo
from media.photo.facts import TURNS

PHOTOS = 1_000_000
ASKED = 40
LOOP_PHOTOS = 20_000


def main() -> None:
    """Print memory, then CPU of a look-up as the picture is, in all eight ways, and by a plain loop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=PHOTOS)
    photos = parser.parse_args().photos
    chance = random.Random(5)
    SeenPhotos()  # numpy and its threads are no part of what is measured
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept, known = SeenPhotos(), []
    started = time.process_time()
    for start in range(0, photos, 50_000):
        batch = [
            Seen(number, chance.randbytes(8), chance.randbytes(32))
            for number in range(start + 1, min(start + 50_000, photos) + 1)
        ]
        kept.add(batch)
        known += batch[:: max(1, len(batch) * 2 // ASKED)]
    filled_s = time.process_time() - started
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / 1e6
    print(f"{len(kept):,} photos: filled in {filled_s:.1f} s of CPU, memory grown by {grown_mb:.0f} MB at most")
    asked = [_off_by(chance.choice(known), 12, chance) for _ in range(ASKED)]
    once_ms = _each_ms([partial(_found, kept, prints) for prints in asked])
    turned = tuple(chance.randbytes(40) for _ in TURNS[1:])
    eight = [Fingerprints(prints.dhash64, prints.pdq256, 100, turned) for prints in asked]
    eight_ms = _each_ms([partial(_found, kept, prints) for prints in eight])
    some = [Fingerprints(chance.randbytes(8), chance.randbytes(32), 100) for _ in range(LOOP_PHOTOS)]
    loop_ms = _each_ms([partial(_one_by_one, some, prints) for prints in asked[:5]])
    loop_ms *= photos / LOOP_PHOTOS
    print("CPU ms a look-up   as it is   all eight ways   plain loop (from 20,000)   ratio")
    print(f"                 {once_ms:10.2f} {eight_ms:16.1f} {loop_ms:26.0f} {loop_ms / once_ms:7.0f}")


def _found(kept: SeenPhotos, prints: Fingerprints) -> None:
    if len(kept.find(prints)) != 1:
        raise SystemExit("a look-up did not find the one photo it must find")


def _one_by_one(photos: list[Fingerprints], prints: Fingerprints) -> None:
    for photo in photos:
        same_photo(prints, photo)


def _off_by(photo: Seen, bits: int, chance: random.Random) -> Fingerprints:
    pdq = int.from_bytes(photo.pdq256)
    for place in chance.sample(range(256), bits):
        pdq ^= 1 << place
    return Fingerprints(photo.dhash64, pdq.to_bytes(32), 100)


def _each_ms(asks: list[Callable[[], object]]) -> float:
    times = []
    for ask in asks:
        started = time.process_time()
        ask()
        times.append(time.process_time() - started)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    main()

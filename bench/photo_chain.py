"""CPU of all that is done with one photo of 12 million pixels: hash, EXIF, decode, fingerprints, display copy.

``python -m bench.photo_chain`` reads one JPEG and one HEIC again and again in this process, and tells the median and
the least. The server does the same in a limited process, which it starts for each photo; that start is told apart.
"""

import hashlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PIL import Image

from demo.photos import picture
from media import Inspector
from media.photo.picture import inspect_here
from media.photo.reader import register_heif

SIZE_PX = (4032, 3024)
RUNS = 9


def main() -> None:
    """Print one line for each format, and what the start of a reader costs."""
    register_heif()
    jpeg = picture(1, taken_at=datetime.now(UTC), place=None, size_px=SIZE_PX).data
    out = io.BytesIO()
    Image.open(io.BytesIO(jpeg)).convert("RGB").save(out, "HEIF", quality=70)
    for name, data in (("JPEG", jpeg), ("HEIC", out.getvalue())):
        median_ms, least_ms = _cpu_ms(partial(_chain, data))
        print(f"{name} of {len(data) / 1e6:.1f} MB: {median_ms:.0f} ms of CPU, at least {least_ms:.0f}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        path.write_bytes(jpeg)
        started = time.monotonic()
        with Inspector() as inspector:
            inspector.inspect(path)
            first_ms = (time.monotonic() - started) * 1000
            started = time.monotonic()
            inspector.inspect(path)
            second_ms = (time.monotonic() - started) * 1000
    print(f"in a limited process, by the clock: {first_ms:.0f} ms with its start, {second_ms:.0f} ms for the next")


def _chain(data: bytes) -> None:
    hashlib.sha256(data).digest()
    inspect_here(data)


def _cpu_ms(act: Callable[[], None]) -> tuple[float, float]:
    times_ms = []
    for _ in range(RUNS):
        started = time.process_time()
        act()
        times_ms.append((time.process_time() - started) * 1000)
    return statistics.median(times_ms), min(times_ms)


if __name__ == "__main__":
    main()

"""CPU of all that is done with one photo of 12 million pixels: hash, EXIF, decode, fingerprints, display copy.

``python -m bench.photo_chain`` has one JPEG and one HEIC read again and again by the limited process that reads them
in the server, and tells the median and the least of what that process and the hash took. The start of such a process,
which the server makes for each photo, is told apart.
"""

import hashlib
import io
import os
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from demo.photos import picture
from media import Inspector
from media.photo.reader import register_heif

SIZE_PX = (4032, 3024)
RUNS = 9


def main() -> None:
    """Print one line for each format, and what the start of a reader costs."""
    register_heif()
    jpeg = picture(1, taken_at=datetime.now(UTC), place=None, size_px=SIZE_PX).data
    out = io.BytesIO()
    Image.open(io.BytesIO(jpeg)).convert("RGB").save(out, "HEIF", quality=70)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("JPEG", jpeg), ("HEIC", out.getvalue())):
            path = Path(folder) / name
            path.write_bytes(data)
            start_ms, times_ms = _cpu_ms(path)
            print(
                f"{name} of {len(data) / 1e6:.1f} MB: {statistics.median(times_ms):.0f} ms of CPU, "
                f"at least {min(times_ms):.0f}; the first with the start of its process {start_ms:.0f}"
            )
    print(f"load average {os.getloadavg()[0]:.0f}")


def _cpu_ms(path: Path) -> tuple[float, list[float]]:
    """What the first photo of a reader took with the reader's start, and each one after it."""
    with Inspector() as inspector:
        inspector.inspect(path)
        (pid,) = (int(child) for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())
        first_ms = _of_process_ms(pid)
        times_ms = []
        for _ in range(RUNS):
            before_ms = _of_process_ms(pid)
            started = time.process_time()
            hashlib.sha256(path.read_bytes()).digest()
            hash_ms = (time.process_time() - started) * 1000
            inspector.inspect(path)
            times_ms.append(hash_ms + _of_process_ms(pid) - before_ms)
    return first_ms, times_ms


def _of_process_ms(pid: int) -> float:
    """The processor time of another process so far, of all its threads."""
    its_clock = (~pid << 3) | 2  # what clock_getcpuclockid(3) answers on Linux
    return time.clock_gettime(its_clock) * 1000


if __name__ == "__main__":
    main()

"""What a server process costs before anybody has asked for anything: CPU seconds and memory.

``python -m bench.startup`` starts Python, the imports, and ``shidi serve`` a few times each, and tells medians.
"""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.installation import installation
from bench.servers import PROJECT, shidi_serve

RUNS = 5
MOST_MB = 90.0
MOST_IMPORT_CPU_S = 2.0

_MEASURE = """
import resource
{statement}
used = resource.getrusage(resource.RUSAGE_SELF)
import os
resident = int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
print(used.ru_utime + used.ru_stime, resident / 1e6)
"""


def main() -> None:
    """Print one line for each thing that is started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    print("what                                CPU s  memory MB")
    for what, statement in (
        ("Python alone", "pass"),
        ("import wsgi (api.app and all below)", "import wsgi"),
        ("the same with the command line", "import wsgi, api.cli, waitress"),
    ):
        _tell(what, [_imported(statement) for _ in range(runs)])
    with installation(inspectors=1) as place:
        _tell("shidi serve, ready", [_served(place.data_dir) for _ in range(runs)])
    print(f"budget: {MOST_MB:.0f} MB for the process after start, {MOST_IMPORT_CPU_S:.0f} s CPU for the import")


def _imported(statement: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE.format(statement=statement)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    cpu_s, memory_mb = done.stdout.split()
    return float(cpu_s), float(memory_mb)


def _served(data_dir: Path) -> tuple[float, float]:
    with shidi_serve(data_dir) as server:
        return server.cpu_s(), server.rss_bytes() / 1e6


def _tell(what: str, measured: Sequence[tuple[float, float]]) -> None:
    cpu_s, memory_mb = (statistics.median(column) for column in zip(*measured, strict=True))
    print(f"{what:35} {cpu_s:6.2f} {memory_mb:10.1f}", flush=True)


if __name__ == "__main__":
    main()

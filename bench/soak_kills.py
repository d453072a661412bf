"""Kill the server for a long time while two phones send, and count what was lost: ``python -m bench.soak_kills``.

It ends by itself, after so many kills or so many minutes, whichever comes first, and with 1 when anything was lost,
doubled, shown as complete too early, or found wrong by ``shidi check``. ``--bucket`` keeps the photos in an
S3-compatible object store, which runs in this process and is not killed.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from demo import phone
from demo.server import free_port
from tests.reliability.quick import QuickServer
from tests.reliability.rig import (
    Load,
    half_visits,
    incomplete_visits,
    log_size,
    make_county,
    run_under_kills,
    send_all_again,
    tally,
    wait_until_judged,
)

# Machines that do other work are slow to start a server; a phone in the field would come back later, too.
phone.PATIENCE_S = 600.0
# A visit takes the phones longer than a kill and a start; twice as many as kills can never run out.
VISITS_PER_KILL = 2
DRAIN_S = 600.0


def main() -> int:
    """Run the soak and print one line per number; the exit code."""
    said = _arguments()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="shidi-soak-") as folder, bucket_if(said.bucket):
        data_dir = Path(folder, "data")
        data_dir.mkdir()
        make_county(data_dir, visits=VISITS_PER_KILL * said.kills + 10)
        with QuickServer(data_dir, free_port()) as server:
            load = Load(data_dir, server, Path(folder, "phones"))
            killer = run_under_kills(load, kills=said.kills, seed=said.seed, at_most_s=60 * said.minutes)
            wait_until_judged(data_dir, at_most_s=DRAIN_S)
            entries = log_size(data_dir)
            wrong = send_all_again(load.phones)
            wait_until_judged(data_dir, at_most_s=DRAIN_S)
            told = tally(data_dir, load.phones)
            half = killer.findings + half_visits(data_dir, load.phones)
            unfinished = incomplete_visits(data_dir, load.phones)
            doubles = [*told.doubles, *["entries of the log made by sending again"] * (log_size(data_dir) - entries)]
    cuts = sum(phone.traffic.cuts for phone in load.phones)
    print(f"kills                                {killer.done}")
    print(f"visits by two phones                 {len(load.phones) // 2}")
    print(f"requests cut                         {cuts}")
    print(f"records acknowledged                 {told.records}")
    print(f"photos acknowledged                  {told.photos}")
    print(f"acknowledged and lost                {len(told.lost)}")
    print(f"doubles                              {len(doubles)}")
    print(f"half visits shown as complete        {len(half)}")
    print(f"visits that never became complete    {len(unfinished)}")
    print(f"answered otherwise when sent again   {len(wrong)}")
    print(f"findings of the integrity check      {len(told.findings)}")
    print(f"duration                             {time.monotonic() - began:.0f} s")
    faults = [*told.lost, *doubles, *half, *unfinished, *wrong, *told.findings]
    for fault in faults[:50]:
        print(f"FAULT {fault}")
    return 1 if faults else 0


@contextlib.contextmanager
def bucket_if(wanted: bool) -> Iterator[None]:
    """Let everything started from here keep photos in a new bucket, when that is wanted."""
    if not wanted:
        yield
        return
    from tests.buckets import bucket_url, new_bucket, object_store

    with object_store() as endpoint:
        os.environ["SHIDI_EVIDENCE_URL"] = bucket_url(endpoint, new_bucket(endpoint))
        os.environ["SHIDI_EVIDENCE_KEY_ID"], os.environ["SHIDI_EVIDENCE_KEY_SECRET"] = "tests", "secret"
        yield


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=30.0, help="no kill is made after so many minutes")
    parser.add_argument("--bucket", action="store_true", help="photos in an object store instead of the data folder")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""The whole story, as ``make demo SERVE=0`` plays it, with a short season: the end-to-end test of the project."""

import os
import signal
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
TIME_LIMIT_S = 900


def test_the_whole_story_is_played_over_real_http(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--no-serve", "--visits", "12", "--data", str(data)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    for promised in (
        "[25/25]",
        "refused roster came back marked",
        "early opening: 409 assignment-sealed",
        "the 7th photo of one problem refused: photo_cap_problem",
        "the 13th photo of the visit refused: photo_cap_visit",
        "killed by SIGKILL and started again",
        "sent twice: no doubles",
        "演示·李二: met, outside",
        "演示·钱五: met, cannot_tell",
        "演示·王三: leave",
        "hint photo_reused",
        "kept, not taken: problem conflict",
        "inclusion proofs verified",
        "核查次数不足",
        "a stranger of county 350981: 404",
        "coverage: 2 of 205 villages visited",
        "7 证据包",
        "nothing is wrong",
        "one byte flipped in a copy",
        "all is there and unchanged",
        "561 more postings",
        "福安市: 487 villages",
        "12 of 12 visits",
        "resident ",
        "wrong referrals (residents): 0 of 0",
        "0 referrals on the desk",
        "for leaders, without names, as of ",
        "left out: 1 escorted, 1 told of before",
        "visits over a line that was cut",
        "found (photo_reused)",
        "visits on rest days and free nights, not counted",
        "the other's answer 404",
        "promises checked, all kept",
    ):
        assert promised in done.stdout
    assert _servers_on(data) == []


def test_the_demo_empties_no_folder_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("not the demo's")
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--no-serve", "--data", str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "was not made by the demo" in done.stderr
    assert (tmp_path / "precious.txt").exists()


# The real command, with a story that starts the server and then takes its time.
LONG_STORY = """
import time
import demo.__main__ as command

def run_story(folder, server, story):
    server.start()
    print("served", flush=True)
    time.sleep(60)

command.run_story = run_story
command.demo()
"""


def test_a_run_that_is_stopped_leaves_no_server_behind(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", LONG_STORY, "--no-serve", "--data", str(data)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "served\n"
        assert len(_servers_on(data)) == 1
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert _servers_on(data) == []


def _servers_on(data: Path) -> list[int]:
    """The processes that run ``shidi`` on this data folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"SHIDI_DATA={data}".encode() in environment:
            found.append(int(folder.name))
    return found

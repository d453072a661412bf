"""Hostile photos end in a sentence, within their limits; honest ones behind them are served all the same."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from media import Inspection, Inspector, Limits, MediaError, inspect, inspect_all
from media.errors import InspectionUnavailable, PhotoTooLarge, PhotoTooSlow, UnreadablePhoto
from media.photo import inspector as inspector_module
from media.photo.picture import inspect_here
from tests.media.photo import hostile
from tests.media.photo.pictures import encoded, some_scene

CLOCK_S = 3.0
ROOT = Path(__file__).parents[3]
MEASURED = """
import resource, sys
from media import Inspector, MediaError
said = "read"
with Inspector() as inspector:
    try:
        inspector.inspect(sys.argv[1])
    except MediaError as reason:
        said = type(reason).__name__
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(said, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


@pytest.fixture
def honest(tmp_path: Path) -> Path:
    path = tmp_path / "honest.jpg"
    path.write_bytes(encoded(some_scene(1, 640, 480)))
    return path


def written(tmp_path: Path, files: dict[str, bytes]) -> list[Path]:
    paths = []
    for number, data in enumerate(files.values()):
        paths.append(tmp_path / f"{number}.jpg")
        paths[-1].write_bytes(data)
    return paths


def test_the_subprocess_says_what_would_have_been_said_here(honest: Path) -> None:
    assert inspect(honest) == inspect(str(honest)) == inspect_here(honest)


def test_a_relative_path_means_the_callers_place(honest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(honest.parent)
    assert inspect("honest.jpg").facts.width_px == 640


def test_hostile_photos_are_each_a_result_and_one_process_serves_them_all(tmp_path: Path, honest: Path) -> None:
    bad = {**hostile.not_pictures(), **hostile.broken(), **hostile.cut()}
    paths = written(tmp_path, bad)
    results = list(inspect_all([*paths, tmp_path / "missing.jpg", honest]))
    assert [name for name, result in zip(bad, results, strict=False) if not isinstance(result, MediaError)] == []
    assert isinstance(results[-2], UnreadablePhoto)
    assert isinstance(results[-1], Inspection)


def test_bombs_end_within_three_seconds_and_four_hundred_megabytes(tmp_path: Path) -> None:
    bombs = {
        **hostile.too_large(),
        "60 million pixels of RGBA": hostile.png_of_zeros(7_700, 7_700, colour_type=6, samples=4),
        "text of 250 MB": hostile.zip_bomb_text(),
        "profile of 200 MB": hostile.profile_bomb(),
        "endless scans": hostile.jpeg_of_endless_scans(),
    }
    for name, path in zip(bombs, written(tmp_path, bombs), strict=True):
        # A small process of its own asks, since the kernel counts to a child the memory of the parent it came from,
        # and this one may have grown large.
        asked = subprocess.run(
            [sys.executable, "-c", MEASURED, path], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert asked.returncode == 0, f"{name}: {asked.stderr}"
        said, cpu_s, peak_kb = asked.stdout.split()
        assert said != InspectionUnavailable.__name__, name
        # Time of the processor, since the machine of a test may have other things to do. The kernel ends a process
        # at the next whole second after its limit.
        assert float(cpu_s) < CLOCK_S + 0.5, name
        assert int(peak_kb) < 400_000, name


def test_a_large_honest_photo_fits(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(hostile.png_of_zeros(7_700, 7_700))
    assert inspect(path).facts.width_px == 7_700


def test_a_photo_of_endless_work_is_ended_and_the_next_one_served(tmp_path: Path, honest: Path) -> None:
    slow = tmp_path / "slow.jpg"
    slow.write_bytes(hostile.jpeg_of_endless_scans())
    with Inspector(Limits(cpu_s=2)) as inspector:
        with pytest.raises(PhotoTooSlow):
            inspector.inspect(slow)
        assert inspector.inspect(honest).facts.width_px == 640


def test_a_photo_that_lets_us_wait_is_ended_by_the_clock(tmp_path: Path, honest: Path) -> None:
    # A pipe nobody writes to: opening it blocks, without any work for the processor.
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    with Inspector(Limits(wall_s=0.5)) as inspector:
        started_s = time.monotonic()
        with pytest.raises(PhotoTooSlow):
            inspector.inspect(pipe)
        assert time.monotonic() - started_s < 10
    assert inspect(honest).facts.width_px == 640


def test_a_photo_that_needs_more_memory_than_allowed_is_told_so(tmp_path: Path, honest: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(hostile.png_of_zeros(5_000, 5_000))
    with Inspector(Limits(memory_bytes=60 * 1024 * 1024)) as inspector:
        with pytest.raises(PhotoTooLarge, match="memory"):
            inspector.inspect(large)
        assert inspector.inspect(honest).facts.width_px == 640


def test_the_limit_on_time_is_for_each_photo_not_for_all_together(honest: Path) -> None:
    with Inspector(Limits(cpu_s=2)) as inspector:
        for _ in range(100):
            assert inspector.inspect(honest).facts.width_px == 640


def test_a_worker_killed_from_outside_is_replaced(honest: Path) -> None:
    with Inspector() as inspector:
        inspector.inspect(honest)
        [worker] = workers_of(os.getpid())
        os.kill(worker, 9)
        # Whether it is seen dead before or while the next photo is asked about is a matter of microseconds.
        try:
            inspector.inspect(honest)
        except UnreadablePhoto:
            inspector.inspect(honest)


def test_no_process_is_left_behind(honest: Path) -> None:
    inspect(honest)
    assert workers_of(os.getpid()) == []


def test_threads_take_turns(honest: Path) -> None:
    results: list[Inspection] = []
    with Inspector() as inspector:
        threads = [threading.Thread(target=lambda: results.append(inspector.inspect(honest))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [inspect_here(honest)] * 6


def test_a_reader_that_does_not_start_is_not_blamed_on_the_photo(
    honest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An installation whose reader is damaged, and one without the interpreter.
    broken = tmp_path / "media" / "photo" / "worker.py"
    broken.parent.mkdir(parents=True)
    broken.write_text("raise ImportError('half of the package is missing')")
    (tmp_path / "media" / "__init__.py").touch()
    (tmp_path / "media" / "photo" / "__init__.py").touch()
    monkeypatch.setattr(inspector_module, "_PACKAGE_PARENT", tmp_path)
    with pytest.raises(InspectionUnavailable):
        inspect(honest)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(InspectionUnavailable):
        inspect(honest)


def workers_of(parent: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "media.photo.worker" in line]

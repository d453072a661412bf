"""The worker as its owner sees it: lines in, lines out, and nothing it could do besides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import media
from media import Inspection
from media.errors import UnsupportedFormat
from media.photo.wire import READY, from_line
from tests.media.photo.pictures import encoded

CHECKOUT = Path(str(media.__file__)).parent.parent


def run_worker(questions: list[Path], stdout_path: Path | None = None) -> list[bytes]:
    lines = b"".join(json.dumps({"path": str(path)}).encode() + b"\n" for path in questions)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "media.photo.worker", str(300 * 1024 * 1024), "3"],
        input=lines,
        capture_output=True,
        env={"PYTHONPATH": str(CHECKOUT)},
        timeout=60,
        check=True,
    )
    assert done.stderr == b""
    return done.stdout.splitlines(keepends=True)


def test_each_photo_gets_one_line_in_turn(tmp_path: Path) -> None:
    good, bad = tmp_path / "照片 1.jpg", tmp_path / "bad.jpg"
    good.write_bytes(encoded())
    bad.write_bytes(b"<svg/>")
    ready, *answers = run_worker([good, bad, good])
    assert ready == READY
    results = [from_line(answer) for answer in answers]
    assert isinstance(results[0], Inspection)
    assert isinstance(results[1], UnsupportedFormat)
    assert results[2] == results[0]


def test_it_ends_with_its_input() -> None:
    assert run_worker([]) == [READY]


def test_it_may_write_no_file(tmp_path: Path) -> None:
    # Its output is a pipe; were it a file, the limit on file sizes would stop the very first byte.
    target = tmp_path / "out"
    with target.open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "media.photo.worker", str(300 * 1024 * 1024), "3"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(CHECKOUT)},
            timeout=60,
            check=False,
        )
    assert done.returncode != 0
    assert target.stat().st_size == 0


def test_it_sees_nothing_of_the_servers_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIDI_SECRET", "the database password")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(encoded())
    with media.Inspector() as inspector:
        inspector.inspect(photo)
        children = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=True
        )
        [worker] = [int(line.split()[0]) for line in children.stdout.splitlines() if "media.photo.worker" in line]
        assert b"SHIDI_SECRET" not in Path(f"/proc/{worker}/environ").read_bytes()

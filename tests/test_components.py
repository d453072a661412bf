"""The outside components work, and what is missing is said aloud."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import BrowserContext

from tests.components import postgres_programs

ROOT = Path(__file__).parents[1]


@pytest.mark.postgres
def test_a_fresh_database_has_postgis(postgres_url: Callable[[], str]) -> None:
    url = postgres_url().replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url) as database:
        row = database.execute("select postgis_lib_version(), st_distance('point(0 0)', 'point(3 4)')").fetchone()
    assert row is not None
    assert int(row[0].split(".")[0]) >= 3
    assert row[1] == 5


@pytest.mark.postgres
def test_two_databases_do_not_see_each_other(postgres_url: Callable[[], str]) -> None:
    first, second = (postgres_url().replace("+psycopg", "") for _ in range(2))
    with psycopg.connect(first) as one:
        one.execute("create table village (code text)")
    with psycopg.connect(second) as other:
        assert other.execute("select to_regclass('village')").fetchone() == (None,)


@pytest.mark.postgres
@pytest.mark.skipif(postgres_programs() is None, reason="only a server given by SHIDI_TEST_POSTGRES_URL here")
def test_a_killed_test_process_leaves_no_server_behind() -> None:
    # Not below tmp_path, which the account that runs PostgreSQL could not enter.
    folder = Path(tempfile.gettempdir(), f"shidi-tests-killed-{os.getpid()}")
    hold = (
        "import sys, time; from pathlib import Path; from tests.components import *\n"
        "with shared_server(postgres_programs(), Path(sys.argv[1])) as address:\n"
        "    print(address, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", hold, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        address = holder.stdout.readline().strip()
        psycopg.connect(address).close()
        holder.kill()
    deadline = time.monotonic() + 20
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)


@pytest.mark.browser
@pytest.mark.parametrize(("size", "width_px"), [("phone", 390), ("desk", 1366)])
def test_a_page_with_chinese_text_is_shown(
    new_context: Callable[..., BrowserContext], size: str, width_px: int
) -> None:
    page = new_context(size).new_page()
    page.goto("data:text/html;charset=utf-8,<meta name=viewport content=width=device-width><h1>实地暗访</h1>")
    assert page.get_by_role("heading").inner_text() == "实地暗访"
    assert page.evaluate("[innerWidth, navigator.language, new Date(0).getHours()]") == [width_px, "zh-CN", 8]


@pytest.mark.browser
def test_a_window_can_speak_english(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context("desk", locale="en").new_page()
    assert page.evaluate("navigator.language") == "en"


def _run_with_nothing_installed(folder: Path, *, forbid: str) -> "subprocess.CompletedProcess[str]":
    """Run two tests, one of which skips, under this project's conftest in a pytest and a worker of its own."""
    (folder / "tests").mkdir()
    for name in ("conftest.py", "components.py", "engines.py", "postgres_keeper.py"):
        (folder / "tests" / name).symlink_to(ROOT / "tests" / name)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\nmarkers =\n  postgres: x\n  browser: x\n")
    (folder / "tests" / "test_two.py").write_text(
        "import pytest\ndef test_runs(): pass\n@pytest.mark.browser\ndef test_needs_a_browser(): pass\n"
    )
    environment = {
        "PATH": str(folder),  # No Chromium is found here, wherever the tests run.
        "HOME": os.environ.get("HOME", str(folder)),
        "SHIDI_TESTS_FORBID_SKIPS": forbid,
    }
    command = [sys.executable, "-m", "pytest", "--import-mode=importlib", "-n", "1", "-p", "no:cacheprovider", "tests"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_missing_component_skips_with_a_line(tmp_path: Path) -> None:
    ended = _run_with_nothing_installed(tmp_path, forbid="0")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "NOT TESTED on this machine: 1 x no Chromium here" in ended.stdout
    assert "1 passed, 1 skipped" in ended.stdout


def test_a_skip_fails_the_run_where_skips_are_forbidden(tmp_path: Path) -> None:
    ended = _run_with_nothing_installed(tmp_path, forbid="1")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "SKIPPED and forbidden here" in ended.stdout

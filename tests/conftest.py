"""What every test folder shares: the outside components, and what it means when one is missing.

A test whose component is missing is skipped and says so. With ``SHIDI_TESTS_FORBID_SKIPS=1``, as in CI, any skip fails
the run.
"""

import gc
import os
import shutil
import time
import uuid
from collections import Counter
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # As wsgi.py has it, and before numpy is loaded.

import pytest

from tests.components import (
    browser,
    browser_missing,
    chromium_path,
    new_context,
    postgres_missing,
    postgres_server,
    postgres_url,
    quick_folder,
)
from tests.engines import share_compiled_statements

__all__ = ["browser", "chromium_path", "new_context", "postgres_server", "postgres_url"]

MISSING = {"postgres": postgres_missing, "browser": browser_missing}
NEEDS = {"postgres_server": "postgres", "postgres_url": "postgres", "browser": "browser", "new_context": "browser"}
STOP_SECONDS = 30
MOST_PROCESSES = 4

shared_folder_key = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Name one folder for all processes of this run; it is made only when a test needs it."""
    share_compiled_statements()
    inherited: dict[str, str] | None = getattr(config, "workerinput", None)
    if inherited is not None:
        config.stash[shared_folder_key] = Path(inherited["shidi_shared_folder"])
    else:
        # Not below pytest's own folder, which the account that runs PostgreSQL could not enter.
        config.stash[shared_folder_key] = quick_folder() / f"shidi-tests-{uuid.uuid4().hex[:12]}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: a third of the time one waits, for a browser or a killed server."""
    return min(MOST_PROCESSES, (os.cpu_count() or 1) + 1)


def pytest_collection() -> None:
    """What is loaded and found from here on stays; to search it for cycles again and again takes seconds."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Search for cycles again from here on, but not through what is there already."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell each process of pytest-xdist the name of the folder."""
    node.workerinput["shidi_shared_folder"] = str(node.config.stash[shared_folder_key])  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Wait until the keeper has stopped what it keeps, so that nothing is left when the run has ended."""
    if hasattr(config, "workerinput"):
        return
    folder = config.stash[shared_folder_key]
    deadline = time.monotonic() + STOP_SECONDS
    while (folder / "cluster").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_folder(request: pytest.FixtureRequest) -> Path:
    """The folder that all processes of this run share."""
    return request.config.stash[shared_folder_key]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for a component, so that ``-m "not browser"`` leaves out every such test."""
    for item in items:
        for fixture in NEEDS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(NEEDS[fixture])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose component is missing."""
    for marker, missing in MISSING.items():
        if item.get_closest_marker(marker) and (reason := missing()):
            pytest.skip(reason)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that skipped anything, where that is forbidden."""
    if _skips_forbidden() and _skip_reasons(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was not tested, and why."""
    reasons = _skip_reasons(terminalreporter.config)
    if not reasons:
        return
    why = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common())
    if _skips_forbidden():
        terminalreporter.write_line(f"SKIPPED and forbidden here (SHIDI_TESTS_FORBID_SKIPS=1): {why}", red=True)
    else:
        terminalreporter.write_line(f"NOT TESTED on this machine: {why}", yellow=True)


def _skips_forbidden() -> bool:
    return os.environ.get("SHIDI_TESTS_FORBID_SKIPS") == "1"


def _skip_reasons(config: pytest.Config) -> Counter[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = [] if reporter is None else reporter.stats.get("skipped", [])
    # The report of a skip holds (file, line, "Skipped: reason").
    return Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)

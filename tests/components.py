"""The two outside programs that some tests need, PostgreSQL with PostGIS and Chromium, as fixtures.

``postgres_url()`` gives a fresh database, ``new_context()`` a browser window of the size of a phone or a desk. A test
that uses one carries the marker ``postgres`` or ``browser``; where the program is missing it is skipped with a line
that says why.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from psycopg import sql
from sqlalchemy import URL, make_url

START_SECONDS = 90
# The part of the file system that Linux keeps in memory; a container may have only a little of it.
MEMORY = Path("/dev/shm")
MEMORY_WANTED_BYTES = 2 << 30
# What Chromium does without. It takes the last such list for the only one, so Playwright's own is repeated; new are the
# pages behind the address bar that nobody sees, which cost each window two renderer processes and a second.
CHROMIUM_WITHOUT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
)
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(CHROMIUM_WITHOUT)}",
]
SCREENS: dict[str, dict[str, object]] = {
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 3,
        "is_mobile": True,
        "has_touch": True,
    },
    "desk": {"viewport": {"width": 1366, "height": 768}},
}


@dataclass(frozen=True)
class PostgresServer:
    """Where databases can be made, and the template with PostGIS; None on a server that is not ours to add one to."""

    address: URL
    template: str | None
    # Copying files is the quicker way where they are in memory; it makes PostgreSQL write everything out first.
    copies_files: bool = False

    @property
    def plain_address(self) -> str:
        """The address as psycopg itself reads it."""
        return self.address.set(drivername="postgresql").render_as_string(hide_password=False)

    def make(self, admin: psycopg.Connection[Any], name: str, copied: str | None = None) -> None:
        """Make a database with PostGIS, or a copy of another one that nobody is connected to."""
        source = copied or self.template or "template1"
        statement = "create database {} template {}" + (" strategy file_copy" if self.copies_files else "")
        admin.execute(sql.SQL(statement).format(*map(sql.Identifier, (name, source))))
        if copied is None and self.template is None:
            own = self.address.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
            with psycopg.connect(own, autocommit=True) as fresh:
                fresh.execute("create extension if not exists postgis")

    def drop(self, admin: psycopg.Connection[Any], name: str) -> None:
        """Drop a database, whoever is connected to it."""
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def quick_folder() -> Path:
    """Where the databases of tests go: into memory where there is room, since nothing in them needs to last."""
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_WANTED_BYTES
    return MEMORY if roomy else Path(tempfile.gettempdir())


# ---- PostgreSQL ----


def postgres_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL that has PostGIS, as Debian lays them out."""
    with_postgis = [
        programs
        for programs in Path("/usr/lib/postgresql").glob("*/bin")
        if (programs / "initdb").exists()
        and Path("/usr/share/postgresql", programs.parent.name, "extension/postgis.control").exists()
    ]
    return max(with_postgis, key=lambda programs: float(programs.parent.name), default=None)


def postgres_missing() -> str | None:
    """Return why no PostgreSQL can be had here, None when one can."""
    if os.environ.get("SHIDI_TEST_POSTGRES_URL") or postgres_programs():
        return None
    return "no PostgreSQL with PostGIS here (install them, or set SHIDI_TEST_POSTGRES_URL)"


@pytest.fixture(scope="session")
def postgres_server(shared_folder: Path) -> Iterator[PostgresServer]:
    """One server for the whole run, shared by all its processes."""
    if given := os.environ.get("SHIDI_TEST_POSTGRES_URL"):
        yield PostgresServer(make_url(given).set(drivername="postgresql+psycopg"), template=None)
        return
    programs = postgres_programs()
    if programs is None:
        pytest.skip(str(postgres_missing()))
    copies_files = shared_folder.is_relative_to(MEMORY) and float(programs.parent.name) >= 15
    with shared_server(programs, shared_folder) as address:
        url = make_url(address).set(drivername="postgresql+psycopg")
        yield PostgresServer(url, template="shidi_template", copies_files=copies_files)


@contextmanager
def shared_server(programs: Path, folder: Path) -> Iterator[str]:
    """The address of the run's server; the first process that asks has it started, see ``postgres_keeper``."""
    folder.mkdir(mode=0o711, exist_ok=True)
    with (folder / "users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            (folder / "cluster").mkdir()
        except FileExistsError:
            pass  # Another process came first and starts it.
        else:
            with (folder / "keeper-log").open("wb") as log:
                keeper = subprocess.Popen(
                    [sys.executable, Path(__file__).with_name("postgres_keeper.py"), programs, folder],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C reaches the tests only; the keeper ends after them.
                )
            keeper.returncode = 0  # It outlives this process on purpose: nobody here waits for it.
        yield _wait_for_address(folder)


def _wait_for_address(folder: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if (folder / "address").exists():
            return (folder / "address").read_text("utf-8")
        if (folder / "failure").exists():
            break
        time.sleep(0.05)
    said = [path.read_text("utf-8") for path in map(folder.joinpath, ("failure", "log", "keeper-log")) if path.exists()]
    raise RuntimeError("the test PostgreSQL did not start:\n" + "\n".join(said))


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[Callable[..., str]]:
    """A maker of fresh databases with PostGIS, or copies of a template, as URLs; they are dropped after the test."""
    names: list[str] = []
    with psycopg.connect(postgres_server.plain_address, autocommit=True) as admin:

        def make(template: str | None = None) -> str:
            names.append(f"shidi_test_{uuid.uuid4().hex[:16]}")
            postgres_server.make(admin, names[-1], template)
            return postgres_server.address.set(database=names[-1]).render_as_string(hide_password=False)

        yield make
        for name in names:
            postgres_server.drop(admin, name)


# ---- Chromium ----


def chromium_program() -> Path | None:
    """Return the Chromium or Chrome of this machine; Playwright's own download is not used."""
    found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    return next(map(Path, found), None)


def browser_missing() -> str | None:
    """Return why no browser can be had here, None when one can."""
    return None if chromium_program() else "no Chromium here (install chromium or google-chrome)"


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Where Chromium is."""
    program = chromium_program()
    if program is None:
        pytest.skip(str(browser_missing()))
    return program


@pytest.fixture(scope="session")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """One headless browser per test process, with a profile of its own."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path, headless=True, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """A maker of windows, closed after the test: ``new_context("phone" | "desk", locale="zh-CN", ...)``.

    Further options are those of Playwright's ``Browser.new_context``.
    """
    with ExitStack() as opened:

        def make(size: str, *, locale: str = "zh-CN", **options: object) -> BrowserContext:
            chosen = {"locale": locale, "timezone_id": "Asia/Shanghai", **SCREENS[size], **options}
            context = browser.new_context(**chosen)  # type: ignore[arg-type]
            opened.callback(context.close)
            return context

        yield make

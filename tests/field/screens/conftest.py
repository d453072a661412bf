"""A county and its server for each test, and phones with the page open; a page that complains fails its test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from demo.answering import answering
from tests.field.screens.rig import County, Phone, copy_of, make_county

# A busy machine may take longer than the usual five seconds to paint; what is there at once costs nothing more.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def county_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county to copy from."""
    folder = tmp_path_factory.mktemp("screens-county")
    made = make_county(folder)
    made.world.store.checkpoint()
    made.world.store.close()
    return folder


@pytest.fixture
def county(county_folder: Path, tmp_path: Path) -> Iterator[County]:
    """The test's own county."""
    made = copy_of(county_folder, tmp_path / "county")
    yield made
    made.world.store.close()


@pytest.fixture
def address(county: County) -> Iterator[str]:
    """Where the county's server answers."""
    with answering(county.app) as found:
        yield found


@pytest.fixture
def new_phone(new_context: Callable[..., BrowserContext], address: str) -> Iterator[Callable[..., Phone]]:
    """A maker of phones: ``new_phone()``, ``new_phone("en", user_agent=…)``."""
    phones: list[Phone] = []

    def make(language: str = "zh", **options: object) -> Phone:
        context = new_context("phone", locale="en-GB" if language == "en" else "zh-CN", **options)
        context.add_init_script(f"localStorage.setItem('shidi.language', '{language}')")
        phones.append(Phone(context, address, language))
        return phones[-1]

    yield make
    assert [trouble for phone in phones for trouble in phone.wrong] == []

"""Times in the form for a new assignment."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from api.pages.assignments import form_time, instant_of_form

CHINA = ZoneInfo("Asia/Shanghai")


def test_a_form_field_means_the_countys_time() -> None:
    assert instant_of_form("2026-11-18T18:00", CHINA) == datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def test_what_the_form_offers_is_read_back_as_it_was() -> None:
    instant = datetime(2026, 12, 31, 20, 5, tzinfo=UTC)
    assert instant_of_form(form_time(instant, CHINA), CHINA) == instant


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-02-30T10:00", "2026-11-18T18:00+02:00", "2026-11-18 18:00"])
def test_what_no_browser_sends_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        instant_of_form(text, CHINA)

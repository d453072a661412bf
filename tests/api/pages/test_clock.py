"""How the desk writes instants."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from api.pages.clock import time_element

CHINA = ZoneInfo("Asia/Shanghai")


def test_an_instant_is_written_in_local_time_and_kept_for_machines() -> None:
    late = datetime(2026, 7, 3, 16, 30, 9, tzinfo=UTC)
    assert time_element(late, CHINA) == '<time datetime="2026-07-03T16:30:09+00:00">2026-07-04 00:30</time>'
    assert "2026-07-04 00:30:09" in time_element(late, CHINA, seconds=True)


def test_the_time_of_a_phone_elsewhere_is_the_same_instant() -> None:
    assert ">2026-07-03 21:14<" in time_element("2026-07-03T15:14:00+02:00", CHINA)


def test_a_camera_without_a_zone_is_shown_as_it_wrote() -> None:
    assert time_element(datetime(2026, 7, 3, 21, 14), CHINA) == "<time>2026-07-03 21:14:00</time>"  # noqa: DTZ001


@pytest.mark.parametrize(("given", "shown"), [(None, "—"), (date(2026, 7, 3), ">2026-07-03<")])
def test_days_and_nothing(given: date | None, shown: str) -> None:
    assert shown in time_element(given, CHINA)


def test_what_is_no_time_is_shown_and_never_markup() -> None:
    assert time_element("<b>soon</b>", CHINA) == "&lt;b&gt;soon&lt;/b&gt;"

"""A phone tried out at a known point, in a browser that is told where it stands: what it gives is read and kept."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from geo import Datum, convert
from tests.visits.world import OFFICE_SITE
from tests.web.county import Desk
from tests.web.test_browser import Window, own_address  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser

# What the point is in, and what a phone whose maker shifts its fixes gives there.
LON, LAT = OFFICE_SITE
SHIFTED = convert(LON, LAT, source=Datum.WGS84, target=Datum.GCJ02)


def test_a_shifted_phone_is_tried_out_and_the_finding_is_kept(
    own_desk: Desk,
    own_address: str,  # noqa: F811
    new_context: Callable[..., BrowserContext],
) -> None:
    context = new_context("phone", permissions=["geolocation"], geolocation=told(0))
    here = Window(context.new_page(), own_address).sign_in("office")
    page = here.page
    here.go("/desk/phones")
    page.locator("tbody a").first.click()
    assert here.sideways_px() <= 0
    page.locator("#point").fill("乡政府门口控制点，演示测绘队测")
    page.get_by_label("已知点经度（度）").fill(str(LON))
    page.get_by_label("已知点纬度（度）").fill(str(LAT))
    page.locator("#datum").select_option("cgcs2000")
    given, take = page.locator("#fixes"), page.get_by_role("button", name="读取本机定位")
    for fixes in (1, 2, 3):
        context.set_geolocation(told(fixes))
        take.click()
        expect(page.locator("#took")).to_have_text("已加上一次定位。")
        assert len(given.input_value().splitlines()) == fixes
    moments = {line.split(", ")[3] for line in given.input_value().splitlines()}
    assert len(moments) == 3
    page.get_by_role("button", name="保存校准").click()
    expect(page.get_by_role("status").first).to_have_text("校准已保存。")
    found = page.locator("section", has=page.get_by_role("heading", name="校准结果"))
    expect(found).to_contain_text("乡政府门口控制点，演示测绘队测")
    expect(found).to_contain_text("GCJ-02")
    assert here.wrong == []


def told(step: int) -> dict[str, float]:
    """The shifted place some metres on: as fixes come, one after another."""
    return {"longitude": SHIFTED[0] + step * 2e-5, "latitude": SHIFTED[1] - step * 1e-5, "accuracy": 8.0 + step}

"""The map of visits in a real browser: what is drawn is what the table says, and the address brings it back."""

import json
import math
import re
import zlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import mapbox_vector_tile
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from shapely import Point, Polygon, box
from shapely.geometry import shape as as_shape
from sqlalchemy import update

from api.http.house import EXTENSION, House
from demo.answering import answering
from geo import Area, Datum
from geo.formats import read_layer
from tests.visits.world import COUNTY, NOW, OFFICE_SITE, XIADANG, XIPU
from tests.web.county import Desk, copy_of
from tests.web.test_browser import Window
from visits import places, plans

pytestmark = pytest.mark.browser

NewContext = Callable[..., BrowserContext]
LON, LAT = OFFICE_SITE
TOWN = XIADANG[:9]
AXE = (Path(__file__).parents[1] / "field" / "screens" / "axe" / "axe.min.js").read_text("utf-8")

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf"
    "c0000000030001011a3d6d0000000049454e44ae426082"
)

# The colour of the pixel in the middle of a place, and the place the map says is there.
LOOK = """
([code, lon, lat]) => {
  const { chart } = document.getElementById("map");
  const pixel = chart.map.getPixelFromCoordinate(ol.proj.fromLonLat([lon, lat])).map(Math.round);
  const picture = document.createElement("canvas");
  picture.width = picture.height = 1;
  const pen = picture.getContext("2d");
  for (const canvas of document.querySelectorAll("#map canvas")) {
    if (canvas.width > 0) pen.drawImage(canvas, pixel[0], pixel[1], 1, 1, 0, 0, 1, 1);
  }
  const colour = [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  const hex = "#" + colour.map((part) => part.toString(16).padStart(2, "0")).join("");
  const row = document.querySelector(`tr[data-village="${code}"]`);
  return { drawn: hex, hit: chart.codeAt(pixel), shown: chart.village.get(code) ?? null,
    legend: row && getComputedStyle(row.querySelector(".swatch")).getPropertyValue("--swatch").trim(),
    says: row && row.dataset.class, visits: row && Number(row.dataset.visits) };
}
"""


# A tile as it came, and as the page reads it: each polygon's first ring, its box, and which of some places it holds.
READ = """
async ([zoom, column, row]) => {
  const { drawn } = JSON.parse(document.getElementById("map-settings").textContent);
  const answer = await fetch(`/api/v1/tiles/${drawn.prefix}/${drawn.sha256}/${zoom}/${column}/${row}.mvt`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const { readTile } = await import("/desk/static/map/tiles.js");
  const steps = Array.from({ length: 56 }, (_, at) => at * 75 - 50);
  const told = {};
  for (const [level, areas] of Object.entries(readTile(bytes))) {
    told[level] = Object.fromEntries(areas.numbers.map((number, at) => {
      const [begin, end] = areas.rings.slice(2 * areas.firstRing[at]);
      const corner = (_, nth) => [areas.xy[begin + 2 * nth], areas.xy[begin + 2 * nth + 1]];
      const ring = Array.from({ length: (end - begin) / 2 }, corner);
      const holds = steps.flatMap((x) => steps.map((y) => [x, y])).filter(([x, y]) => areas.holds(at, x, y));
      return [number, { ring, box: areas.boxes.slice(4 * at, 4 * at + 4), holds }];
    }));
  }
  return [[...bytes], told];
}
"""


@pytest.fixture(scope="module")
def county(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The county with boundaries of one town and two villages, its tiles drawn."""
    made = copy_of(desk, tmp_path_factory.mktemp("mapped"))
    west, east = (
        box(LON - 0.05, LAT - 0.05, LON + 0.02, LAT + 0.05),
        box(LON + 0.02, LAT - 0.05, LON + 0.09, LAT + 0.05),
    )
    named = {XIADANG: west, XIPU: east, TOWN: box(LON - 0.05, LAT - 0.05, LON + 0.09, LAT + 0.05)}
    areas = [Area(number, {"code": code}, shape, None) for number, (code, shape) in enumerate(named.items(), 1)]
    with made.world.store.writing() as uow:
        said = {"source": "drawn for the tests", "licence": "none", "at_utc": NOW + timedelta(days=1)}
        admin = made.world.actors["admin"]
        places.import_areas(uow, admin, areas, datum=Datum.WGS84, quality=places.Quality.SYNTHETIC, **said)
    house: House = made.app.extensions[EXTENSION]
    house.jobs.run_waiting()
    yield made
    made.world.store.close()


@pytest.fixture(scope="module")
def mapped(county: Desk) -> Iterator[str]:
    with answering(county.app) as address:
        yield address


@pytest.fixture
def planned(county: Desk, tmp_path: Path) -> Iterator[str]:
    """The county with a year's plan, under whose first line one visit was made."""
    made = copy_of(county, tmp_path / "planned")
    office, year = made.world.actors["office"], NOW.year
    whole = {"from_date": date(year, 1, 1), "to_date": date(year, 12, 31)}
    with made.world.store.writing() as uow:
        said = {"county_code": COUNTY, "year": year, "most_checks_per_village": 9, "at_utc": NOW}
        plan = plans.make_plan(uow, office, **said)
        for line in (
            plans.NewLine(plans.CheckKind.UNANNOUNCED, "暗访", quotas={TOWN: 2}, **whole),
            plans.NewLine(plans.CheckKind.OTHER, "专项", approver_name="演示批准人", **whole),
        ):
            plan = plans.add_line(uow, office, plan.id, line, version=plan.version, at_utc=NOW)
        of_visit = plans.Assignment.visit_id == made.visit_id
        uow.session.execute(update(plans.Assignment).where(of_visit).values(plan_line_id=plan.lines[0].id))
    with answering(made.app) as address:
        yield address
    made.world.store.close()


@pytest.fixture(scope="module")
def pointed(desk: Desk) -> Iterator[str]:
    """The county with nothing but points and its own outline, and no tiles: as most counties begin."""
    with answering(desk.app) as address:
        yield address


def open_map(
    new_context: NewContext, address: str, query: str = "", login: str = "office", size: str = "desk"
) -> Window:
    here = Window(new_context(size).new_page(), address).sign_in(login)
    here.go(f"/desk/map{query}")
    wait(here.page)
    return here


def wait(page: Page) -> None:
    expect(page.locator("#map")).to_have_attribute("data-state", "drawn", timeout=20_000)


def tile_at(zoom: int, lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """Column and row, with what is behind the point, of a place in the usual grid of web maps."""
    across = lon_deg / 360 + 0.5
    down = 0.5 - math.asinh(math.tan(math.radians(lat_deg))) / (2 * math.pi)
    return across * 2**zoom, down * 2**zoom


def settled(page: Page) -> None:
    page.evaluate("document.getElementById('map').chart.whenDrawn()")


def numbers(page: Page) -> dict[str, list[str]]:
    """The table, row by row: code, class, and the cells."""
    rows = page.locator("tr[data-village]").evaluate_all(
        "rows => rows.map(r => [r.dataset.village, r.dataset.class, ...[...r.cells].slice(1).map(c => c.textContent)])"
    )
    return {row[0]: row[1:] for row in rows}


def wrong(here: Window) -> list[str]:
    # Only the reading of pixels above, which no page does, is complained of.
    return [said for said in here.wrong if "willReadFrequently" not in said]


@pytest.mark.parametrize("zoom", ["8.5", "13", "14.5"])
def test_boundaries_have_the_colour_that_their_row_has(mapped: str, new_context: NewContext, zoom: str) -> None:
    here = open_map(new_context, mapped, f"?units=village&layer=visits&at={zoom}/{LAT}/{LON + 0.02}")
    settled(here.page)
    visited = here.page.evaluate(LOOK, [XIADANG, LON + 0.01, LAT - 0.002])
    never = here.page.evaluate(LOOK, [XIPU, LON + 0.03, LAT - 0.002])
    assert (visited["hit"], never["hit"]) == (XIADANG, XIPU)
    assert (visited["says"], visited["visits"]) == ("v5", 8)
    assert (never["says"], never["visits"]) == ("never", 0)
    for place in (visited, never):
        assert place["drawn"] == place["legend"] == place["shown"]
    assert visited["drawn"] != never["drawn"]
    assert wrong(here) == []


@pytest.mark.parametrize("zoom", [8, 11])
def test_tiles_are_read_as_they_were_drawn(mapped: str, new_context: NewContext, zoom: int) -> None:
    here = open_map(new_context, mapped, login="leader")
    column, row = (int(part) for part in tile_at(zoom, LON, LAT))
    bytes_, read = here.page.evaluate(READ, [zoom, column, row])
    layers = mapbox_vector_tile.decode(bytes(bytes_), default_options={"y_coord_down": True})
    grid = [(x, y) for x in range(-50, 4150, 75) for y in range(-50, 4150, 75)]
    for level in ("town", "village"):
        drawn = {each["id"]: as_shape(each["geometry"]) for each in layers[level]["features"]}
        assert sorted(read[level]) == sorted(map(str, drawn))
        for number, area in drawn.items():
            found = read[level][str(number)]
            assert Polygon(found["ring"]).equals(area)
            assert tuple(found["box"]) == area.bounds
            assert [tuple(place) for place in found["holds"]] == [at for at in grid if area.contains(Point(at))]
    assert wrong(here) == []


def test_what_is_painted_again_is_what_is_chosen(mapped: str, new_context: NewContext) -> None:
    here = open_map(new_context, mapped, f"?units=village&layer=visits&at=9/{LAT}/{LON + 0.02}")
    page, place = here.page, [XIADANG, LON + 0.01, LAT - 0.002]
    seen = []
    for layer in ("visits", "night", "since"):
        page.get_by_label("图层", exact=True).select_option(layer)
        settled(page)
        seen.append(page.evaluate(LOOK, place))
        assert seen[-1]["drawn"] == seen[-1]["legend"]
    assert len({one["drawn"] for one in seen}) > 1
    page.get_by_label("画法").select_option("town")
    settled(page)
    town = page.evaluate(LOOK, place)
    swatch = page.locator(f'tr[data-town="{TOWN}"] .swatch').first
    assert town["drawn"] == swatch.evaluate("one => getComputedStyle(one).getPropertyValue('--swatch').trim()")
    assert town["hit"] == TOWN


def test_a_second_opening_asks_for_no_script_and_no_tile_again(mapped: str, new_context: NewContext) -> None:
    here = open_map(new_context, mapped)
    asked: list[str] = []
    here.page.on("response", lambda answer: asked.append(answer.url) if not answer.from_service_worker else None)
    sent = "() => performance.getEntriesByType('resource').filter(one => one.transferSize).map(one => one.name)"
    here.go("/desk/map")
    wait(here.page)
    over_the_wire = here.page.evaluate(sent)
    assert [url for url in over_the_wire if "/desk/" in url or "/tiles/" in url] == []
    assert [url.rpartition("/")[2] for url in over_the_wire] == ["status", "map"]
    assert any("/tiles/" in url for url in asked)


def test_points_alone_make_a_map_and_towns_their_ground(pointed: str, new_context: NewContext) -> None:
    here = open_map(new_context, pointed, f"?at=12/{LAT}/{LON}")
    settled(here.page)
    visited = here.page.evaluate(LOOK, [XIADANG, LON, LAT])
    never = here.page.evaluate(LOOK, [XIPU, LON + 0.05, LAT + 0.03])
    assert visited["drawn"] == visited["legend"] == visited["shown"]
    assert never["drawn"] == never["legend"] == never["shown"]
    assert (visited["hit"], never["hit"]) == (XIADANG, XIPU)
    # Names are made for what is in view, and for nothing that is far out.
    named = "document.getElementById('map').chart.villageNames.getSource().getFeatures().map(f => f.getId()).sort()"
    assert here.page.evaluate(named) == sorted([XIADANG, XIPU])
    expect(here.page.get_by_text("无点位、只列表：1 个村")).to_be_visible()
    expect(here.page.get_by_text("虚线为村点位所及的范围，不是乡镇界线。")).to_be_visible()
    expect(here.page.get_by_text("村点位为合成数据")).to_be_visible()
    assert list(numbers(here.page)) == sorted(numbers(here.page))
    assert wrong(here) == []


def test_the_brush_counts_anew_and_the_way_back_brings_it_back(mapped: str, new_context: NewContext) -> None:
    here = open_map(new_context, mapped, "?layer=visits")
    page, asked = here.page, []
    before = numbers(page)
    assert before[XIADANG][2:] == ["8", "—", "4", "4", "—", "—", "8", "1"]
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("从").fill(str(NOW.date() - timedelta(days=45)))
    page.get_by_label("从").blur()
    page.get_by_label("到", exact=True).fill(str(NOW.date() - timedelta(days=1)))
    page.get_by_label("到", exact=True).blur()
    page.wait_for_url(re.compile("from=.*to="))
    assert numbers(page)[XIADANG][2:] == ["3", "—", "1", "2", "—", "—", "3", "1"]
    assert numbers(page)[XIADANG][0] == "v3"
    address = page.url
    page.get_by_label("时段").select_option("day")
    assert numbers(page)[XIADANG][2:5] == ["1", "—", "1"]
    page.go_back()
    assert page.url == address
    assert numbers(page)[XIADANG][2] == "3"
    expect(page.get_by_label("时段")).to_have_value("")
    page.get_by_label("单日").check()
    assert numbers(page)[XIADANG] == ["never", "未查过", *["—"] * 7, "1"]
    page.get_by_role("button", name="全部时间").click()
    assert numbers(page) == before
    assert [url for url in asked if "/api/" in url] == []  # what was loaded once is brushed in the browser
    assert wrong(here) == []


def test_a_span_is_drawn_with_the_hand(mapped: str, new_context: NewContext) -> None:
    here = open_map(new_context, mapped)
    page = here.page
    page.locator("svg.brush").scroll_into_view_if_needed()
    bars = page.locator("svg.brush").bounding_box()
    assert bars is not None
    middle = bars["y"] + bars["height"] / 2
    page.mouse.move(bars["x"] + 1, middle)
    page.mouse.down()
    page.mouse.move(bars["x"] + bars["width"] * 0.3, middle, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile("to="))
    assert int(numbers(page)[XIADANG][2]) < 8
    assert page.get_by_label("从").input_value() == str(NOW.date() - timedelta(days=150))


def test_the_file_to_take_away_has_the_same_numbers(mapped: str, new_context: NewContext, tmp_path: Path) -> None:
    day = NOW.date() - timedelta(days=60)
    here = open_map(new_context, mapped, f"?from={day}&slot=evening&town={TOWN}")
    with here.page.expect_download() as started:
        here.page.get_by_role("link", name="下载 GeoPackage").click()
    assert "内部使用" in started.value.suggested_filename
    path = tmp_path / "coverage.gpkg"
    started.value.save_as(path)
    features = read_layer(path, layer="village_points", encoding=None).features
    slots = ("visits", "dawn", "day", "evening", "night", "drawn", "directed", "open_problems")
    told = {f.properties["code"]: [str(f.properties[name] or "—") for name in slots] for f in features}
    assert told == {code: row[2:] for code, row in numbers(here.page).items()}
    assert told[XIADANG][0] == "2"
    assert {str(f.properties["last_visit"])[:10].replace("/", "-") for f in features if f.properties["visits"]} == {
        str(NOW.date() - timedelta(days=9))
    }


def test_filters_stand_in_the_address_and_in_the_other_language(mapped: str, new_context: NewContext) -> None:
    here = open_map(new_context, mapped)
    page = here.page
    page.get_by_label("乡镇").select_option(TOWN)
    expect(page.locator("#map")).to_have_attribute("data-villages", "2")
    page.get_by_label("图层", exact=True).select_option("night")
    expect(page.locator("#legend")).to_contain_text("去过，夜间没有")
    page.get_by_role("link", name="English").click()
    wait(page)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#legend")).to_contain_text("visited, never at night")
    expect(page.locator("#map")).to_have_attribute("data-villages", "2")
    assert f"town={TOWN}" in page.url
    here.go("/desk/map?layer=nonsense&town=350981&from=2026-13-01&village=1&slot=noon")
    wait(page)
    expect(page.locator("#map")).to_have_attribute("data-villages", "3")
    assert wrong(here) == []


def test_a_line_of_the_plan_and_how_much_of_its_quota_was_used(planned: str, new_context: NewContext) -> None:
    here = open_map(new_context, planned, f"?layer=visits&units=both&at=9/{LAT}/{LON + 0.02}")
    page = here.page
    assert numbers(page)[XIADANG][2] == "8"
    page.get_by_label("计划项目").select_option(f"{NOW.year} 年 暗访")
    assert numbers(page)[XIADANG][2] == "1"
    page.get_by_label("图层", exact=True).select_option("quota")
    expect(page.locator(f'tr[data-town="{TOWN}"]')).to_contain_text("名额 2，已用 1")
    settled(page)
    seen = page.evaluate(LOOK, [XIADANG, LON + 0.01, LAT - 0.002])
    assert (seen["says"], seen["drawn"]) == ("q1", seen["legend"])
    expect(page.locator("#legend")).to_contain_text("用过，不超过一半")
    expect(page.locator("#legend-notes")).to_contain_text("未开启的任务不计")
    assert "plan=" in str(page.get_by_role("link", name="下载 GeoPackage").get_attribute("href"))
    page.get_by_label("计划项目").select_option(f"{NOW.year} 年 专项")
    assert numbers(page)[XIADANG][:3] == ["missing", "未查过", "—"]
    page.go_back()
    expect(page.get_by_label("计划项目").locator("option:checked")).to_have_text(f"{NOW.year} 年 暗访")
    assert wrong(here) == []


def test_a_visit_is_marked_and_the_place_is_kept(county: Desk, mapped: str, new_context: NewContext) -> None:
    here = open_map(new_context, mapped, f"?visit={county.visit_id}", login="organization")
    page = here.page
    expect(page.locator(f'tr[data-village="{XIADANG}"]')).to_contain_text("本次核查")
    zoom = page.evaluate("document.getElementById('map').chart.view.getZoom()")
    page.locator(".ol-zoom-in").click()
    page.wait_for_url(re.compile(rf"[?&]at={zoom + 1:.1f}0?/[0-9.]+/[0-9.]+"))
    assert f"visit={county.visit_id}" in page.url
    place = page.url.split("at=")[1]
    page.get_by_role("link", name="English").click()
    wait(page)
    assert page.url.split("at=")[1] == place


def test_by_keyboard_and_to_a_screen_reader(mapped: str, new_context: NewContext) -> None:
    here = open_map(new_context, mapped, login="leader")
    page = here.page
    page.get_by_role("button", name="溪浦村").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#map-said")).to_contain_text("溪浦村、未查过")
    assert f"village={XIPU}" in page.url
    before = page.evaluate("document.getElementById('map').chart.view.getZoom()")
    page.locator("#map").focus()
    page.keyboard.press("-")
    page.wait_for_function("before => document.getElementById('map').chart.view.getZoom() < before", arg=before)
    assert "问题" not in page.locator("#table thead").inner_text()  # a leader reads no ledger
    found = page.evaluate(
        f"() => {{ {AXE}; return axe.run().then(r => r.violations.map(v => [v.id, v.nodes[0].html])); }}"
    )
    assert found == []
    assert wrong(here) == []


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_picture_holds_the_map_and_its_legend(mapped: str, new_context: NewContext, size: str) -> None:
    here = open_map(new_context, mapped, "?layer=visits", size=size)
    page = here.page
    assert here.sideways_px() <= 0
    with page.expect_download() as started:
        page.get_by_role("button", name="存为图片").click()
    assert re.fullmatch(r"核查覆盖地图-内部使用-[0-9-]{10}\.png", started.value.suggested_filename)
    from PIL import Image

    with Image.open(started.value.path()) as picture:
        seen = {colour[:3]: many for many, colour in picture.convert("RGB").getcolors(1 << 24) or []}
    legend = page.locator("#legend .swatch").evaluate_all(
        "all => all.map(s => getComputedStyle(s).getPropertyValue('--swatch').trim())"
    )
    rgb = [tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5)) for colour in legend]
    assert [colour for colour in rgb[:-1] if seen.get(colour, 0) < 100] == []
    assert wrong(here) == []


def letters(paper: bytes) -> set[str]:
    """The letters that the fonts inside a PDF have a glyph for and name."""
    found: set[str] = set()
    for begins in re.finditer(rb"stream\r?\n", paper):
        try:
            text = zlib.decompressobj().decompress(paper[begins.end() :])
        except zlib.error:
            continue
        if b"beginbfchar" in text or b"beginbfrange" in text:
            found |= {chr(int(code, 16)) for code in re.findall(rb"<([0-9A-Fa-f]{4})>", text)}
    return found


def test_on_paper_there_are_the_map_and_every_row(mapped: str, new_context: NewContext, tmp_path: Path) -> None:
    here = open_map(new_context, mapped)
    here.page.emulate_media(media="print")
    paper = here.page.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    assert {"核", "查", "村"} <= letters(paper)
    expect(here.page.locator("#on-paper")).to_be_visible()
    expect(here.page.locator("#map")).to_be_hidden()
    expect(here.page.locator("#controls")).to_be_hidden()
    expect(here.page.locator("tr[data-village]")).to_have_count(3)


def middle_of(grid: str, zoom: int, column: int, row: int) -> tuple[float, float]:
    """Longitude and latitude of a tile's middle: ``c`` is cut in degrees, ``w`` in web Mercator."""
    across, down = (column + 0.5) / 2**zoom, (row + 0.5) / 2**zoom
    lat_deg = 90 - 360 * down if grid == "c" else math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * down))))
    return 360 * across - 180, lat_deg


@pytest.mark.parametrize("grid", ["c", "w"])
def test_a_base_map_is_asked_of_its_own_host_alone(county: Desk, new_context: NewContext, grid: str) -> None:
    from dataclasses import replace

    from api.app import create_app
    from tests.web.county import desk_time

    house: House = county.app.extensions[EXTENSION]
    url = "https://tiles.example/img/{z}/{x}/{y}.png"
    approval = "审图号：GS(2025)0000号"
    settings = replace(house.settings, basemap_urls=(url,), basemap_grid=grid, basemap_approval=approval)
    based = replace(county, app=create_app(settings, county.world.store, clock=desk_time))
    asked: list[str] = []
    with answering(based.app) as address:
        context = new_context("desk")
        asked.clear()
        context.on("request", lambda request: asked.append(request.url) if "tiles.example" in request.url else None)
        context.route(
            "https://tiles.example/**",
            lambda route: route.fulfill(
                body=PIXEL, content_type="image/png", headers={"Access-Control-Allow-Origin": "*"}
            ),
        )
        page = context.new_page()
        here = Window(page, address)
        here.sign_in("leader").go(f"/desk/map?at=10/{LAT}/{LON}")
        wait(page)
        expect(page.get_by_text(approval)).to_be_visible()
        assert asked
        zoom, column, row = (int(part) for part in re.findall(r"/(\d+)/(\d+)/(\d+)\.png", asked[0])[0])
        lon_deg, lat_deg = middle_of(grid, zoom, column, row)
        assert abs(lon_deg - LON) < 1.5
        assert abs(lat_deg - LAT) < 1.5
        others = [said for said in wrong(here) if "asked another host: https://tiles.example/" not in said]
        assert others == []


def test_a_server_that_fails_is_told_of(mapped: str, new_context: NewContext) -> None:
    context = new_context("desk")
    context.route("**/coverage/map", lambda route: route.fulfill(status=503, body=json.dumps({})))
    here = Window(context.new_page(), mapped).sign_in("leader")
    here.go("/desk/map")
    expect(here.page.locator("#map")).to_have_attribute("data-state", "failed")
    expect(here.page.locator("#map-said")).to_have_text("地图没有画出，请看右侧（手机在下方）表格。")

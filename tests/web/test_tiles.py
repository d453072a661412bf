"""The tiles in a real browser, with the map library that is vendored: they draw, and the status colours them by number.

The map page itself does not use them yet; this shows that what the server gives fits together.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext
from shapely import box

from api.http.house import EXTENSION, House
from geo import Area, Datum
from tests.visits.world import NOW, OFFICE_SITE, XIADANG, XIPU
from tests.web.county import Desk
from tests.web.test_browser import Window, own_address
from visits import places

pytestmark = pytest.mark.browser

__all__ = ["own_address"]

LON, LAT = OFFICE_SITE
VISITED, NEVER = box(LON - 0.05, LAT - 0.05, LON, LAT + 0.05), box(LON, LAT - 0.05, LON + 0.05, LAT + 0.05)
GREEN, RED = [27, 122, 75], [140, 35, 35]

# As the map page would do it: shapes once, colours apart, joined by the number of the feature.
DRAW = """
async ([zoom, centre, spots]) => {
  const status = await (await fetch("/api/v1/coverage/status")).json();
  const [{ county_code, sha256 }] = status.tiles;
  const address = `/api/v1/tiles/${county_code}/${sha256}`;
  const facts = await (await fetch(address)).json();
  const numbers = status.numbers.flatMap(([first, count]) => Array.from({ length: count }, (_, step) => first + step));
  const last = new Map(numbers.map((number, at) => [number, status.last_day[at]]));
  const fill = (color) => new ol.style.Fill({ color });
  const area = (color) => new ol.style.Style({ fill: fill(color) });
  const styles = { visited: area("rgb(27,122,75)"), never: area("rgb(140,35,35)"),
    point: new ol.style.Style({ image: new ol.style.Circle({ radius: 8, fill: fill("rgb(0,0,255)") }) }) };
  const place = document.createElement("div");
  place.style.cssText = "position:fixed;inset:0;width:600px;height:600px;background:white;z-index:9";
  document.body.append(place);
  const wanted = [];
  const map = new ol.Map({ target: place, controls: [], pixelRatio: 1,
    view: new ol.View({ center: ol.proj.fromLonLat(centre), zoom }),
    layers: [new ol.layer.VectorTile({
      source: new ol.source.VectorTile({ format: new ol.format.MVT(), minZoom: facts.first_zoom,
        maxZoom: facts.last_zoom, url: `${address}/{z}/{x}/{y}.mvt`,
        tileGrid: ol.tilegrid.createXYZ({ minZoom: facts.first_zoom, maxZoom: facts.last_zoom, tileSize: 512 }) }),
      style: (feature) => {
        if (feature.get("layer") === "point") return styles.point;
        if (feature.get("layer") !== "village") return undefined;
        return last.get(feature.getId()) !== null ? styles.visited : styles.never;
      } })] });
  await new Promise((done) => map.once("rendercomplete", done));
  const at = (spot) => map.getPixelFromCoordinate(ol.proj.fromLonLat(spot)).map(Math.round);
  const canvas = place.querySelector("canvas");
  const colour = ([x, y]) => [...canvas.getContext("2d").getImageData(x, y, 1, 1).data].slice(0, 4);
  const hits = spots.map((spot) => map.getFeaturesAtPixel(at(spot)).filter((f) => f.get("layer") !== "county")
    .map((f) => f.getId()));
  return { colours: spots.map((spot) => colour(at(spot))), hits, numbers: facts.numbers };
}
"""


@pytest.mark.parametrize("zoom", [8.5, 10, 13])
def test_tiles_draw_and_the_status_colours_them(
    own_desk: Desk, own_address: str, new_context: Callable[..., BrowserContext], zoom: float
) -> None:
    world = own_desk.world
    with world.store.writing() as uow:
        areas = [Area(1, {"code": XIADANG}, VISITED, None), Area(2, {"code": XIPU}, NEVER, None)]
        places.import_areas(
            uow,
            world.actors["admin"],
            areas,
            datum=Datum.WGS84,
            quality=places.Quality.SYNTHETIC,
            source="drawn for the tests",
            licence="none",
            at_utc=NOW + timedelta(days=1),
        )
    house: House = own_desk.app.extensions[EXTENSION]
    house.jobs.run_waiting()
    window = Window(new_context("desk").new_page(), own_address).sign_in("leader")
    window.go("/desk/map")
    close = 0.004 if zoom > 12 else 0.02
    spots = [[LON - close, LAT], [LON + close, LAT]]
    told = window.page.evaluate(DRAW, [zoom, [LON, LAT], spots])
    assert told["colours"] == [[*GREEN, 255], [*RED, 255]]
    assert told["hits"] == [[told["numbers"][XIADANG]], [told["numbers"][XIPU]]]
    # Only the reading of pixels above, which no page does, is complained of.
    assert [said for said in window.wrong if "willReadFrequently" not in said] == []

// The layer of the map that holds the tiles: asks for them as OpenLayers wants them, paints them with the colours of now,
// and knows which place lies under a finger.
/* global ol */

import { VILLAGE_LINES_BELOW_M, paintTile } from "./paint.js";
import { TILE_UNITS, TileStore } from "./tiles.js";

const PIXELS = 512;
const NEAREST_ZOOM = 17; // of tiles this wide; it is the 18 of maps with half of it
const PAINTED_KEPT = 48; // a megabyte each, and four on a phone
const EDGE_M = 100_000; // a line along the edge is drawn whole, however far out

class PaintedTiles extends ol.source.ImageTile {
  getTilePixelRatio(ratio) {
    return ratio;
  }
}

export class TileLayer {
  constructor({ prefix, sha256, first_zoom: first, last_zoom: last, bounds }) {
    this.lastZoom = last;
    this.store = new TileStore(`/api/v1/tiles/${prefix}/${sha256}`);
    this.grid = ol.tilegrid.createXYZ({ minZoom: first, maxZoom: NEAREST_ZOOM, tileSize: PIXELS });
    this.paints = 0;
    this.coloured = new Promise((done) => (this.nowColoured = done));
    const loader = (...at) => this.painted(...at);
    this.source = new PaintedTiles({ loader, tileGrid: this.grid, transition: 0 });
    const extent = ol.extent.buffer(ol.proj.transformExtent(bounds, "EPSG:4326", "EPSG:3857"), EDGE_M);
    this.layer = new ol.layer.Tile({ source: this.source, extent, cacheSize: PAINTED_KEPT });
  }

  // ``town`` and ``village`` are colours by number, or null where these are not to have any.
  paint({ town, village }) {
    this.colours = { town, village };
    this.paints += 1;
    // What was painted before stays until there is something newer in its place.
    if (this.paints > 1) this.source.setKey(`painted ${this.paints}`);
    this.nowColoured();
  }

  // A tile is on its way before anybody knows its colours.
  async painted(zoom, column, row) {
    const [layers] = await Promise.all([this.store.load(...this.holder(zoom, column, row)), this.coloured]);
    if (!Object.keys(layers).length) return document.createElement("canvas");
    return paintTile(layers, {
      ...this.colours,
      pixels: PIXELS,
      ratio: ol.has.DEVICE_PIXEL_RATIO,
      part: this.part(zoom, column, row),
      villageLines: this.grid.getResolution(zoom) < VILLAGE_LINES_BELOW_M,
    });
  }

  // The tile of the last zoom, or of this one, that a picture is a part of.
  holder(zoom, column, row) {
    const nearer = Math.max(zoom - this.lastZoom, 0);
    return [zoom - nearer, column >> nearer, row >> nearer];
  }

  part(zoom, column, row) {
    const [, wholeColumn, wholeRow] = this.holder(zoom, column, row);
    const parts = 2 ** Math.max(zoom - this.lastZoom, 0);
    const side = TILE_UNITS / parts;
    return { west: (column - wholeColumn * parts) * side, north: (row - wholeRow * parts) * side, side };
  }

  // The number of the village at a place, or else of the town, of those that have a colour; undefined where there is none.
  numberAt([x, y], resolution) {
    if (!this.colours) return undefined;
    const zoom = Math.min(this.grid.getZForResolution(resolution), this.lastZoom);
    const [, column, row] = this.grid.getTileCoordForCoordAndZ([x, y], zoom);
    const [west, , , north] = this.grid.getTileCoordExtent([zoom, column, row]);
    const layers = this.store.has(zoom, column, row) ?? {};
    const perMetre = TILE_UNITS / PIXELS / this.grid.getResolution(zoom);
    const of = (level) =>
      layers[level]?.numberAt((x - west) * perMetre, (north - y) * perMetre, (number) => this.colours[level]?.has(number));
    return of("village") ?? of("town");
  }
}

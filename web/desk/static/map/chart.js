// The drawn map: tiles of boundaries where there are any, points, towns without a boundary, names. It knows colours by
// place and nothing of visits; map.js tells it what each place is.
/* global ol */

import { MISSING, NEVER } from "./layers.js";
import { INK, LINES, VILLAGE_LINES_BELOW_M, hatch } from "./paint.js";
import { TileLayer } from "./tilelayer.js";

const MANY_POINTS = 1500;
const NAMES_BELOW_M = 60; // metres a pixel
const TOWN_NAMES_BELOW_M = 420;
const FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

function once(make) {
  const made = new Map();
  return (...key) => {
    const name = key.join(" ");
    if (!made.has(name)) made.set(name, make(...key));
    return made.get(name);
  };
}

function fillOf(colour) {
  return new ol.style.Fill({ color: colour === MISSING ? hatch() : colour });
}

const areaStyle = once((colour, level, withLine) => {
  const isTown = level === "town";
  const fill = new ol.style.Style({ zIndex: isTown ? 1 : 2, fill: fillOf(colour) });
  if (!withLine) return [fill];
  return [fill, new ol.style.Style({ zIndex: isTown ? 4 : 3, stroke: new ol.style.Stroke(LINES[level]) })];
});

const townLine = new ol.style.Style({ zIndex: 4, stroke: new ol.style.Stroke(LINES.town) });
const countyLine = new ol.style.Style({ zIndex: 5, stroke: new ol.style.Stroke(LINES.county) });

// Towns whose boundary nobody has: dashed, since it is only the ground their villages' points span.
const spanStyle = once((colour) => {
  const stroke = new ol.style.Stroke({ color: INK.soft, width: 1.2, lineDash: [5, 4] });
  return colour ? new ol.style.Style({ fill: fillOf(colour), stroke }) : new ol.style.Style({ stroke });
});

// "Never" is a diamond and missing is hollow, so that both differ from a disc without colour too.
const pointStyle = once((colour, near) => {
  const radius = near ? 7 : 5;
  const fill = new ol.style.Fill({ color: colour === MISSING ? INK.halo : colour });
  const line = { color: colour === MISSING ? MISSING : INK.text, width: colour === MISSING ? 2 : 1 };
  const stroke = new ol.style.Stroke(colour === MISSING ? { ...line, lineDash: [2, 2] } : line);
  const image =
    colour === NEVER
      ? new ol.style.RegularShape({
          points: 4,
          radius: radius + 2.5,
          fill,
          stroke: new ol.style.Stroke({ color: INK.halo, width: 1.2 }),
        })
      : new ol.style.Circle({ radius, fill, stroke });
  return new ol.style.Style({ zIndex: colour === NEVER ? 2 : 1, image });
});

const squareStyle = once(
  (colour) =>
    new ol.style.Style({
      image: new ol.style.RegularShape({
        points: 4,
        angle: Math.PI / 4,
        radius: 11,
        fill: new ol.style.Fill({ color: colour === MISSING ? INK.halo : colour }),
        stroke: new ol.style.Stroke({ color: INK.line, width: 1.5 }),
      }),
    }),
);

function nameStyle(text, isTown) {
  return new ol.style.Style({
    text: new ol.style.Text({
      text,
      font: `${isTown ? "600 14px" : "13px"} ${FONT}`,
      offsetY: isTown ? 0 : -16,
      fill: new ol.style.Fill({ color: isTown ? INK.line : INK.text }),
      stroke: new ol.style.Stroke({ color: "rgba(255, 255, 255, 0.92)", width: 3.5 }),
    }),
  });
}

function ring(colour, radius) {
  const stroke = new ol.style.Stroke({ color: colour, width: 3 });
  return new ol.style.Style({ image: new ol.style.Circle({ radius, stroke }), stroke, zIndex: 6 });
}

// The smallest convex figure around some places (Andrew's monotone chain).
function hull(places) {
  const sorted = [...places].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const turn = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
  const side = (row) => {
    const kept = [];
    for (const place of row) {
      while (kept.length > 1 && turn(kept[kept.length - 2], kept[kept.length - 1], place) <= 0) kept.pop();
      kept.push(place);
    }
    return kept.slice(0, -1);
  };
  return [...side(sorted), ...side(sorted.reverse())];
}

function middle(places) {
  const of = (axis) => places.map((place) => place[axis]).sort((one, other) => one - other)[places.length >> 1];
  return [of(0), of(1)];
}

export class Chart {
  constructor(target, { basemap, onChoose, onMove }) {
    // What each place is now: its colour by number (tiles) and by code (points, single shapes); null hides it.
    this.village = new Map();
    this.town = new Map();
    this.units = "both";
    this.names = new Map();
    this.codes = new Map(); // by number in the tiles
    this.at = new Map(); // the point of each village, by code
    this.painted = false;
    this.view = new ol.View({ center: ol.proj.fromLonLat([119.5, 27.4]), zoom: 9, minZoom: 4, maxZoom: 18 });
    this.spans = new ol.layer.Vector({ source: new ol.source.Vector(), style: (feature) => this.spanOf(feature) });
    this.shapes = new ol.layer.Vector({ source: new ol.source.Vector(), style: (feature, metres) => this.areaOf(feature, metres) });
    // The upper layer of names gets the room first: where villages have theirs, a town whose name would lie on one waits.
    this.villageNames = nameLayer(NAMES_BELOW_M, (feature) => this.nameOfVillage(feature), {
      // Only those in view become features: of a province's 20,000 the reader sees a few hundred names.
      strategy: ol.loadingstrategy.bbox,
      loader: (extent) => this.addNames(extent),
    });
    this.townNames = nameLayer(TOWN_NAMES_BELOW_M, (feature) => this.nameOfTown(feature), {});
    this.marks = new ol.layer.Vector({ source: new ol.source.Vector(), style: (feature) => feature.get("style") });
    this.points = null;
    this.tiles = null;
    this.basemap = basemap.urls.map((url) => basemapLayer(url, basemap.grid));
    this.map = new ol.Map({
      target,
      controls: [new ol.control.Zoom(), new ol.control.ScaleLine()],
      keyboardEventTarget: target,
      layers: [...this.basemap, this.spans, this.shapes, this.townNames, this.villageNames, this.marks],
      view: this.view,
    });
    this.map.on("click", (event) => onChoose(this.codeAt(event.pixel)));
    this.map.on("moveend", () => {
      const [lon, lat] = ol.proj.toLonLat(this.view.getCenter());
      onMove({ zoom: this.view.getZoom(), lat, lon });
    });
    target.chart = this; // a handle for whoever looks at the page from outside, the tests among them
  }

  drawTiles(drawn) {
    this.tiles = new TileLayer(drawn);
    this.map.getLayers().insertAt(this.basemap.length, this.tiles.layer);
  }

  addShape(feature, level) {
    const read = new ol.format.GeoJSON().readFeature(feature, { featureProjection: "EPSG:3857" });
    read.setId(feature.id);
    read.set("layer", level);
    this.shapes.getSource().addFeature(read);
  }

  // Points of villages, the ground of towns without a boundary, and the names of both.
  addPlaces({ villages, towns }) {
    const of = towns.code.map(() => []);
    const points = [];
    villages.code.forEach((code, village) => {
      this.names.set(code, villages.name[village]);
      this.codes.set(villages.number[village], code);
      if (villages.lon_deg[village] === null) return;
      const at = ol.proj.fromLonLat([villages.lon_deg[village], villages.lat_deg[village]]);
      this.at.set(code, at);
      of[villages.town[village]].push(at);
      if (!villages.has_area[village]) points.push(place(code, at));
    });
    this.points = this.pointLayer(points);
    this.map.getLayers().insertAt(this.map.getLayers().getLength() - 3, this.points);
    this.villageNames.getSource().refresh();
    towns.code.forEach((code, town) => {
      this.names.set(code, towns.name[town]);
      this.codes.set(towns.number[town], code);
      if (!of[town].length) return;
      this.townNames.getSource().addFeature(place(code, middle(of[town])));
      if (towns.has_area[town]) return;
      const ground = of[town].length > 2 ? new ol.geom.Polygon([hull(of[town])]) : new ol.geom.Point(middle(of[town]));
      const span = new ol.Feature(ground);
      span.setId(code);
      this.spans.getSource().addFeature(span);
    });
  }

  pointLayer(features) {
    const source = new ol.source.Vector({ features });
    const style = (feature, metres) => this.pointOf(feature, metres);
    if (features.length <= MANY_POINTS) return new ol.layer.Vector({ source, style });
    // Drawn once with as much around as is seen, and only moved while it is dragged.
    return new ol.layer.VectorImage({ source, style, imageRatio: 2 });
  }

  addNames(extent) {
    const source = this.villageNames.getSource();
    const found = [];
    for (const [code, at] of this.at) {
      if (ol.extent.containsCoordinate(extent, at) && !source.getFeatureById(code)) found.push(place(code, at));
    }
    source.addFeatures(found);
  }

  areaOf(feature, metres) {
    const level = feature.get("layer");
    if (level === "county") return countyLine;
    const colours = level === "town" ? this.town : this.village;
    const colour = colours.get(feature.getId());
    if (level === "town") {
      return this.units === "village" || colour === undefined ? townLine : areaStyle(colour, "town", true);
    }
    if (this.units === "town" || colour === undefined) return undefined;
    return areaStyle(colour, "village", metres < VILLAGE_LINES_BELOW_M);
  }

  spanOf(feature) {
    const colour = this.town.get(feature.getId());
    if (colour === undefined) return undefined;
    if (feature.getGeometry().getType() === "Point") return this.units === "village" ? undefined : squareStyle(colour);
    // In half strength below the points, which say the same more exactly.
    return spanStyle(this.units === "village" ? "" : this.units === "both" ? faded(colour) : colour);
  }

  pointOf(feature, metres) {
    const colour = this.village.get(feature.getId());
    if (this.units === "town" || colour === undefined) return undefined;
    return pointStyle(colour, metres < NAMES_BELOW_M);
  }

  nameOfTown(feature) {
    const code = feature.getId();
    return this.town.has(code) ? nameStyle(this.names.get(code), true) : undefined;
  }

  nameOfVillage(feature) {
    const code = feature.getId();
    return this.units !== "town" && this.village.has(code) ? nameStyle(this.names.get(code), false) : undefined;
  }

  // Colours anew: ``village`` and ``town`` map numbers and codes to colours; what is in neither is not drawn.
  paint({ village, town, units }) {
    const before = { village: this.village, town: this.town, units: this.units };
    Object.assign(this, { village, town, units });
    const layers = [this.points, this.spans, this.shapes, this.villageNames, this.townNames];
    for (const layer of layers) layer?.changed();
    // The tiles are the dear part: they stay as they are when everything has come and says the same as the small
    // status file did.
    if (!this.painted || !paintsAlike(before, this)) this.tiles?.paint(shownIn(this));
    this.painted = true;
  }

  mark(code, kind) {
    const source = this.marks.getSource();
    const before = source.getFeatureById(kind);
    if (before) source.removeFeature(before);
    const geometry = code && this.geometryOf(code);
    if (!geometry) return null;
    const feature = new ol.Feature(geometry.clone());
    feature.setId(kind);
    feature.set("style", kind === "visit" ? ring(INK.marked, 12) : ring(INK.chosen, 10));
    source.addFeature(feature);
    return geometry;
  }

  geometryOf(code) {
    const at = this.at.get(code);
    return at ? new ol.geom.Point(at) : this.shapes.getSource().getFeatureById(code)?.getGeometry();
  }

  goTo(code, leastZoom) {
    const geometry = this.geometryOf(code);
    if (!geometry) return;
    this.view.setCenter(ol.extent.getCenter(geometry.getExtent()));
    if (this.view.getZoom() < leastZoom) this.view.setZoom(leastZoom);
  }

  goToPlace({ zoom, lat, lon }) {
    this.view.setCenter(ol.proj.fromLonLat([lon, lat]));
    this.view.setZoom(zoom);
  }

  fit(bounds) {
    const extent = bounds ? ol.proj.transformExtent(bounds, "EPSG:4326", "EPSG:3857") : this.everything();
    if (!ol.extent.isEmpty(extent)) this.view.fit(extent, { padding: [20, 20, 20, 20], maxZoom: 13 });
  }

  // To some villages; those without a point are not looked for.
  fitTo(codes) {
    const extent = ol.extent.createEmpty();
    for (const code of codes) {
      const geometry = this.geometryOf(code);
      if (geometry) ol.extent.extend(extent, geometry.getExtent());
    }
    if (!ol.extent.isEmpty(extent)) this.view.fit(extent, { padding: [50, 50, 50, 50], maxZoom: 13 });
  }

  everything() {
    const extent = ol.extent.boundingExtent([...this.at.values()]);
    if (this.shapes.getSource().getFeatures().length) ol.extent.extend(extent, this.shapes.getSource().getExtent());
    return extent;
  }

  codeAt(pixel) {
    let town;
    const village = this.map.forEachFeatureAtPixel(
      pixel,
      (feature) => {
        const id = feature.getId();
        if (this.village.has(id)) return id;
        if (this.town.has(id)) town ??= id;
        return undefined;
      },
      { hitTolerance: 6, layerFilter: (layer) => ![this.villageNames, this.townNames, this.marks].includes(layer) },
    );
    const place = this.map.getCoordinateFromPixel(pixel);
    const id = village ?? this.tiles?.numberAt(place, this.view.getResolution()) ?? town ?? null;
    return this.codes.get(id) ?? id;
  }

  whenDrawn() {
    return new Promise((done) => {
      this.map.once("rendercomplete", done);
      this.map.render();
    });
  }
}

function place(code, at) {
  const feature = new ol.Feature(new ol.geom.Point(at));
  feature.setId(code);
  return feature;
}

function nameLayer(belowMetres, style, sourceOptions) {
  const source = new ol.source.Vector(sourceOptions);
  return new ol.layer.Vector({ source, declutter: true, maxResolution: belowMetres, style });
}

// What of a paint shows in the tiles: where only one level is to be seen, the other has no colours.
function shownIn({ village, town, units }) {
  return { village: units === "town" ? null : village, town: units === "village" ? null : town };
}

function paintsAlike(one, other) {
  const [before, now] = [shownIn(one), shownIn(other)];
  return ["village", "town"].every((level) => sameNumbers(before[level], now[level]));
}

// Tiles know places by numbers; codes are for what is not in them.
function sameNumbers(before, now) {
  const told = (colours) => [...(colours ?? [])].filter(([key]) => typeof key === "number");
  const [was, is] = [told(before), told(now)];
  return was.length === is.length && is.every(([number, colour]) => before.get(number) === colour);
}

function faded(colour) {
  return colour === MISSING ? colour : `${colour}80`;
}

// Web Mercator, or degrees: 512 of them wide at level 0, so that level 1 has two tiles, as Tianditu's _c has.
function basemapLayer(url, grid) {
  const options = { url, crossOrigin: "anonymous", referrerPolicy: "strict-origin", maxZoom: 18 };
  if (grid === "c") {
    const resolutions = Array.from({ length: 19 }, (_, level) => 360 / 256 / 2 ** level);
    options.projection = "EPSG:4326";
    options.tileGrid = new ol.tilegrid.TileGrid({ origin: [-180, 90], resolutions, minZoom: 1 });
  }
  return new ol.layer.Tile({ source: new ol.source.XYZ(options), opacity: 0.75 });
}

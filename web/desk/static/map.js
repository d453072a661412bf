// Draws the villages of the table beside it, and the outlines of their counties. The table is the one source: what
// the map shows can be read there, printed, and heard.
/* global ol */

const map = document.getElementById("map");
const said = document.getElementById("map-said");
const rows = [...document.querySelectorAll("tr[data-village]")];

const INK = { visited: "#1b7a4b", never: "#8c2323", marked: "#b45309", line: "#17423c" };

function points() {
  return rows
    .filter((row) => row.dataset.lon)
    .map((row) => {
      const at = ol.proj.fromLonLat([Number(row.dataset.lon), Number(row.dataset.lat)]);
      const feature = new ol.Feature(new ol.geom.Point(at));
      feature.setId(row.dataset.village);
      feature.setProperties({ name: row.dataset.name, kind: row.dataset.class, marked: row.dataset.marked === "yes" });
      return feature;
    });
}

// Never visited is hollow and visited is filled, so that the two differ without colour too.
function dot(feature, resolution) {
  const near = resolution < 60;
  const radius = near ? 7 : 5;
  const kind = feature.get("kind");
  const styles = [
    new ol.style.Style({
      zIndex: kind === "never" ? 2 : 1,
      image: new ol.style.Circle({
        radius,
        fill: new ol.style.Fill({ color: kind === "visited" ? INK.visited : "#ffffff" }),
        stroke: new ol.style.Stroke({ color: kind === "visited" ? "#ffffff" : INK.never, width: kind === "visited" ? 1 : 2.5 }),
      }),
      text: near
        ? new ol.style.Text({
            text: feature.get("name"),
            font: "13px system-ui, sans-serif",
            offsetY: -16,
            fill: new ol.style.Fill({ color: "#1c2733" }),
            stroke: new ol.style.Stroke({ color: "#ffffff", width: 3 }),
          })
        : undefined,
    }),
  ];
  if (feature.get("marked")) {
    styles.push(
      new ol.style.Style({
        zIndex: 3,
        image: new ol.style.Circle({ radius: radius + 5, stroke: new ol.style.Stroke({ color: INK.marked, width: 3 }) }),
      }),
    );
  }
  return styles;
}

async function outline(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) return [];
  return new ol.format.GeoJSON().readFeatures(await answer.json(), { featureProjection: "EPSG:3857" });
}

// Where the reader looked last stands in the address as ?at=zoom/lat/lon, so that it can be sent and comes back.
function placeFromAddress() {
  const parts = (new URLSearchParams(location.search).get("at") || "").split("/").map(Number);
  const [zoom, lat, lon] = parts;
  const fits = parts.length === 3 && parts.every(Number.isFinite) && zoom >= 2 && zoom <= 20 && Math.abs(lat) < 85 && Math.abs(lon) <= 180;
  return fits ? { zoom, center: ol.proj.fromLonLat([lon, lat]) } : null;
}

function rememberPlace(view) {
  const [lon, lat] = ol.proj.toLonLat(view.getCenter());
  const address = new URL(location.href);
  address.searchParams.set("at", `${view.getZoom().toFixed(1)}/${lat.toFixed(4)}/${lon.toFixed(4)}`);
  history.replaceState(null, "", address.href.replace(/%2F/g, "/"));
  // The language link carries the address along, so that the place is kept there too.
  for (const link of document.querySelectorAll('a[href^="/desk/language/"]')) {
    const target = new URL(link.href);
    target.searchParams.set("back", address.pathname + decodeURIComponent(address.search));
    link.href = target.pathname + target.search;
  }
}

function tell(text) {
  said.textContent = text;
  said.hidden = !text;
}

async function draw() {
  const villages = new ol.source.Vector({ features: points() });
  const outlines = new ol.source.Vector();
  const view = new ol.View({ center: ol.proj.fromLonLat([119.5, 27.4]), zoom: 9, minZoom: 5, maxZoom: 18 });
  const chart = new ol.Map({
    target: map,
    controls: [new ol.control.Zoom(), new ol.control.ScaleLine()],
    keyboardEventTarget: map,
    layers: [
      new ol.layer.Vector({
        source: outlines,
        style: new ol.style.Style({
          fill: new ol.style.Fill({ color: "rgba(23, 66, 60, 0.05)" }),
          stroke: new ol.style.Stroke({ color: INK.line, width: 2 }),
        }),
      }),
      new ol.layer.Vector({ source: villages, style: dot, updateWhileInteracting: true }),
    ],
    view,
  });

  const addresses = (map.dataset.areas || "").split(" ").filter(Boolean);
  for (const features of await Promise.all(addresses.map(outline))) outlines.addFeatures(features);

  const whole = () => {
    const extent = ol.extent.createEmpty();
    ol.extent.extend(extent, villages.getExtent() || []);
    if (outlines.getFeatures().length) ol.extent.extend(extent, outlines.getExtent());
    if (!ol.extent.isEmpty(extent)) view.fit(extent, { padding: [24, 24, 24, 24], maxZoom: 13 });
  };
  const wanted = placeFromAddress();
  const marked = villages.getFeatures().find((feature) => feature.get("marked"));
  if (wanted) {
    view.setCenter(wanted.center);
    view.setZoom(wanted.zoom);
  } else {
    whole();
    if (marked) {
      view.setCenter(marked.getGeometry().getCoordinates());
      view.setZoom(Math.max(view.getZoom(), 11));
    }
  }

  document.getElementById("whole").addEventListener("click", whole);
  chart.on("click", (event) => {
    const hit = chart.forEachFeatureAtPixel(event.pixel, (feature) => feature.getId(), { hitTolerance: 6 });
    const row = hit && document.getElementById(`village-${hit}`);
    for (const other of rows) other.classList.toggle("chosen", other === row || other.dataset.marked === "yes");
    if (row) {
      row.scrollIntoView({ block: "nearest" });
      tell(row.dataset.name);
    }
  });
  chart.once("rendercomplete", () => {
    map.dataset.villages = String(villages.getFeatures().length);
    map.dataset.outlines = String(outlines.getFeatures().length);
    map.dataset.state = "drawn";
    tell("");
  });
  chart.on("moveend", () => {
    if (map.dataset.state === "drawn") rememberPlace(view);
  });
}

draw().catch((reason) => {
  map.dataset.state = "failed";
  tell(said.dataset.failed);
  throw reason;
});

// What the reader chose, as it stands in the address: whoever gets the address sees the same map, and the browser's
// way back leads to what was chosen before.

const LISTED = { layer: "since", slot: "", units: "both", from: "", to: "", town: "", round: "", plan: "", village: "" };
const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

export function readState(search, allowed) {
  const asked = new URLSearchParams(search);
  const state = { ...LISTED };
  for (const name of Object.keys(LISTED)) {
    const value = asked.get(name) || "";
    if (value && fits(name, value, allowed)) state[name] = value;
  }
  if (state.from && state.to && state.from > state.to) [state.from, state.to] = [state.to, state.from];
  return state;
}

function fits(name, value, allowed) {
  if (name === "from" || name === "to") return DAY.test(value) && !Number.isNaN(Date.parse(value));
  return !allowed[name] || allowed[name].includes(value);
}

export function writeState(state, { push }) {
  const address = new URL(location.href);
  for (const [name, usual] of Object.entries(LISTED)) {
    if (state[name] && state[name] !== usual) address.searchParams.set(name, state[name]);
    else address.searchParams.delete(name);
  }
  put(address, push);
}

// Where the reader looked last: ?at=zoom/lat/lon.
export function readPlace() {
  const parts = (new URLSearchParams(location.search).get("at") || "").split("/").map(Number);
  const [zoom, lat, lon] = parts;
  const fitting = parts.length === 3 && parts.every(Number.isFinite) && zoom >= 2 && zoom <= 20;
  return fitting && Math.abs(lat) < 85 && Math.abs(lon) <= 180 ? { zoom, lat, lon } : null;
}

// Once the map has come to rest: browsers take a few addresses a second, no more.
let resting = null;
export function writePlace(place) {
  clearTimeout(resting);
  resting = setTimeout(() => putPlace(place), 200);
}

function putPlace({ zoom, lat, lon }) {
  const address = new URL(location.href);
  address.searchParams.set("at", `${zoom.toFixed(1)}/${lat.toFixed(4)}/${lon.toFixed(4)}`);
  put(address, false);
}

function put(address, push) {
  const href = address.href.replace(/%2F/g, "/");
  if (href === location.href) return;
  if (push) history.pushState(null, "", href);
  else history.replaceState(null, "", href);
  // The language link carries the address along, so that the same map is there in the other language.
  for (const link of document.querySelectorAll('a[href^="/desk/language/"]')) {
    const target = new URL(link.href);
    target.searchParams.set("back", address.pathname + address.search.replace(/%2F/g, "/"));
    link.href = target.pathname + target.search;
  }
}

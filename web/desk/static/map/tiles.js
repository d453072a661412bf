// Vector tiles as the server draws them: polygons and their numbers, nothing else. They are read into plain columns, since
// an object for each of a province's 20,000 villages costs more than everything that is done with it.

export const TILE_UNITS = 4096; // a tile's corners are whole units from its north-west corner, and a little beyond
const LAYER = 3; // fields of messages, as the specification of Mapbox Vector Tiles numbers them
const LAYER_NAME = 1;
const LAYER_FEATURE = 2;
const FEATURE_NUMBER = 1;
const FEATURE_TYPE = 3;
const FEATURE_SHAPE = 4;
const POLYGON = 3;
const CLOSE_RING = 7;
const TILES_KEPT = 64;

// Polygons of one layer: of each its number, a box (west, north, east, south), and its rings from ``firstRing[at]`` to
// before ``firstRing[at + 1]``. A ring is two places in ``xy``, where its first x stands and where its last y is over.
export class Areas {
  constructor(xy) {
    this.xy = xy;
    this.numbers = [];
    this.boxes = [];
    this.firstRing = [0];
    this.rings = [];
  }

  // The number of the first wanted polygon that holds a place; undefined where there is none.
  numberAt(x, y, wanted) {
    return this.numbers.find((number, at) => this.holds(at, x, y) && wanted(number));
  }

  holds(at, x, y) {
    const [west, north, east, south] = this.boxes.slice(4 * at, 4 * at + 4);
    if (x < west || y < north || x > east || y > south) return false;
    const { xy, rings } = this;
    let inside = false;
    for (let ring = this.firstRing[at]; ring < this.firstRing[at + 1]; ring += 1) {
      const end = rings[2 * ring + 1];
      for (let to = rings[2 * ring], from = end - 2; to < end; from = to, to += 2) {
        const crosses = xy[from + 1] > y !== xy[to + 1] > y;
        const across = (y - xy[from + 1]) / (xy[to + 1] - xy[from + 1]);
        if (crosses && x < xy[from] + across * (xy[to] - xy[from])) inside = !inside;
      }
    }
    return inside;
  }
}

// Protocol Buffers: a message is a row of fields, each a number or a stretch of bytes.
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  number() {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at];
      this.at += 1;
      value += (byte & 127) * factor;
      if (!(byte & 128)) return value;
    }
  }

  // A small number with its sign in the last bit.
  signed() {
    const first = this.bytes[this.at];
    const value = first < 128 ? ((this.at += 1), first) : this.number();
    return (value >> 1) ^ -(value & 1);
  }

  // ``take`` hears of every field of a message: its value, or where it ends while the reader stands at its beginning.
  fields(end, take) {
    while (this.at < end) {
      const tag = this.number();
      const value = this.number();
      const after = tag & 7 ? this.at + value : this.at;
      take(tag >> 3, tag & 7 ? after : value);
      this.at = after;
    }
  }

  text(end) {
    return new TextDecoder().decode(this.bytes.subarray(this.at, end));
  }
}

// The polygons of a tile, by the name of their layer.
export function readTile(bytes) {
  const layers = {};
  const reader = new Reader(bytes);
  const corners = { xy: new Int16Array(bytes.length), used: 0 }; // a coordinate takes a byte at least
  reader.fields(bytes.length, (field, end) => {
    if (field === LAYER) readLayer(reader, end, corners, layers);
  });
  return layers;
}

function readLayer(reader, end, corners, layers) {
  const areas = new Areas(corners.xy);
  reader.fields(end, (field, value) => {
    if (field === LAYER_NAME) layers[reader.text(value)] = areas;
    if (field === LAYER_FEATURE) readFeature(reader, value, corners, areas);
  });
}

function readFeature(reader, end, corners, areas) {
  let [number, type, shape, shapeEnd] = [null, null, 0, 0];
  reader.fields(end, (field, value) => {
    if (field === FEATURE_NUMBER) number = value;
    if (field === FEATURE_TYPE) type = value;
    if (field === FEATURE_SHAPE) [shape, shapeEnd] = [reader.at, value];
  });
  if (type !== POLYGON) return;
  reader.at = shape;
  readRings(reader, shapeEnd, corners, areas);
  areas.numbers.push(number);
}

// Steps from corner to corner; rings come one after the other, each closed by a command of its own.
function readRings(reader, end, corners, areas) {
  const { xy } = corners;
  let [x, y, at] = [0, 0, corners.used];
  let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
  while (reader.at < end) {
    const command = reader.number();
    if ((command & 7) === CLOSE_RING) {
      areas.rings.push(corners.used, at);
      corners.used = at;
      continue;
    }
    for (let left = command >> 3; left > 0; left -= 1, at += 2) {
      xy[at] = x += reader.signed();
      xy[at + 1] = y += reader.signed();
      if (x < west) west = x;
      if (x > east) east = x;
      if (y < north) north = y;
      if (y > south) south = y;
    }
  }
  areas.boxes.push(west, north, east, south);
  areas.firstRing.push(areas.rings.length / 2);
}

// The tiles of one address, asked for once each; those used last are kept.
export class TileStore {
  constructor(address) {
    this.address = address;
    this.tiles = new Map();
  }

  // The layers of a tile, in a promise; a tile that could not be had is asked for again the next time.
  load(zoom, column, row) {
    const key = `${zoom}/${column}/${row}`;
    const kept = this.tiles.get(key) || { layers: null, loading: this.ask(key) };
    this.tiles.delete(key);
    this.tiles.set(key, kept);
    kept.loading.then((layers) => (kept.layers = layers), () => this.tiles.delete(key));
    if (this.tiles.size > TILES_KEPT) this.tiles.delete(this.tiles.keys().next().value);
    return kept.loading;
  }

  // The same at once; null for one that is not there (yet).
  has(zoom, column, row) {
    return this.tiles.get(`${zoom}/${column}/${row}`)?.layers ?? null;
  }

  async ask(key) {
    const answer = await fetch(`${this.address}/${key}.mvt`);
    if (!answer.ok) throw new Error(`${key}: ${answer.status}`);
    return readTile(new Uint8Array(await answer.arrayBuffer()));
  }
}

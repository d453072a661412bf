// What the map can show: for each layer its classes, best first, the class of a village, and that of a town.
//
// Colours are ColorBrewer's YlGnBu, PuOr and OrRd, which are made for eyes that see fewer colours; "never" lies outside
// of all of them and has a shape of its own. tests/web/test_palette.py holds them apart under simulated blindness.

const DEEP = "#253494";
const BLUE = "#2c7fb8";
const TEAL = "#41b6c4";
const MINT = "#a1dab4";
const CREAM = "#ffffcc";

export const NEVER = "#9e1446";
export const MISSING = "#8a949c";

const SINCE = [
  ["d30", 30, DEEP],
  ["d90", 90, BLUE],
  ["d180", 180, TEAL],
  ["d365", 365, MINT],
  ["older", Infinity, CREAM],
];

function classes(...pairs) {
  return pairs.map(([id, colour]) => ({ id, colour }));
}

// Half of a town's villages, or more, are in this class or a better one.
function half(layer, counts, members) {
  const order = [...layer.classes.map((one) => one.id), "never"];
  const found = members.map((village) => layer.of(counts, village)).filter((id) => id !== "missing");
  if (!found.length) return "missing";
  const places = found.map((id) => order.indexOf(id)).sort((one, other) => one - other);
  return order[places[Math.ceil(places.length / 2) - 1]];
}

function visited(counts, village, id) {
  if (counts.unknown(village)) return "missing";
  return counts.visits[village] ? id() : "never";
}

function origin(drawn, directed) {
  if (!directed) return "drawn";
  if (!drawn) return "directed";
  return drawn >= directed ? "mostly_drawn" : "mostly_directed";
}

function sum(values, members) {
  return members.reduce((total, village) => total + values[village], 0);
}

function step(value, steps) {
  return steps.find(([, most]) => value <= most)[0];
}

// How much of a town's quota was used; a quota of nothing is used up from the start.
function used(quota) {
  if (quota === null) return "missing";
  if (quota.received >= quota.most) return "q4";
  return quota.received ? step(quota.received / quota.most, [["q1", 0.5], ["q2", 1]]) : "q0";
}

export const LAYERS = {
  since: {
    classes: classes(...SINCE.map(([id, , colour]) => [id, colour])),
    of: (counts, village) =>
      visited(counts, village, () => step(counts.until - counts.last[village], SINCE)),
  },
  visits: {
    classes: classes(["v5", DEEP], ["v4", BLUE], ["v3", TEAL], ["v2", MINT], ["v1", CREAM]),
    of: (counts, village) => visited(counts, village, () => `v${Math.min(counts.visits[village], 5)}`),
  },
  slots: {
    classes: classes(["s4", DEEP], ["s3", BLUE], ["s2", TEAL], ["s1", CREAM]),
    of: (counts, village) =>
      visited(counts, village, () => `s${counts.bySlot.filter((many) => many[village] > 0).length}`),
  },
  night: {
    classes: classes(["night", DEEP], ["not_night", MINT]),
    of: (counts, village) => visited(counts, village, () => (counts.bySlot[3][village] ? "night" : "not_night")),
  },
  origin: {
    classes: classes(
      ["drawn", "#5e3c99"],
      ["mostly_drawn", "#b2abd2"],
      ["mostly_directed", "#fdb863"],
      ["directed", "#e66101"],
    ),
    of: (counts, village) =>
      visited(counts, village, () =>
        origin(counts.visits[village] - counts.directed[village], counts.directed[village]),
      ),
    ofTown: (counts, members) => {
      const known = members.filter((village) => !counts.unknown(village));
      if (!known.length) return "missing";
      const [all, directed] = [sum(counts.visits, known), sum(counts.directed, known)];
      return all ? origin(all - directed, directed) : "never";
    },
    needs: (data) => data.drawsTold,
  },
  problems: {
    classes: classes(["p0", "#fef0d9"], ["p1", "#fdcc8a"], ["p2", "#fc8d59"], ["p4", "#d7301f"]),
    of: (counts, village) => step(counts.problems[village], [["p0", 0], ["p1", 1], ["p2", 3], ["p4", Infinity]]),
    ofTown: (counts, members) =>
      members.length
        ? step(sum(counts.problems, members), [["p0", 0], ["p1", 4], ["p2", 9], ["p4", Infinity]])
        : "missing",
    apartForTowns: true,
    never: false,
    needs: (data) => data.problems !== null,
  },
  quota: {
    classes: classes(["q4", DEEP], ["q2", BLUE], ["q1", MINT], ["q0", CREAM]),
    of: (counts, village) => used(counts.quota[counts.townOf[village]]),
    ofTown: (counts, members) => (members.length ? used(counts.quota[counts.townOf[members[0]]]) : "missing"),
    never: false,
    missing: "map.no_quota",
    needs: (data) => data.planLines !== null && data.planLines.some((line) => line.quotas.length > 0),
  },
};

export function classOfTown(layer, counts, members) {
  return layer.ofTown ? layer.ofTown(counts, members) : half(layer, counts, members);
}

export function colourOf(layer, id) {
  if (id === "never") return NEVER;
  if (id === "missing") return MISSING;
  return layer.classes.find((one) => one.id === id).colour;
}

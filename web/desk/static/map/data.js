// Loads what the map is drawn from, and turns its columns into arrays. Days are counted from 1970-01-01.

export const SLOTS = ["dawn", "day", "evening", "night"];

export function dayOf(text) {
  return Math.round(Date.parse(`${text}T00:00:00Z`) / 86400000);
}

export function textOf(day) {
  return new Date(day * 86400000).toISOString().slice(0, 10);
}

async function ask(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

// The last visit and the slots of each village by its number in the tiles: enough for a first picture.
export async function loadStatus() {
  const told = await ask("/api/v1/coverage/status");
  const first = told.first_day === null ? 0 : dayOf(told.first_day);
  const byNumber = new Map();
  let at = 0;
  for (const [number, count] of told.numbers) {
    for (let step = 0; step < count; step += 1, at += 1) {
      const last = told.last_day[at];
      byNumber.set(number + step, { last: last === null ? -1 : first + last, slots: told.slots[at] });
    }
  }
  return { drawn: told.drawn, byNumber };
}

export async function loadMap() {
  const told = await ask("/api/v1/coverage/map");
  return {
    on: dayOf(told.on),
    synthetic: told.synthetic,
    drawsTold: told.draws_told,
    outlines: told.outlines,
    towns: told.towns,
    villages: told.villages,
    begins: told.villages.begins.map((day) => (day === null ? -Infinity : dayOf(day))),
    problems: told.open_problems,
    visits: decode(told.visits, dayOf(told.on)),
  };
}

// One row for each visit, by day: the day, the village's place in the list, the slot, and whether it was directed.
export function decode({ first_day: firstDay, per_day: perDay, village: steps, how }, on) {
  const count = how.length;
  const visits = {
    count,
    first: firstDay === null ? on : dayOf(firstDay),
    none: firstDay === null,
    day: new Int32Array(count),
    village: new Int32Array(count),
    slot: new Uint8Array(count),
    directed: new Uint8Array(count),
  };
  let row = 0;
  perDay.forEach((many, offset) => {
    for (let nth = 0, village = 0; nth < many; nth += 1, row += 1) {
      village += steps[row];
      visits.day[row] = visits.first + offset;
      visits.village[row] = village;
      visits.slot[row] = how.charCodeAt(row) & 3;
      visits.directed[row] = (how.charCodeAt(row) >> 2) & 1;
    }
  });
  return visits;
}

export async function loadShape(code) {
  return ask(`/api/v1/areas/${code}`);
}

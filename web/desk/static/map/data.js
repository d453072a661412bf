// Loads what the map is drawn from, and turns its columns into arrays. Days are counted from 1970-01-01.

export const SLOTS = ["dawn", "day", "evening", "night"];

export function dayOf(text) {
  return Math.round(Date.parse(`${text}T00:00:00Z`) / 86400000);
}

export function textOf(day) {
  return new Date(day * 86400000).toISOString().slice(0, 10);
}

// Plainly, as the page's preload links ask: a browser hands out what it has loaded ahead to the same request only.
async function ask(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

// The last visit and the slots of each village by its number in the tiles: enough for a first picture. Numbers come as
// runs (how many are left out, how many follow), days as base 36 digits place by place, slots as one digit each.
export async function loadStatus() {
  const told = await ask("/api/v1/coverage/status");
  const first = told.first_day === null ? 0 : dayOf(told.first_day);
  const byNumber = new Map();
  let at = 0;
  let number = 0;
  for (const [leftOut, count] of told.numbers) {
    number += leftOut;
    for (const end = number + count; number < end; number += 1, at += 1) {
      const last = parseInt(told.last_day.map((place) => place[at]).join(""), 36);
      byNumber.set(number, { last: Number.isNaN(last) ? -1 : first + last, slots: parseInt(told.slots[at], 16) });
    }
  }
  return byNumber;
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
    planLines: told.plan_lines,
    visits: decode(told.visits, dayOf(told.on)),
  };
}

// One row for each visit, by day: the day, the village's place in the list, the slot, whether it was directed, and the
// line of the plan (from 1; 0 is none, or not told).
export function decode({ first_day: firstDay, per_day: perDay, village: steps, how, line }, on) {
  const count = how.length;
  const visits = {
    count,
    first: firstDay === null ? on : dayOf(firstDay),
    none: firstDay === null,
    day: new Int32Array(count),
    village: new Int32Array(count),
    slot: new Uint8Array(count),
    directed: new Uint8Array(count),
    line: line === null ? new Int32Array(count) : Int32Array.from(line),
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

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

// The villages' numbers in the tiles and the last visit to each (-1 for none): enough for a first picture. Numbers come as
// runs (how many are left out, how many follow), days as base 36 digits place by place, a minus where there was none.
export async function loadStatus() {
  const told = await ask("/api/v1/coverage/status");
  const first = told.first_day === null ? 0 : dayOf(told.first_day);
  const numbers = [];
  let number = 0;
  for (const [leftOut, count] of told.numbers) {
    number += leftOut;
    for (const end = number + count; number < end; number += 1) numbers.push(number);
  }
  const last = new Int32Array(numbers.length);
  for (const place of told.last_day) {
    for (let at = 0; at < last.length; at += 1) last[at] = last[at] * 36 + digitOf(place.charCodeAt(at));
  }
  return { numbers, last: last.map((day) => (day < 0 ? -1 : first + day)) };
}

// Of 0 to 9 and a to z; below nought for a minus.
function digitOf(letter) {
  if (letter < 48) return -1;
  return letter < 58 ? letter - 48 : letter - 87;
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

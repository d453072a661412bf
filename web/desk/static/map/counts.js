// Counts the visits that the reader's choice leaves, for each village. One pass over the rows; nothing is asked for.

import { SLOTS, dayOf } from "./data.js";

export function countVisits(data, state) {
  const size = data.villages.code.length;
  const { visits } = data;
  const since = state.from ? dayOf(state.from) : -Infinity;
  const until = state.to ? dayOf(state.to) : data.on;
  const slot = SLOTS.indexOf(state.slot);
  const counts = {
    since,
    until,
    visits: new Int32Array(size),
    last: new Int32Array(size).fill(-1),
    directed: new Int32Array(size),
    bySlot: SLOTS.map(() => new Int32Array(size)),
    problems: data.problems || [],
    // Before the first visit on record, and before a village began, nothing is known: that is not "never visited".
    unknown: (village) => data.begins[village] > until || (!visits.none && until < visits.first),
  };
  for (let row = 0; row < visits.count; row += 1) {
    const day = visits.day[row];
    if (day < since || day > until || (slot >= 0 && visits.slot[row] !== slot)) continue;
    const village = visits.village[row];
    counts.visits[village] += 1;
    counts.last[village] = day; // rows come by day
    counts.directed[village] += visits.directed[row];
    counts.bySlot[visits.slot[row]][village] += 1;
  }
  return counts;
}

// The villages that the filters leave, by code, and the towns they stand in.
export function chosen(data, state) {
  const { villages, towns } = data;
  const kept = [];
  const members = towns.code.map(() => []);
  villages.code.forEach((code, village) => {
    const town = villages.town[village];
    if (state.town && towns.code[town] !== state.town && towns.county_code[town] !== state.town) return;
    if (!inRound(state.round, villages.programme_round[village])) return;
    kept.push(village);
    members[town].push(village);
  });
  return { kept, members };
}

function inRound(wanted, has) {
  if (!wanted) return true;
  return wanted === "none" ? has === null : String(has) === wanted;
}

// How many of the chosen villages' visits fell on each day from the first to the last.
export function perDay(data, state, kept) {
  const { visits } = data;
  const shown = new Uint8Array(data.villages.code.length);
  for (const village of kept) shown[village] = 1;
  const slot = SLOTS.indexOf(state.slot);
  const days = new Int32Array(Math.max(data.on - visits.first + 1, 1));
  for (let row = 0; row < visits.count; row += 1) {
    const day = visits.day[row] - visits.first;
    const fits = shown[visits.village[row]] && (slot < 0 || visits.slot[row] === slot) && day < days.length;
    if (fits) days[day] += 1;
  }
  return days;
}

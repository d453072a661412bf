// Counts the visits that the reader's choice leaves, for each village. One pass over the rows; nothing is asked for.

import { SLOTS, dayOf } from "./data.js";

export function countVisits(data, state) {
  const size = data.villages.code.length;
  const { visits } = data;
  const since = state.from ? dayOf(state.from) : -Infinity;
  const until = state.to ? dayOf(state.to) : data.on;
  const fits = whichFit(data, state);
  const counts = {
    since,
    until,
    visits: new Int32Array(size),
    last: new Int32Array(size).fill(-1),
    directed: new Int32Array(size),
    bySlot: SLOTS.map(() => new Int32Array(size)),
    problems: data.problems || [],
    quota: quotas(data, state),
    townOf: data.villages.town,
    // Before the first visit on record, and before a village began, nothing is known: that is not "never visited".
    unknown: (village) => data.begins[village] > until || (!visits.none && until < visits.first),
  };
  for (let row = 0; row < visits.count; row += 1) {
    const day = visits.day[row];
    if (day < since || day > until || !fits(row)) continue;
    const village = visits.village[row];
    counts.visits[village] += 1;
    counts.last[village] = day; // rows come by day
    counts.directed[village] += visits.directed[row];
    counts.bySlot[visits.slot[row]][village] += 1;
  }
  return counts;
}

// Whether a visit is in the chosen slot and under the chosen line of a plan.
function whichFit({ visits, planLines }, state) {
  const slot = SLOTS.indexOf(state.slot);
  const line = state.plan ? planLines.findIndex((one) => one.id === state.plan) + 1 : 0;
  return (row) => (slot < 0 || visits.slot[row] === slot) && (!line || visits.line[row] === line);
}

// For each town the most checks and those received, under the chosen line of a plan, or under all that are in force
// today together; null for a town that no line gives a quota.
function quotas({ planLines, on, towns }, state) {
  const found = towns.code.map(() => null);
  const inForce = (line) => !line.withdrawn && dayOf(line.from) <= on && on <= dayOf(line.to);
  for (const line of planLines || []) {
    if (state.plan ? line.id !== state.plan : !inForce(line)) continue;
    for (const [town, most, received] of line.quotas) {
      const before = found[town] || { most: 0, received: 0 };
      found[town] = { most: before.most + most, received: before.received + received };
    }
  }
  return found;
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
  const fits = whichFit(data, state);
  const days = new Int32Array(Math.max(data.on - visits.first + 1, 1));
  for (let row = 0; row < visits.count; row += 1) {
    const day = visits.day[row] - visits.first;
    if (shown[visits.village[row]] && day < days.length && fits(row)) days[day] += 1;
  }
  return days;
}

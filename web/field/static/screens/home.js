// The first screen: sealed assignments, visits under way, visits that came back.

import { html, nothing } from "../../vendor/lit-html.js";
import * as assignments from "../engine/assignments.js";
import { askToPersist } from "../engine/db.js";
import * as shell from "../engine/shell.js";
import { act, go, state } from "./state.js";
import { box, button, mark } from "./parts.js";
import { linkButton, progress, row } from "./pieces.js";
import { known, megabytes, metres, t, when } from "./words.js";

export const title = () => t("home.title");

export function view() {
  const { assignments: all = [], visits = [], returns = [], route = [] } = state.home || {};
  const waiting = all.filter((one) => !one.opened_here).sort((one, other) => (one.release_utc < other.release_utc ? -1 : 1));
  const open = visits.filter((visit) => !visit.ended);
  const done = visits.filter((visit) => visit.ended);
  return html`
    ${warnings()}
    ${returns.length ? html`<section><h2>${t("home.returns")}</h2><ul class="rows">${returns.map(returned)}</ul></section>` : nothing}
    ${open.length ? html`<section><h2>${t("home.open")}</h2><ul class="rows">${open.map(underWay)}</ul></section>` : nothing}
    ${dayRoute(route, all, done)}
    <section><h2>${t("home.assignments")}</h2>
      ${waiting.length ? waiting.map(sealed) : html`<p>${t("home.none")}</p>`}
      <div class="side-by-side">${button(t("home.refresh"), () => act(assignments.refresh))}</div>
    </section>
    ${done.length ? html`<section><h2>${t("home.done")}</h2><ul class="rows">${done.map(saved)}</ul></section>` : nothing}
    <nav aria-label=${t("home.more")}><ul class="rows">
      ${row("#/outbox", t("outbox.title"), "")}
      ${row("#/settings", t("settings.title"), "")}
    </ul></nav>`;
}

function sealed(one) {
  if (one.damaged) return html`<article class="card sealed"><h3>${t("home.sealed_name")} ${mark("bad", t("state.damaged"))}</h3><p>${t("assignment.damaged")}</p></article>`;
  const early = Date.parse(one.release_utc) > Date.now();
  const late = Date.parse(one.expires_utc) < Date.now();
  return html`<article class="card sealed">
    <h3>${one.village ? one.village.name : t("home.sealed_name")} ${mark("plain", t("assignment.sealed"))}</h3>
    <p>${t(one.announced ? "assignment.announced" : "assignment.unannounced")} · ${t("assignment.between", { from: when(one.release_utc), to: when(one.expires_utc) })}</p>
    <p class="soft">${t("assignment.team", { names: one.team.map((member) => member.name).join(t("list.comma")) })}</p>
    <p class="soft">${one.downloaded ? t("assignment.downloaded") : t("assignment.not_downloaded")}</p>
    ${early ? html`<p>${mark("look", t("assignment.early", { from: when(one.release_utc) }))}</p>` : nothing}
    ${late ? html`<p>${mark("look", t("assignment.late"))}</p>` : nothing}
    <div class="stack">
      ${button(t("assignment.open"), () => openOnline(one.id), { main: true, disabled: early })}
      ${linkButton(t("assignment.open_with_key"), `#/open/${one.id}`)}
    </div></article>`;
}

/** The order of the villages that are still to be visited today; a village is named where its card is. */
function dayRoute(route, all, done) {
  const over = done.map((visit) => visit.visit_id);
  const left = route
    .map((stop) => ({ ...stop, at: all.find((one) => one.id === stop.assignment_id) }))
    .filter(({ at }) => at && at.village && !over.includes(at.visit_id) && Date.parse(at.expires_utc) > Date.now());
  if (left.length < 2) return nothing;
  return html`<section aria-labelledby="route"><h2 id="route">${t("route.title")}</h2>
    <p class="soft">${t("route.lead")}</p>
    <ol class="rows">${left.map((stop, number) => html`<li class="row"><span class="stop" aria-hidden="true">${number + 1}</span>
      <span class="row-text"><strong>${stop.at.village.name}</strong><small>${stop.at.village.town_name} · ${t("route.arrive", { at: when(stop.arrive_utc) })}${wayTo(stop)}</small></span>
      ${stop.late ? mark("look", t("route.late")) : nothing}</li>`)}</ol></section>`;
}

const wayTo = ({ metres: way_m, minutes }) => (way_m === null ? "" : ` · ${t("route.way", { way: metres(way_m), n: Math.round(minutes) })}`);

/** Opens by asking the server; without a connection the way round is the key. */
const openOnline = (id) => act(async () => {
  const visitId = await assignments.openOnline(id);
  await askToPersist();
  go(`#/visit/${visitId}`);
});

/** What should be mended before somebody sets out with this phone. */
function warnings() {
  const { worker } = shell.shellState();
  const storage = state.outbox && state.outbox.storage;
  return html`
    ${["unsupported", "failed"].includes(worker) ? box("bad", html`<p>${t("home.no_offline")}</p>${linkButton(t("self_test.title"), "#/self-test")}`) : nothing}
    ${storage && storage.low ? box("look", t("home.little_room", { size: megabytes(storage.free_bytes) })) : nothing}`;
}

const underWay = (visit) => (visit.package ? whole(visit, mark("busy", t("state.open"))) : damaged(visit));

const saved = (visit) => (visit.package ? whole(visit, howFar(visit)) : damaged(visit));

const whole = (visit, right) => row(`#/visit/${visit.visit_id}`, visit.package.village.name, t("home.opened_at", { at: when(visit.opened_ms) }), right);

/** A visit whose package does not open: it is said, and leads to what of it waits and was received. */
const damaged = (visit) => row("#/outbox", t("state.damaged"), t("home.opened_at", { at: when(visit.opened_ms) }), mark("bad", t("state.damaged_mark")));

function howFar({ visit_id, ended }) {
  const found = state.outbox && state.outbox.visits.find((one) => one.visit_id === visit_id);
  const mine = found ? progress(found) : nothing;
  return ended === "abort" ? html`${mark("plain", t("state.aborted"))} ${mine}` : mine;
}

const returned = (one) => row(
  `#/visit/${one.visit_id}/correct/${one.record_id}`,
  `${one.village.name} · ${one.about || t(known(`kind.${one.kind}`) ? `kind.${one.kind}` : "kind.other")}`,
  t("home.return_reason", { reason: one.reason }), mark("look", t("state.returned")),
);


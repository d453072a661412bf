// Two phones, no network: one shows the code of its arrival, the other reads it.

import { html } from "../../vendor/lit-html.js";
import * as positions from "../engine/positions.js";
import * as visits from "../engine/visits.js";
import { goVisit } from "./draft.js";
import { act, state, tell } from "./state.js";
import { box, button } from "./parts.js";
import { thumb } from "./pieces.js";
import { closeScanner, code, scanner } from "./scan.js";
import { signed } from "./visit.js";
import { t, when } from "./words.js";

export const title = () => t("colleague.title");

export const leave = closeScanner;

const PREFIX = "shidi:arrive:";
const PATIENCE_MS = 10000;

export function view() {
  const [arrival] = signed("arrive");
  const [confirmed] = signed("confirm");
  return html`
    <p>${t("colleague.lead")}</p>
    <section><h2>${t("colleague.show")}</h2>
      ${arrival ? html`<p>${t("colleague.show_lead")}</p>${code(`${PREFIX}${state.visit.visit_id}:${arrival.id}:${arrival.sha256}`, t("colleague.code"))}`
        : html`<p>${t("colleague.no_arrival")}</p>`}
    </section>
    <section><h2>${t("colleague.read")}</h2>
      ${confirmed ? box("good", t("colleague.done", { at: when(confirmed.made_at) })) : html`<p>${t("colleague.read_lead")}</p>${scanner(t("colleague.scan"), scanned, positions.watch)}
        <p class="soft">${t("colleague.no_typing")}</p>`}
    </section>
    ${thumb(button(t("common.back_to_tasks"), () => goVisit(), { main: Boolean(confirmed) }))}`;
}

function scanned(text) {
  const [visitId, arrive_id, arrive_sha256] = text.startsWith(PREFIX) ? text.slice(PREFIX.length).split(":") : [];
  if (!/^[0-9a-f]{64}$/.test(arrive_sha256 || "")) return tell("bad", t("colleague.other_code"));
  if (visitId !== state.visit.visit_id) return tell("bad", t("colleague.other_visit"));
  if (signed("arrive").some((own) => own.id === arrive_id)) return tell("bad", t("colleague.own_code"));
  // Whoever confirms need not have arrived by the other screen, so that the search may only have begun with this scan.
  return act(async () => visits.confirm(visitId, text, await positions.soon(PATIENCE_MS)));
}

// The same numbers as the map, in a table: by code, town by town, never by a number.

import { SLOTS, textOf } from "./data.js";
import { classOfTown, colourOf } from "./layers.js";
import { say } from "./words.js";

const ROWS_A_PAGE = 400;
const DASH = "—";

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export function swatch(colour, kind) {
  const made = element("span", { class: `swatch swatch-${kind}`, "aria-hidden": true });
  made.style.setProperty("--swatch", colour);
  return made;
}

function kindOf(id) {
  return id === "never" || id === "missing" ? id : "plain";
}

export function labelOf(layerName, layer, id, ofTown) {
  if (id === "missing" && layer.missing) return say(layer.missing);
  if (id === "never" || id === "missing") return say(`map.${id}`);
  return say(`map.class.${layerName}.${id}${ofTown && layer.apartForTowns ? ".town" : ""}`);
}

export class Table {
  constructor(root, onChoose) {
    this.root = root;
    this.onChoose = onChoose;
    this.page = 0;
    this.rows = [];
    root.addEventListener("click", (event) => {
      const chosen = event.target.closest("button[data-code]");
      if (chosen) this.onChoose(chosen.dataset.code);
      const turn = event.target.closest("button[data-turn]");
      if (turn) this.turn(this.page + Number(turn.dataset.turn));
    });
  }

  show(shown) {
    Object.assign(this, shown);
    this.rows = [];
    this.members.forEach((members, town) => {
      if (!members.length) return;
      this.rows.push({ town, members });
      for (const village of members) this.rows.push({ village });
    });
    this.page = Math.min(this.page, this.pages - 1);
    this.draw();
  }

  get pages() {
    return Math.max(Math.ceil(this.rows.length / ROWS_A_PAGE), 1);
  }

  turn(page) {
    this.page = Math.max(0, Math.min(page, this.pages - 1));
    this.draw();
    this.root.scrollTop = 0;
  }

  // Every row at once, for paper; afterwards the page again.
  whole(all) {
    this.draw(all ? this.rows : null);
  }

  draw(rows = null) {
    const part = rows || this.rows.slice(this.page * ROWS_A_PAGE, (this.page + 1) * ROWS_A_PAGE);
    const body = element("tbody", {}, ...part.map((row) => ("town" in row ? this.townRow(row) : this.villageRow(row))));
    const caption = element("caption", {}, say("map.table_caption"));
    this.root.replaceChildren(element("table", { class: "numbers" }, caption, this.head(), body), this.turner());
    this.choose(this.chosenCode, false);
  }

  head() {
    const names = [say("map.column.place"), say("map.column.last"), say("map.column.visits")];
    names.push(...SLOTS.map((slot) => say(`slot.short.${slot}`)));
    if (this.data.drawsTold) names.push(say("map.column.drawn"), say("map.column.directed"));
    if (this.data.problems) names.push(say("map.column.problems"));
    const cells = names.map((name, at) => element("th", { scope: "col", class: at > 1 ? "number" : null }, name));
    return element("thead", {}, element("tr", {}, ...cells));
  }

  townRow({ town, members }) {
    const { counts, data, layer, layerName } = this;
    const id = classOfTown(layer, counts, members);
    const total = (values) => members.reduce((sum, village) => sum + values[village], 0);
    const title = element(
      "th",
      { scope: "rowgroup" },
      swatch(colourOf(layer, id), kindOf(id)),
      this.button(data.towns.code[town], `${data.towns.name[town]}`),
      element("span", { class: "unseen" }, ` ${labelOf(layerName, layer, id, true)}`),
    );
    return element("tr", { class: "town", "data-town": data.towns.code[town], "data-class": id }, title,
      this.lastOfTown(town, members), ...this.numbers(total));
  }

  lastOfTown(town, members) {
    const visited = members.filter((village) => this.counts.visits[village]).length;
    const cell = element("td", { class: "small" }, say("map.town_visited", { all: members.length, visited }));
    const quota = this.counts.quota[town];
    // A quota is a town's: a column of its own would be empty in every village's row.
    if (quota) cell.append(element("br"), say("map.quota_of", quota));
    return cell;
  }

  villageRow({ village }) {
    const { counts, data, layer, layerName } = this;
    const { villages } = data;
    const id = layer.of(counts, village);
    const code = villages.code[village];
    const place = element(
      "th",
      { scope: "row" },
      swatch(colourOf(layer, id), kindOf(id)),
      this.button(code, villages.name[village]),
      element("span", { class: "unseen" }, ` ${labelOf(layerName, layer, id, false)}`),
    );
    if (code === this.markedCode) place.append(" ", element("span", { class: "chip chip-look" }, say("map.this_visit")));
    place.append(element("span", { class: "code small soft" }, code));
    if (villages.lon_deg[village] === null && !villages.has_area[village]) {
      place.append(element("span", { class: "small soft" }, ` ${say("map.no_position")}`));
    }
    const row = { "data-village": code, "data-class": id, "data-visits": counts.visits[village] };
    return element("tr", row, place, this.lastCell(village), ...this.numbers((values) => values[village]));
  }

  lastCell(village) {
    const { counts } = this;
    if (counts.unknown(village)) return element("td", {}, say("map.missing"));
    if (!counts.visits[village]) return element("td", {}, say("map.never"));
    const last = counts.last[village];
    const ago = element("span", { class: "small soft" }, ` ${say("map.days_ago", { days: counts.until - last })}`);
    return element("td", {}, element("time", { datetime: textOf(last) }, textOf(last)), ago);
  }

  numbers(of) {
    const { counts, data } = this;
    const values = [of(counts.visits), ...counts.bySlot.map(of)];
    if (data.drawsTold) values.push(of(counts.visits) - of(counts.directed), of(counts.directed));
    if (data.problems) values.push(of(counts.problems));
    return values.map((value) => element("td", { class: "number" }, value ? String(value) : DASH));
  }

  button(code, text) {
    return element("button", { type: "button", class: "plain-button", "data-code": code, lang: "zh-CN" }, text);
  }

  turner() {
    if (this.pages < 2) return "";
    const step = (by, word) =>
      element("button", { type: "button", class: "act second", "data-turn": by, disabled: !this.pageThere(by) }, word);
    const where = say("map.table_page", { page: this.page + 1, pages: this.pages });
    return element("p", { class: "pages no-print" }, step(-1, say("map.table_back")), step(1, say("map.table_on")), where);
  }

  pageThere(by) {
    return this.page + by >= 0 && this.page + by < this.pages;
  }

  // Shows a place's row, turning to its page where it is on another.
  choose(code, scroll = true) {
    this.chosenCode = code;
    for (const row of this.root.querySelectorAll("tr.chosen")) row.classList.remove("chosen");
    if (!code) return;
    const { towns, villages } = this.data;
    const at = this.rows.findIndex((row) =>
      "town" in row ? towns.code[row.town] === code : villages.code[row.village] === code,
    );
    if (at < 0) return;
    const page = Math.floor(at / ROWS_A_PAGE);
    if (scroll && page !== this.page) this.turn(page);
    const row = this.root.querySelector(`tr[data-village="${code}"], tr[data-town="${code}"]`);
    row?.classList.add("chosen");
    // Inside the table's own frame alone: the page must not jump away from the map.
    if (scroll && row) this.root.scrollTop = row.offsetTop - this.root.clientHeight / 3;
  }
}

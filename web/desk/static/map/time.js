// The time brush: a row of bars, how many visits fell on each week or day, over which a span is drawn; two fields of
// dates say the same for the keyboard.

import { dayOf, textOf } from "./data.js";
import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000;
const HEIGHT = 56;
const MOST_BARS = 140;

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export class TimeBrush {
  // ``onSpan(from, to, done)`` is told days; ``done`` is false while a span is still being drawn.
  constructor(root, { first, last, onSpan }) {
    Object.assign(this, { root, first, last, onSpan });
    this.svg = root.querySelector("svg");
    this.from = root.querySelector("#from");
    this.to = root.querySelector("#to");
    this.single = root.querySelector("#single");
    for (const field of [this.from, this.to]) {
      field.min = textOf(first);
      field.max = textOf(last);
      field.addEventListener("change", () => this.readFields(field));
    }
    this.single.addEventListener("change", () => this.toggleSingle());
    root.addEventListener("click", (event) => this.pressed(event.target.closest("button")));
    this.svg.addEventListener("pointerdown", (event) => this.begin(event));
    this.svg.addEventListener("pointermove", (event) => this.drag(event));
    this.svg.addEventListener("pointerup", (event) => this.end(event));
    this.svg.addEventListener("pointercancel", () => (this.began = null));
  }

  get days() {
    return this.last - this.first + 1;
  }

  show(days, since, until) {
    this.since = Math.max(since, this.first);
    this.until = Math.min(until, this.last);
    const bin = Math.max(1, Math.ceil(this.days / MOST_BARS));
    const bars = [];
    for (let start = 0; start < this.days; start += bin) {
      let many = 0;
      for (let day = start; day < Math.min(start + bin, days.length); day += 1) many += days[day];
      bars.push(many);
    }
    const most = Math.max(...bars, 1);
    const step = (WIDTH * bin) / this.days;
    this.svg.replaceChildren(
      shape("rect", { class: "brush-ground", width: WIDTH, height: HEIGHT }),
      ...bars.map((many, at) => {
        const tall = many ? Math.max((many / most) * (HEIGHT - 6), 2) : 0;
        return shape("rect", { class: "brush-bar", x: at * step, width: Math.max(step - 1, 0.8), y: HEIGHT - tall, height: tall });
      }),
    );
    this.span = shape("rect", { class: "brush-span", y: 0, height: HEIGHT });
    this.svg.append(this.span);
    this.place();
  }

  place() {
    const x = ((this.since - this.first) / this.days) * WIDTH;
    const width = ((this.until - this.since + 1) / this.days) * WIDTH;
    this.span.setAttribute("x", x);
    this.span.setAttribute("width", Math.max(width, 3));
    this.from.value = textOf(this.since);
    this.to.value = textOf(this.until);
    const single = this.since === this.until;
    this.single.checked = single;
    this.to.disabled = single;
    this.svg.setAttribute("aria-label", say("map.brush_says", { from: this.from.value, to: this.to.value }));
  }

  set(since, until, done) {
    const [one, other] = since <= until ? [since, until] : [until, since];
    this.since = Math.max(this.first, Math.min(one, this.last));
    this.until = Math.max(this.first, Math.min(other, this.last));
    this.place();
    this.onSpan(this.since, this.until, done);
  }

  readFields(changed) {
    if (!this.from.value || !this.to.value) {
      this.place();
      return;
    }
    const since = dayOf(this.from.value);
    this.set(since, this.single.checked ? since : dayOf(this.to.value), true);
    changed.focus();
  }

  toggleSingle() {
    if (this.single.checked) this.set(this.until, this.until, true);
    else this.set(this.first, this.until, true);
  }

  pressed(button) {
    if (!button) return;
    const { step, span } = button.dataset;
    const long = this.until - this.since + 1;
    if (step) {
      const since = Math.max(this.first, Math.min(this.since + Number(step) * long, this.last - long + 1));
      this.set(since, since + long - 1, true);
    } else if (span) {
      this.set(span === "all" ? this.first : this.last - Number(span) + 1, this.last, true);
    }
  }

  dayAt(event) {
    const box = this.svg.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    return this.first + Math.max(0, Math.min(Math.floor(share * this.days), this.days - 1));
  }

  begin(event) {
    this.began = this.dayAt(event);
    this.svg.setPointerCapture(event.pointerId);
  }

  drag(event) {
    if (this.began === null || this.began === undefined) return;
    this.set(this.began, this.dayAt(event), false);
  }

  end(event) {
    if (this.began === null || this.began === undefined) return;
    this.set(this.began, this.dayAt(event), true);
    this.began = null;
  }
}

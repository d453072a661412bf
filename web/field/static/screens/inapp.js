// Inside WeChat, WeCom or DingTalk nothing may be recorded: their store is not ours and can go at any time.

import { html, nothing } from "../../vendor/lit-html.js";
import { redraw } from "./state.js";
import { box, button, field } from "./parts.js";
import { thumb } from "./pieces.js";
import { t } from "./words.js";

export const title = () => t("in_app.title");

let copied = null;

export function view() {
  const address = `${location.origin}/field/`;
  return html`${box("bad", t("in_app.why"))}
    <p>${t("in_app.how")}</p>
    ${field(t("in_app.address"), address, () => {})}
    <p role="status">${copied === null ? nothing : t(copied ? "in_app.copied" : "in_app.not_copied")}</p>
    ${thumb(button(t("in_app.copy"), () => copy(address), { main: true }))}`;
}

async function copy(address) {
  try {
    await navigator.clipboard.writeText(address);
    copied = true;
  } catch (trouble) {
    // Without a clipboard the address stands in a field from which it can be copied by hand.
    document.querySelector("main input").select();
    copied = false;
  }
  redraw();
}

// The page's texts in the reader's language, as the server put them into the page.

const TEXTS = JSON.parse(document.getElementById("map-words").textContent);

export function say(key, values = {}) {
  return TEXTS[key].replace(/\{([a-z_]+)\}/g, (gap, name) => (name in values ? String(values[name]) : "—"));
}

// Tabs: one panel is seen at a time; arrow keys, Home and End move between them.

import { el, put } from "./dom.js";

export function tabs(label, panels, first) {
  const list = el("div", { class: "tabs", role: "tablist", "aria-label": label, keydown: move });
  const places = panels.map((panel) => el("div", {
    role: "tabpanel", id: `panel-${panel.id}`, "aria-labelledby": `tab-${panel.id}`, tabindex: 0, hidden: true }));
  const buttons = panels.map((panel) => el("button", {
    type: "button", role: "tab", id: `tab-${panel.id}`, "aria-controls": `panel-${panel.id}`, click: () => choose(panel.id) }, panel.name));
  const filled = new Set();

  function choose(id) {
    panels.forEach((panel, n) => {
      const here = panel.id === id;
      buttons[n].setAttribute("aria-selected", String(here));
      buttons[n].tabIndex = here ? 0 : -1;
      places[n].hidden = !here;
      if (here && !filled.has(id)) {
        filled.add(id);
        put(places[n], panel.of());
      }
    });
  }

  function move(event) {
    const now = buttons.indexOf(document.activeElement);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (next === undefined || now < 0) return;
    event.preventDefault();
    const button = buttons[(next + buttons.length) % buttons.length];
    button.click();
    button.focus();
  }

  put(list, buttons);
  choose(first);
  return el("div", { class: "found" }, list, places);
}

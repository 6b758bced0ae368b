// Keys. Single letters can be switched off, for those who speak to their machine; nothing needs them.

import { byId, el, put } from "./dom.js";

const OFF = "headwater-keys-off";
const SECTIONS = { 1: "#ask", 2: "#sources", 3: "#releases", 4: "#quarantine" };

export const KEYS = [
  ["Enter", "in the question: ask (Shift+Enter begins a new line)"],
  ["/", "to the question"],
  ["1 2 3 4", "Ask, Sources, Releases, Quarantine"],
  ["j k", "next, previous passage, with its document"],
  ["p e c", "the prompt, the explanation, the comparison; a for the passages"],
  ["+ -", "like, dislike"],
  ["Esc", "close what lies on top"],
  ["?", "these keys"],
];

const TABS = { a: "passages", p: "prompt", e: "explain", c: "compare" };

export function listenToKeys() {
  byId("help").addEventListener("click", showKeys);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(OFF)) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select") || document.querySelector("dialog[open]")) return;
    if (act(event.key)) event.preventDefault();
  });
}

function act(key) {
  if (key === "?") return showKeys();
  if (SECTIONS[key]) {
    location.hash = SECTIONS[key];
    return true;
  }
  if (key === "/") return focus("question");
  if (TABS[key]) return press(`tab-${TABS[key]}`, true);
  if (key === "+") return press("like");
  if (key === "-") return press("dislike");
  if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
  return false;
}

function focus(id) {
  byId(id)?.focus();
  return Boolean(byId(id));
}

function press(id, focused = false) {
  const button = byId(id);
  button?.click();
  if (focused) button?.focus();
  return Boolean(button);
}

function step(by) {
  const titles = [...document.querySelectorAll("[role=tabpanel]:not([hidden]) .passages .title")];
  if (!titles.length) return false;
  const now = titles.findIndex((title) => title.getAttribute("aria-current") === "true");
  const next = titles[Math.max(0, Math.min(titles.length - 1, now + by))];
  next.click();
  next.focus({ preventScroll: true });
  next.closest("li").scrollIntoView({ block: "nearest" });
  return true;
}

function showKeys() {
  const dialog = byId("keys");
  const off = el("input", { type: "checkbox", id: "keys-on", change: () => {
    if (off.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  } });
  off.checked = !localStorage.getItem(OFF);
  put(dialog, el("h2", { id: "keys-title" }, "Keys"),
    el("dl", { class: "keys" }, KEYS.map(([keys, what]) => [
      el("dt", {}, keys.split(" ").map((key) => [el("kbd", {}, key), " "])), el("dd", {}, what)])),
    el("p", { class: "lead" }, "Tab goes through everything in reading order; arrow keys move between tabs."),
    el("label", { class: "check", for: "keys-on" }, off, "Single letters are keys, outside of text fields"),
    el("button", { type: "button", click: () => dialog.close() }, "Close"));
  dialog.showModal();
  return true;
}

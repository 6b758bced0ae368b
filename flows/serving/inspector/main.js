// Which section is shown: the address after # says it, so that every view can be linked to.

import { read, setKey, who } from "./api.js";
import { byId, el, failure, put } from "./dom.js";
import { showAsk } from "./ask.js";
import { showDocument } from "./document.js";
import { listenToKeys } from "./keys.js";
import { showQuarantine } from "./quarantine.js";
import { showReleases } from "./releases.js";
import { showSources } from "./sources.js";
import { showWho } from "./who.js";

const SECTIONS = { ask: showAsk, sources: showSources, releases: showReleases, quarantine: showQuarantine };
const TITLES = { ask: "Ask", sources: "Sources", releases: "Releases", quarantine: "Quarantine" };

export const address = () => {
  const [name, rest] = location.hash.slice(1).split("?", 2);
  return { name: name.split("/")[0] || "ask", path: name.split("/").slice(1), query: new URLSearchParams(rest || "") };
};

let known = null;

async function show() {
  const { name, path, query } = address();
  if (name === "main") return; // the skip link
  const main = byId("main");
  if (name === "documents") {
    await openDocument(path[0], query);
    return;
  }
  const section = SECTIONS[name] ? name : "ask";
  document.title = `${TITLES[section]} \u2013 ${known.project} \u2013 Headwater`;
  for (const link of document.querySelectorAll(".top nav a")) {
    const here = link.getAttribute("href") === `#${section}`;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    await SECTIONS[section](main, known, query);
  } catch (problem) {
    put(main, failure(problem));
  }
}

async function openDocument(id, query) {
  const main = byId("main");
  const place = el("section", { class: "document" });
  put(main, place);
  const cited = query.has("start") ? [{ start: Number(query.get("start")), end: Number(query.get("end")), n: "" }] : [];
  await showDocument(place, { id, release: query.get("release"), spans: cited, shown: 0 });
}

function askForKey(problem) {
  const field = el("input", { type: "password", id: "key", autocomplete: "off", required: true });
  const form = el("form", { class: "notice", submit: (event) => {
    event.preventDefault();
    setKey(field.value.trim());
    start();
  } },
  el("h1", {}, "This server asks for an API key"),
  el("p", {}, problem.detail),
  el("label", { for: "key" }, "API key, kept in this tab only"), field,
  el("button", { class: "primary" }, "Open"));
  put(byId("main"), form);
  field.focus();
}

function tellOnHold() {
  const banner = byId("banner");
  banner.hidden = !known.on_hold;
  put(banner, el("strong", {}, "Publishing is on hold "), "since a rollback. ", el("code", {}, "headwater release resume"), " lets it go on.");
}

async function start() {
  try {
    const [caller, releases] = await Promise.all([read("v1/caller"), read("v1/releases")]);
    known = { ...caller, releases };
  } catch (problem) {
    if (problem.status === 401) askForKey(problem);
    else put(byId("main"), failure(problem));
    return;
  }
  who.fixed = Boolean(known.key);
  put(byId("project"), known.project);
  tellOnHold();
  showWho(known, show);
  window.addEventListener("hashchange", show);
  listenToKeys();
  await show();
}

start();

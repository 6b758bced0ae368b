// A document as its release has it, with every cited span marked and numbered.

import { read } from "./api.js";
import { byId, el, failure, put, say } from "./dom.js";
import { lastPart, link, moment, unitsAt, where } from "./format.js";

const kept = new Map(); // what was read in this view: the same document is often cited twice
const KEPT = 20;

export async function showDocument(place, { id, release, spans, shown, cited = null, extra = null, quiet = false }) {
  place.setAttribute("aria-busy", "true");
  place.dataset.wanted = `${id} ${release} ${shown}`;
  const wanted = place.dataset.wanted;
  let found;
  try {
    found = await fetched(id, release);
  } catch (problem) {
    put(place, failure(problem));
    return;
  } finally {
    place.removeAttribute("aria-busy");
  }
  if (place.dataset.wanted !== wanted) return; // another one was chosen meanwhile
  put(place, head(found, release, cited, extra), text(found, spans, shown));
  const mark = place.querySelector("mark.shown");
  if (mark) place.scrollTop += mark.getBoundingClientRect().top - place.getBoundingClientRect().top - place.clientHeight / 3;
  if (!quiet) say(`Shown: ${where(found)}`);
}

export function openReader(options) {
  const dialog = byId("reader");
  const pane = el("section", { class: "document" });
  const close = el("button", { type: "button", click: () => dialog.close() }, "Close");
  put(dialog, pane);
  dialog.showModal();
  return showDocument(pane, { ...options, extra: close });
}

async function fetched(id, release) {
  const key = `${id} ${release}`;
  if (!kept.has(key)) {
    if (kept.size >= KEPT) kept.delete(kept.keys().next().value);
    kept.set(key, await read(`v1/documents/${encodeURIComponent(id)}`, release ? { release } : {}));
  }
  return kept.get(key);
}

export function forget() {
  kept.clear();
}

function head(found, release, cited, extra) {
  const name = found.title || lastPart(found.uri);
  const address = link(found.uri);
  return el("header", {},
    extra,
    el("h2", { id: "document-title" }, name),
    cited?.heading ? el("p", {}, cited.heading) : null,
    el("p", { class: "meta" },
      [found.source, release ? `release ${release}` : null, found.source_at ? `changed ${moment(found.source_at)}` : null].filter(Boolean)
        .map((fact) => el("span", {}, fact)),
      found.status === "stale" ? el("span", { class: "state warn" }, "stale") : null),
    el("p", { class: "meta path" }, address ? el("a", { href: address, rel: "noreferrer" }, found.uri) : el("span", {}, `${found.source}/${found.key}`)));
}

// Lines that are headings as they are written, in units of the string.
function headings(found) {
  if (found.media_type !== "text/markdown") return [];
  return [...found.text.matchAll(/^#{1,6} .+$/gm)].map((line) => ({ start: line.index, end: line.index + line[0].length }));
}

// Cuts the text where a heading or a cited span begins or ends; never anything but text nodes.
function text(found, spans, shown) {
  const unit = unitsAt(found.text);
  const heads = headings(found);
  const cuts = new Set([0, found.text.length]);
  for (const part of spans) cuts.add(unit(part.start)).add(unit(part.end));
  for (const part of heads) cuts.add(part.start).add(part.end);
  const places = [...cuts].sort((a, b) => a - b);
  const begun = new Set();
  const made = places.slice(0, -1).map((start, at) => {
    const end = places[at + 1];
    const inside = (part) => unit(part.start) <= start && unit(part.end) >= end;
    const covering = spans.filter(inside);
    const cited = covering.find((one) => one.n === shown) || covering[0];
    let piece = document.createTextNode(found.text.slice(start, end));
    if (heads.some((head) => head.start <= start && head.end >= end)) piece = el("b", {}, piece);
    if (!cited) return piece;
    const first = !begun.has(cited);
    begun.add(cited);
    return el("mark", { class: cited.n === shown ? "shown" : null, "data-n": first && cited.n ? cited.n : null,
      "aria-label": first && cited.n ? `Passage ${cited.n}` : null }, piece);
  });
  return el("div", { class: "text" }, made.length ? made : el("span", { class: "empty" }, "This document is empty."));
}

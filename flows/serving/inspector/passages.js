// Cited passages, best first, beside the document that the chosen one stands in.

import { el, put } from "./dom.js";
import { showDocument } from "./document.js";
import { age, day, score, where } from "./format.js";
import { reportWrong } from "./feedback.js";

export function passages(context) {
  if (!context.citations.length) {
    return el("p", { class: "lead" }, "No passage is relevant enough. Explain shows what came closest, and what the threshold was.");
  }
  const pane = el("section", { class: "document", "aria-label": "Document", tabindex: 0 });
  const list = el("ol", { class: "passages" }, context.citations.map((cited) => passage(cited, {
    choose: (item) => choose(list, item, pane, context, cited),
    more: reportWrong(context, cited),
  })));
  const first = list.querySelector("li");
  choose(list, first, pane, context, context.citations[0], false);
  return el("div", { class: "pair" }, list, pane);
}

// One passage, as a list shows it; `choose` is called with its item.
export function passage(cited, { choose, more = null, note = null }) {
  const title = el("button", { type: "button", class: "title", "aria-current": "false", click: () => choose(item) },
    el("span", { class: "n" }, `[${cited.n}]`), where(cited));
  const facts = [cited.source, cited.source_at ? `changed ${day(cited.source_at)}, ${age(cited.age_s)} ago` : null,
    cited.page ? `page ${cited.page}` : null, `characters ${cited.start}\u2013${cited.end}`, `score ${score(cited.score)}`];
  const marks = [cited.stale ? "stale: its source no longer passes, this is its last good version" : null,
    cited.flags.includes("hidden_characters") ? "hidden characters were taken out" : null].filter(Boolean);
  const item = el("li", {}, title,
    el("p", { class: "meta" }, facts.filter(Boolean).map((fact) => el("span", {}, fact))),
    marks.map((mark) => el("p", {}, el("span", { class: "state warn" }, mark))),
    note ? el("p", { class: "only" }, note) : null,
    el("blockquote", {}, cited.quote), more);
  return item;
}

async function choose(list, item, pane, context, cited, byPerson = true) {
  for (const other of list.querySelectorAll("li")) {
    const here = other === item;
    other.classList.toggle("shown", here);
    other.querySelector(".title").setAttribute("aria-current", String(here));
  }
  const spans = context.citations.filter((one) => one.document_id === cited.document_id);
  const back = el("button", { type: "button", class: "back", click: () => {
    item.scrollIntoView({ block: "start" });
    item.querySelector(".title").focus({ preventScroll: true });
  } }, "Back to the passages");
  await showDocument(pane, { id: cited.document_id, release: context.release, spans, shown: cited.n, cited, extra: back, quiet: !byPerson });
  const below = getComputedStyle(back).display !== "none";
  if (byPerson && below) {
    pane.focus({ preventScroll: true });
    (pane.querySelector("mark.shown") || pane).scrollIntoView({ block: "center" });
  }
}

// The same question at two releases, side by side: what both show, and what only one does.

import { el, state } from "./dom.js";
import { openReader } from "./document.js";
import { count, plural } from "./format.js";
import { passage } from "./passages.js";

export function compared(here, there) {
  const same = here.digest === there.digest;
  const shared = here.citations.filter((one) => match(one, there)).length;
  const told = same ? "Both releases answer the same, byte for byte."
    : `${plural(shared, "passage")} in both; ${here.citations.length - shared} only at release ${here.release}, ${there.citations.length - shared} only at release ${there.release}.`;
  const sides = el("div", { class: "sides" }, side(here, there), side(there, here));
  const only = el("input", { type: "checkbox", id: "differing", change: () => sides.classList.toggle("differing", only.checked) });
  return el("div", { class: "found" },
    el("div", { class: "row" }, el("p", { class: "lead" }, told),
      same ? null : el("label", { class: "check", for: "differing" }, only, "Only what differs")),
    sides);
}

const match = (cited, context) =>
  context.citations.find((one) => one.chunk_id === cited.chunk_id && one.quote === cited.quote)
  || context.citations.find((one) => one.document_id === cited.document_id && one.heading === cited.heading);

function side(context, other) {
  const list = el("ol", { class: "passages" }, context.citations.map((cited) => {
    const twin = match(cited, other);
    const note = !twin ? state("warn", `only at release ${context.release}`)
      : twin.quote !== cited.quote ? state("warn", `other words at release ${other.release}`)
        : twin.n !== cited.n ? state("plain", `number ${twin.n} at release ${other.release}`) : null;
    const item = passage(cited, { note, choose: () => openReader({
      id: cited.document_id, release: context.release, shown: cited.n, cited,
      spans: context.citations.filter((one) => one.document_id === cited.document_id) }) });
    item.classList.toggle("same", Boolean(twin) && twin.quote === cited.quote);
    return item;
  }));
  return el("section", { "aria-label": `At release ${context.release}` },
    el("h2", {}, `Release ${context.release}`),
    el("p", { class: "meta" }, el("span", {}, plural(context.citations.length, "passage")),
      el("span", {}, `${count(context.tokens.used)} of ${count(context.tokens.budget)} tokens`),
      el("span", {}, "digest ", el("code", {}, context.digest.slice(0, 12)))),
    context.citations.length ? list : el("p", { class: "lead" }, context.reason || "Nothing relevant."));
}


// The prompt a language model is given, and how its tokens are spent.

import { el } from "./dom.js";
import { count, plural } from "./format.js";

const ROLES = { system: "Instructions (system)", user: "Passages and question (user)", assistant: "Assistant" };

// Where each passage stands in the messages: between lines that carry this request's own mark.
function fenced(content) {
  const lines = content.split("\n");
  const opening = lines.map((line) => /^<([0-9a-f]{8,}) \[(\d+)\]/.exec(line));
  const parts = [];
  let fence = null;
  lines.forEach((line, n) => {
    const closing = fence !== null && line === `</${fence.mark}>`;
    if (fence === null && opening[n]) fence = { mark: opening[n][1], n: Number(opening[n][2]) };
    parts.push({ line, n: fence?.n ?? null, edge: Boolean(closing || (fence && opening[n])) });
    if (closing) fence = null;
  });
  return parts;
}

// The tokenizer is the server's, so the shares are by characters; the total is exact.
export function budget(context) {
  const { used, budget: all } = context.tokens;
  const lengths = new Map();
  let frame = 0;
  for (const message of context.messages) {
    for (const part of fenced(message.content)) {
      if (part.n === null) frame += part.line.length + 1;
      else lengths.set(part.n, (lengths.get(part.n) || 0) + part.line.length + 1);
    }
  }
  const total = frame + [...lengths.values()].reduce((sum, one) => sum + one, 0);
  const about = (characters) => Math.round((used * characters) / Math.max(total, 1));
  const piece = (kind, tokens, text, title) => {
    const made = el("span", { class: kind, title }, text);
    made.style.flexGrow = tokens; // by script: a style attribute would need a weaker policy
    made.style.flexBasis = "0";
    return made;
  };
  const shares = [...lengths].map(([n, characters]) => piece("passage", about(characters), el("b", {}, n), `passage ${n}: about ${count(about(characters))} tokens`));
  const free = Math.max(0, all - used);
  const told = `${count(used)} of ${count(all)} tokens used: about ${count(about(frame))} for instructions and question, the rest for ${plural(lengths.size, "passage")}`;
  return el("div", { class: "budget" },
    el("div", { class: "bar", role: "img", "aria-label": told },
      piece("frame", about(frame), "", `instructions and question: about ${count(about(frame))} tokens`),
      shares, free ? piece("free", free, free > all / 8 ? "free" : "", `${count(free)} tokens free`) : null),
    el("p", { class: "meta" }, el("span", {}, `${count(used)} of ${count(all)} tokens`),
      el("span", {}, `instructions and question about ${count(about(frame))}`), el("span", {}, `${count(free)} free`)));
}

export function prompt(context) {
  const copied = el("span", { role: "status", class: "label" });
  const copy = el("button", { type: "button", click: async () => {
    await navigator.clipboard.writeText(JSON.stringify(context.messages, null, 2));
    copied.textContent = "Copied.";
  } }, "Copy the messages as JSON");
  return el("div", { class: "prompt" },
    el("p", { class: "row" }, navigator.clipboard ? copy : null, copied),
    context.messages.map((message) => el("section", {},
      el("h3", {}, ROLES[message.role] || message.role),
      el("pre", { tabindex: 0 }, fenced(message.content).map((part, n) => [n ? "\n" : null,
        part.edge ? el("span", { class: "fence" }, part.line)
          : part.n !== null ? el("span", { class: "cited" }, part.line) : part.line])))));
}

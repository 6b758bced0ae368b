// A question: its form, and what was found for it.

import { ask, inBody } from "./api.js";
import { byId, el, failure, put, say } from "./dom.js";
import { compared } from "./compare.js";
import { explained } from "./explain.js";
import { count, moment, plural } from "./format.js";
import { judging } from "./feedback.js";
import { passages } from "./passages.js";
import { budget, prompt } from "./prompt.js";
import { tabs } from "./tabs.js";

let asked = 0;

export async function showAsk(main, known, query) {
  const found = el("section", { class: "found", "aria-label": "What was found" });
  const form = questionForm(known, query, (fields) => answer(found, fields));
  put(main, el("h1", { class: "unseen" }, "Ask"), form, found);
  if (query.get("q")) await answer(found, read(form));
  else {
    put(found, el("p", { class: "lead" },
      `A question is answered from release ${known.release ?? "none yet"} with the passages that the one who asks may read: `
      + "each is shown in its document, with the prompt a language model is given and why each candidate is in it or not."));
    byId("question").focus();
  }
}

function questionForm(known, query, submit) {
  const select = (id, options, chosen) => {
    const made = el("select", { id, name: id }, options.map(([value, text]) => el("option", { value, selected: String(value) === String(chosen) }, text)));
    return made;
  };
  const field = (id, label, control) => el("div", { class: "field" }, el("label", { for: id }, label), control);
  const numbers = known.releases.map((one) => [one.release, `${one.release}${one.name ? ` ${one.name}` : ""} \u2013 ${moment(one.created_at)}`]);
  const views = known.views.map((name) => [name, name]);
  const question = el("textarea", { id: "question", name: "q", rows: 2, required: true, maxlength: 4000, placeholder: "What do you want to know?",
    keydown: (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    } });
  question.value = query.get("q") || "";
  const form = el("form", { class: "asking", role: "search", "aria-label": "Question", submit: (event) => {
    event.preventDefault();
    remember(read(form));
    submit(read(form));
  } },
  field("question", "Question", question),
  el("div", { class: "fields" },
    field("view", "Context view", select("view", views, query.get("view") || views[0]?.[0])),
    field("release", "At release", select("release", [["", `newest${known.release ? ` (${known.release})` : ""}`], ...numbers], query.get("release") || "")),
    field("compare", "Beside it", select("compare", [["", "no other release"], ...numbers], query.get("compare") || "")),
    field("budget", "Budget, tokens", el("input", { id: "budget", name: "budget", type: "number", min: 64, max: 32000, step: 1, placeholder: "the view\u2019s", value: query.get("budget") || "" })),
    el("button", { class: "primary", id: "ask" }, "Ask")));
  return form;
}

function read(form) {
  const fields = Object.fromEntries(new FormData(form));
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== ""));
}

function remember(fields) {
  history.replaceState(null, "", `#ask?${new URLSearchParams(fields)}`);
}

async function answer(place, fields) {
  const mine = ++asked;
  const button = byId("ask");
  button.disabled = true;
  say("Asking");
  try {
    const body = { question: fields.q, view: fields.view, explain: true, ...inBody() };
    if (fields.budget) body.budget_tokens = Number(fields.budget);
    const sides = [fields.release, ...(fields.compare ? [fields.compare] : [])];
    const found = await Promise.all(sides.map((release) =>
      ask("v1/context", { body: { ...body, ...(release ? { release: Number(release) } : {}) } })));
    if (mine === asked) show(place, found);
  } catch (problem) {
    if (mine === asked) put(place, failure(problem));
  } finally {
    button.disabled = false;
  }
}

function show(place, [context, other]) {
  const panels = [
    { id: "passages", name: `Passages (${context.citations.length})`, of: () => passages(context) },
    { id: "prompt", name: "Prompt", of: () => prompt(context) },
    { id: "explain", name: `Explain (${context.explain.length})`, of: () => explained(context) },
  ];
  if (other) panels.push({ id: "compare", name: `Beside release ${other.release}`, of: () => compared(context, other) });
  put(place, verdict(context), budget(context), tabs("What was found", panels, other ? "compare" : "passages"));
  say(context.answerable ? `${plural(context.citations.length, "passage")} found at release ${context.release}` : "Nothing relevant was found");
}

function verdict(context) {
  const took = Object.values(context.timings_ms).reduce((sum, ms) => sum + ms, 0);
  const facts = [`release ${context.release}`, context.context_view, `${took.toFixed(0)} ms`];
  const head = context.answerable
    ? `${plural(context.citations.length, "passage")} for \u201c${context.question}\u201d`
    : `Nothing relevant was found for \u201c${context.question}\u201d`;
  return el("div", {},
    el("div", { class: "verdict" }, el("h2", {}, head), judging(context)),
    el("p", { class: "meta" }, facts.map((fact) => el("span", {}, fact)),
      el("span", { title: "sha256 of what was answered: equal for equal inputs" }, "digest ", el("code", {}, context.digest.slice(0, 12)))),
    context.reason ? el("p", { class: "lead" }, context.reason) : null,
    context.notes.map((note) => el("p", { class: "lead" }, note)),
    Object.keys(context.features).length ? facts_(context.features) : null);
}

function facts_(features) {
  return el("dl", { class: "keys" }, Object.entries(features).map(([name, fact]) => [
    el("dt", {}, `[${fact.citation ?? count(0)}] ${name}`), el("dd", { class: "mono" }, JSON.stringify(fact.values))]));
}

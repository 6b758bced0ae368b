// What a person says of an answer: like, dislike, or that a citation is wrong.

import { ask, inBody } from "./api.js";
import { el, say } from "./dom.js";

async function send(context, said, place) {
  try {
    await ask("v1/feedback", { body: { context_id: context.context_id, ...said, ...inBody() } });
    place.textContent = "Noted, thank you.";
    say("Noted");
    return true;
  } catch (problem) {
    place.textContent = problem.detail;
    say(problem.detail);
    return false;
  }
}

export function judging(context) {
  const told = el("span", { class: "label" });
  const button = (kind, name) => el("button", { type: "button", id: kind, "aria-pressed": "false", click: async (event) => {
    const pressed = event.currentTarget;
    if (!(await send(context, { kind }, told))) return;
    for (const other of pressed.parentElement.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === pressed));
  } }, name);
  return el("div", { class: "judging", role: "group", "aria-label": "Is this context good?" }, told, button("like", "Like"), button("dislike", "Dislike"));
}

export function reportWrong(context, cited) {
  const told = el("span", { class: "label" });
  const comment = el("input", { id: `why-${cited.n}`, maxlength: 2000, placeholder: "what is wrong with it" });
  const form = el("form", { class: "row", submit: async (event) => {
    event.preventDefault();
    await send(context, { kind: "wrong_citation", citation: cited.n, ...(comment.value ? { comment: comment.value } : {}) }, told);
  } }, el("label", { for: comment.id }, "Comment"), comment, el("button", {}, "Report"), told);
  return el("details", { class: "meta" }, el("summary", {}, "Wrong citation?"), form);
}

// Every source the one who asks may know of: how fresh it is, and what the last run made of it.

import { read } from "./api.js";
import { el, put, state, table } from "./dom.js";
import { age, count, moment, plural } from "./format.js";

const STATES = {
  fresh: ["good", "fresh"],
  old: ["warn", "older than allowed"],
  overdue: ["warn", "overdue"],
  refused: ["bad", "refused"],
  failed: ["bad", "failed"],
  never: ["plain", "never ingested"],
};

export async function showSources(main) {
  const { sources } = await read("v1/sources");
  const late = sources.filter((one) => one.state !== "fresh").length;
  const told = late ? `${plural(late, "source")} of ${sources.length} needs a look.` : `All ${sources.length} are fresh.`;
  put(main, el("h1", {}, "Sources"), el("p", { class: "lead" }, sources.length ? told : "There is no source you may read."),
    sources.length ? table(null, columns, sources) : null);
}

const columns = [
  { name: "Source", of: (row) => [row.source, el("small", {}, row.kind)] },
  { name: "State", of: (row) => [state(...(STATES[row.state] || ["plain", row.state])), row.detail ? el("small", { class: "wraps" }, row.detail) : null] },
  { name: "Changed at source", of: (row) => since(row.changed_at, row.age_s) },
  { name: "At most", of: (row) => (row.max_age ? row.max_age : "\u2013") },
  { name: "Last looked at", of: (row) => since(row.looked_at, row.looked_s) },
  { name: "Last release", number: true, of: (row) => (row.release ? el("a", { href: `#releases?release=${row.release}` }, row.release) : "\u2013") },
  { name: "Documents", number: true, of: (row) => count(row.documents) },
  { name: "Stale", number: true, of: (row) => count(row.stale) },
  { name: "Quarantine", number: true, of: (row) => (row.quarantined === null ? "\u2013"
    : row.quarantined ? el("a", { href: `#quarantine?source=${row.source}` }, count(row.quarantined)) : "0") },
  { name: "Owner", class: "path", of: (row) => row.owner || "\u2013" },
];

function since(at, seconds) {
  return at ? [`${age(seconds)} ago`, el("small", {}, moment(at))] : "unknown";
}

// What did not pass, why, and what to do.

import { read } from "./api.js";
import { el, put, state, table } from "./dom.js";
import { moment, plural } from "./format.js";

export async function showQuarantine(main, _known, query) {
  const { quarantine } = await read("v1/quarantine", { source: query.get("source") });
  const of = query.get("source") ? ` of ${query.get("source")}` : "";
  const told = quarantine.length ? [
    `${plural(quarantine.length, "thing")}${of} did not pass. Mend what the message says; the next ingest tries what changed, `,
    el("code", {}, "headwater quarantine retry"), " tries all of it.",
  ] : `Nothing${of} is in quarantine.`;
  put(main, el("h1", {}, "Quarantine"), el("p", { class: "lead" }, told),
    quarantine.length ? table(null, columns, quarantine) : null);
}

const columns = [
  { name: "Item", class: "wraps", of: (row) => [row.record ? `${row.key}#${row.record}` : row.key, el("small", {}, row.source)] },
  { name: "Reason", of: (row) => state("bad", row.reason.replaceAll("_", " ")) },
  { name: "What is wrong", class: "wraps", of: (row) => row.message },
  { name: "Stage", of: (row) => row.stage },
  { name: "Last tried", of: (row) => moment(row.at) },
  { name: "Id", of: (row) => el("code", {}, row.quarantine_id) },
];

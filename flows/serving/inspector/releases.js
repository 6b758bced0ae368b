// Releases, newest first, and what one has that another has not.

import { read } from "./api.js";
import { el, failure, put, state, table } from "./dom.js";
import { openReader } from "./document.js";
import { count, lastPart, moment, plural } from "./format.js";

export async function showReleases(main, known, query) {
  const releases = [...known.releases].reverse();
  const place = el("section", { class: "diff", "aria-label": "Difference" });
  put(main, el("h1", {}, "Releases"),
    el("p", { class: "lead" }, releases.length
      ? "A release is a set of table versions published together. Choose one to see what it changed, or any two."
      : "Nothing has been published yet: run headwater ingest."),
    releases.length ? pick(releases, query, place) : null, place,
    releases.length ? table(null, columns, releases) : null);
  const chosen = Number(query.get("release")) || releases[0]?.release;
  const before = Number(query.get("before")) || releases.find((one) => one.release < chosen)?.release;
  if (chosen && before) await difference(place, before, chosen);
}

const columns = [
  { name: "Release", of: (row) => [el("a", { href: `#releases?release=${row.release}` }, row.release), row.name ? el("small", {}, row.name) : null] },
  { name: "Made", of: (row) => moment(row.created_at) },
  { name: "Kind", of: (row) => [row.kind, row.state === "hold" ? state("warn", "on hold") : null] },
  { name: "Documents", number: true, of: (row) => total(row, "documents") },
  { name: "Chunks", number: true, of: (row) => total(row, "chunks__") },
  { name: "Note", class: "wraps", of: (row) => row.note },
];

// Counts are told to those who may read everything.
function total(row, name) {
  const found = Object.entries(row.counts || {}).filter(([counted]) => counted.startsWith(name));
  return found.length ? count(found.reduce((sum, [, rows]) => sum + rows, 0)) : "\u2013";
}

function pick(releases, query, place) {
  const select = (id, chosen) => el("select", { id }, releases.map((one) =>
    el("option", { value: one.release, selected: one.release === chosen }, `${one.release}${one.name ? ` ${one.name}` : ""} \u2013 ${moment(one.created_at)}`)));
  const newest = Number(query.get("release")) || releases[0].release;
  const before = select("before", Number(query.get("before")) || releases.find((one) => one.release < newest)?.release);
  const after = select("after", newest);
  return el("form", { class: "row", "aria-label": "Two releases", submit: (event) => {
    event.preventDefault();
    history.replaceState(null, "", `#releases?release=${after.value}&before=${before.value}`);
    difference(place, Number(before.value), Number(after.value));
  } }, el("label", { for: "before" }, "From release"), before, el("label", { for: "after" }, "to"), after, el("button", { class: "primary" }, "Compare"));
}

async function difference(place, before, after) {
  let found;
  try {
    found = await read(`v1/releases/${before}/diff/${after}`);
  } catch (problem) {
    put(place, failure(problem));
    return;
  }
  const kinds = [["added", "good"], ["changed", "warn"], ["removed", "bad"]];
  const totals = kinds.map(([kind]) => `${count(found.documents[kind].length)} ${kind}`).join(", ");
  const chunks = Object.entries(found.chunks || {}).map(([name, rows]) =>
    el("span", {}, rows.rebuilt ? `index ${name}: rebuilt` : `index ${name}: ${plural(rows.added, "chunk")} added, ${rows.changed} changed, ${rows.removed} removed`));
  put(place, el("h2", {}, `Release ${before} to ${after}: ${totals}`),
    chunks.length ? el("p", { class: "meta" }, chunks) : null,
    kinds.filter(([kind]) => found.documents[kind].length).map(([kind]) => el("div", {},
      el("h3", {}, plural(found.documents[kind].length, "document"), ` ${kind}`),
      el("ul", {}, found.documents[kind].map((one) => entry(one, kind === "removed" ? before : after))))));
}

function entry(one, release) {
  return el("li", {},
    el("a", { href: `#documents/${one.document_id}?release=${release}`, click: (event) => {
      event.preventDefault();
      openReader({ id: one.document_id, release, spans: [], shown: 0 });
    } }, one.title || lastPart(one.key)), " ",
    el("small", { class: "path" }, `${one.source}/${one.key}`, one.what ? ` \u2013 ${one.what.join(", ")}` : ""));
}

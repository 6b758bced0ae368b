// Every candidate: its place in each leg, what moved its score, and what became of it.

import { el, state, table } from "./dom.js";
import { placeOf, score, where } from "./format.js";

const VERDICTS = {
  kept: ["good", "kept"],
  merged: ["good", "merged into its neighbor"],
  duplicate: ["plain", "left out: says the same as another"],
  over_budget: ["warn", "left out: over the budget"],
  below_top_k: ["plain", "left out: below top k"],
  not_relevant: ["plain", "left out: not relevant enough"],
  span_mismatch: ["bad", "left out: does not match its document"],
  too_old: ["warn", "left out: too old"],
};

export function explained(context) {
  if (!context.explain.length) return el("p", { class: "lead" }, "There was no candidate at all.");
  const leg = (value, rank) => (rank === null || rank === undefined ? "\u2013" : `${score(value)}  #${rank}`);
  const rows = context.explain.map((candidate, n) => ({ ...candidate, n: n + 1, rowClass: VERDICTS[candidate.verdict]?.[0] === "good" ? "" : "out" }));
  const gain = (value) => (value ? `+${score(value)}` : "\u2013");
  const number = true;
  return table(
    "Candidates by score. A leg shows its own score and rank; named, covers, like, cluster, beside and fresh are what moved the fused score.",
    [
      { name: "#", number, of: (row) => row.n },
      { name: "Passage", class: "wraps", of: (row) => [where(row), el("small", { class: "path" }, placeOf(row.uri))] },
      { name: "Score", number, of: (row) => score(row.score) },
      { name: "Meaning", number, of: (row) => leg(row.vector_score, row.vector_rank) },
      { name: "Words", number, of: (row) => leg(row.keyword_score, row.keyword_rank) },
      { name: "Fused", number, of: (row) => score(row.fused) },
      { name: "Named", number, of: (row) => gain(row.named) },
      { name: "Covers", number, of: (row) => gain(row.coverage) },
      { name: "Like", number, of: (row) => gain(row.maxsim) },
      { name: "Cluster", number, of: (row) => gain(row.cluster) },
      { name: "Beside", number, of: (row) => gain(row.support) },
      { name: "Fresh", number, of: (row) => (row.freshness === 1 ? "\u2013" : `\u00d7${score(row.freshness)}`) },
      { name: "What became of it", of: (row) => state(...(VERDICTS[row.verdict] || ["plain", row.verdict])) },
    ], rows, "explain");
}

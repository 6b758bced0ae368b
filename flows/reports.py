"""Reports: what a run did, as the Markdown an operator reads in the Prefect UI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.inspector_links import linked
from schemas.counts import count
from schemas.evaluation import Comparison, Estimate
from schemas.run import STAGES, Run

if TYPE_CHECKING:
    from flows.stages.maintaining import Maintenance


def change_report(run: Run) -> str:
    """Return one run as Markdown: what changed, what it cost, what the gates said."""
    title = f"# {run.source}: {f'release {run.release}' if run.published else run.state}"
    parts = [title, _refusal(run), _changes(run), _cost(run), _gates(run)]
    return "\n\n".join(part for part in parts if part)


def backfill_report(runs: list[Run], base: str | None) -> str:
    """Return a backfill as Markdown: a line for each release it made or tried, with links into the page."""
    columns = ["source", "", "items", "made again", "left to ingest", "quarantined"]
    columns += ["chunks added", "updated", "removed", "embedded", "seconds"]
    head, rule = f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"
    return "\n".join(
        ["# Backfill", "", head, rule, *(_backfilled(run, base) for run in runs), "", *map(_refusal, runs)]
    )


def _backfilled(run: Run, base: str | None) -> str:
    items, chunks, rejected = run.items, run.chunks, str(run.items.quarantined)
    made = linked(f"release {run.release}", base, f"releases?release={run.release}")
    cells: list[object] = [run.source, made if run.published else run.state]
    cells += [items.listed, items.changed, items.unchanged]
    cells += [linked(rejected, base, f"quarantine?source={run.source}") if items.quarantined else rejected]
    cells += [chunks.added, chunks.updated, chunks.removed, run.embedded]
    return f"| {' | '.join(map(str, cells))} | {run.seconds.get('total', 0.0):.1f} |"


def maintenance_report(done: Maintenance) -> str:
    """Return a maintenance as Markdown."""
    numbers = {"expired": done.expired, "deleted": done.deleted}
    lines = [f"- releases {what}: {', '.join(map(str, found)) or 'none'}" for what, found in numbers.items()]
    lines += [f"- compacted: {', '.join(done.compacted) or 'nothing'}"]
    lines += [f"- left alone, somebody was writing: {skipped}" for skipped in done.skipped]
    lines += [f"- {count(done.embeddings_collected, 'cached embedding')} deleted that nothing uses"]
    lines += [f"- on disk: {done.bytes_before:,} bytes before, {done.bytes_after:,} after"]
    title = f"release {done.release}" if done.release else "no new release"
    return "\n".join([f"# Maintenance: {title}", "", *lines])


def evaluation_report(compared: Comparison) -> str:
    """Return an evaluation as Markdown: each figure with its interval, and another's where there is one."""
    one, other = compared.evaluation, compared.against
    head = ["metric", f"release {one.release}, {one.view}"]
    head += [f"release {other.release}, {other.view}", "difference"] if other else []
    rows = [[name, *map(_estimate, figures)][: len(head)] for name, *figures in compared.rows()]
    lines = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
    asked = f"{count(one.queries, 'question')} asked, {one.left_out} left out; 95% bootstrap intervals."
    lost = [f"- `{m.id}` expects `{m.document}`: {m.why}" for m in one.examples()]
    told = f"{count(len(one.missing), 'thing')} they expect cannot be found, such as:"
    missing = [told, "\n".join(lost)] if lost else []
    fitted = [f"**Fitted:** `min_score: {compared.threshold['threshold']:.4f}`"] if compared.threshold else []
    return "\n\n".join(["# Evaluation", asked, "\n".join(lines), *missing, *fitted])


def _estimate(figure: Estimate | None) -> str:
    return "" if figure is None else f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _refusal(run: Run) -> str:
    if not run.refused:
        return ""
    told, what = run.refused, "Failed" if run.state == "failed" else "Refused"
    return f"**{what}.** {told['detail']}\n\n*State:* {told['state']}\n\n*To do:* {told['fix']}"


def _changes(run: Run) -> str:
    items, chunks, documents = run.items, run.chunks, run.documents
    of, stored = documents.get, "{} in the store".format
    cells: list[list[object]] = [
        ["", "added", "changed", "removed", "unchanged", "quarantined", "in all"],
        ["---"] * 7,
        [
            "items",
            items.added,
            items.changed,
            items.removed,
            items.unchanged,
            items.quarantined,
            items.listed,
        ],
        ["documents", of("added", 0), of("updated", 0), of("removed", 0), "", "", stored(of("total", 0))],
        ["chunks", chunks.added, chunks.updated, chunks.removed, "", "", stored(chunks.total)],
    ]
    if not documents:  # a feature's items are its rows
        cells = [cells[0], cells[1], ["rows", *cells[2][1:]]]
    table = "\n".join("| " + " | ".join(map(str, row)) + " |" for row in cells)
    stale = of("stale", 0)
    kept = f"\n\n{count(stale, 'document')} kept in the last good version: the new one does not pass."
    return table + (kept if stale else "")


def _cost(run: Run) -> str:
    spent = ", ".join(f"{stage} {run.seconds[stage]:.2f} s" for stage in STAGES if run.seconds.get(stage))
    paid = f"{run.parsed} parsed, {run.embedded} embedded, {run.from_cache} from the cache"
    written = f"{run.bytes_written:,} bytes written"
    took = f"**Time:** {run.seconds['total']:.2f} s ({spent})"
    return "\n\n".join(filter(None, [f"**Paid for:** {paid}; {written}", _planned(run), took]))


def _planned(run: Run) -> str:
    """What the listing let expect, beside what it was."""
    if not run.planned:
        return ""
    seconds = run.planned["seconds"]
    expected = "unknown" if seconds is None else f"{seconds:g} s"
    head = "| | planned | actual |\n|---|---|---|"
    return (
        f"{head}\n| items to parse | {run.planned['parsed']:g} | {run.parsed} |\n"
        f"| time | {expected} | {run.seconds['total']:.1f} s |"
    )


def _gates(run: Run) -> str:
    lines = [f"- rejected: {n} x `{reason}`" for reason, n in run.reasons.items()]
    for suite, result in run.gates.get("suites", {}).items():
        rows = count(result["rows"], "row")
        lines.append(f"- suite `{suite}`: {'passed' if result['success'] else 'FAILED'} on {rows}")
    if "rejected_share" in run.gates:
        share = run.gates["rejected_share"]
        few = " (so few stop no publish)" if share["value"] > share["limit"] and run.published else ""
        lines.append(f"- rejected share {share['value']:.2%}, at most {share['limit']:.2%}{few}")
    if "evaluation" in run.gates:
        told = run.gates["evaluation"]
        value = "not measured" if told["value"] is None else f"{told['value']:.3f}"
        asked = count(told["queries"], "question")
        lines.append(f"- {told['metric']} {value} over {asked}, at least {told['min']:g}")
    return "**Gates**\n\n" + "\n".join(lines) if lines else ""

"""Plans as Markdown: what a run would do and cost, for whoever asked with `dry_run` in the Prefect UI."""

from __future__ import annotations

from typing import Any

from schemas.counts import count


def plan_report(plan: dict[str, Any]) -> str:
    """Return what an ingest of a source would do; `plan` is a `SourcePlan` as a dict."""
    title = f"# {plan['source']}: plan"
    items = plan["items"]
    if not items:
        return "\n\n".join([title, "It cannot be told without reading it.", *_refusal(plan["refused"])])
    counts = "\n".join(f"| {what} | {n} |" for what, n in items.items())
    texts = count(plan["texts_to_embed"], "text")
    cost = [f"{plan['parsed']} to parse, {texts} to embed; {_about(plan['seconds'])}"]
    return "\n\n".join([title, f"| items | |\n|---|---|\n{counts}", *cost, *_refusal(plan["refused"])])


def backfill_plan_report(plan: dict[str, Any]) -> str:
    """Return what a backfill would do: indexes to build, or a line for each source."""
    builds = [
        f"- index `{one['index']}` would be built beside the live one from "
        f"{count(one['documents'], 'document')}; {_about(one['seconds'])}"
        for one in plan["builds"]
    ]
    rows = [
        f"| {one['source']} | {one['stage']} | {one['items']} | {one['documents']} | {one['partitions']} "
        f"| {_about(one['seconds'])} |"
        for one in plan["sources"]
    ]
    head = "| source | from | items | documents | partitions | time |\n|---|---|---|---|---|---|"
    table = ["\n".join([head, *rows])] if rows else []
    return "\n\n".join(["# Backfill: plan", *builds, *table, *_refusal(plan["refused"])])


def _refusal(told: dict[str, str] | None) -> list[str]:
    return [f"**Would be refused.** {told['detail']}\n\n*To do:* {told['fix']}"] if told else []


def _about(seconds: float | None) -> str:
    return f"about {seconds:g} s" if seconds is not None else "time unknown"

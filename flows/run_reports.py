"""What an operator sees first of a run: a line of counts, then what it did, with links into the inspector."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flows.inspector_links import linked
from flows.reports import change_report
from flows.stages.diffing import ReleaseDiff
from schemas.counts import count
from schemas.freshness import Freshness
from schemas.run import Run

LINES = 15
"""Documents of one kind that a page names; the inspector has all of them."""
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def run_page(run: Run, found: ReleaseDiff | None, fresh: Freshness | None, base: str | None) -> str:
    """Return one run as Markdown: counts in a line, the report, the difference, the source's freshness."""
    title, _, rest = change_report(run).partition("\n\n")
    parts = [title, _glance(run, base), rest, _difference(found, base), _links(run, base)]
    parts.append(_fresh(fresh) if fresh else "")
    return "\n\n".join(part for part in parts if part)


def freshness_report(found: Sequence[Freshness], base: str | None) -> str:
    """Return how fresh each source is as Markdown, the late ones first."""
    late = [one for one in found if one.state != "fresh"]
    columns = ("source", "state", "changed", "looked at", "release", "documents", "quarantine")
    head = f"| {' | '.join(columns)} |"
    rows = [_row(one, base) for one in [*late, *(one for one in found if one.state == "fresh")]]
    need = f"**To look at: {len(late)} of {count(len(found), 'source')}.**"
    told = need if late else "**All sources are fresh.**"
    why = [f"- `{one.source}`: {one.detail}" for one in late if one.detail]
    return "\n\n".join(
        filter(
            None, ["# Freshness", told, "\n".join([head, "|---" * len(columns) + "|", *rows]), "\n".join(why)]
        )
    )


def _row(one: Freshness, base: str | None) -> str:
    release = linked(str(one.release), base, f"releases?release={one.release}") if one.release else ""
    waiting = (
        linked(str(one.quarantined), base, f"quarantine?source={one.source}") if one.quarantined else "0"
    )
    state = f"**{one.state}**" if one.state != "fresh" else one.state
    allowed = f", at most {one.max_age}" if one.max_age else ""
    stale = f", {one.stale} stale" if one.stale else ""
    return (
        f"| {one.source} | {state} | {_ago(one.age_s)}{allowed} | {_ago(one.looked_s)} | {release} "
        f"| {one.documents}{stale} | {waiting} |"
    )


def _glance(run: Run, base: str | None) -> str:
    items, stale = run.items, run.documents.get("stale", 0)
    counts = [f"**{items.added}** added", f"**{items.changed}** changed", f"**{items.removed}** removed"]
    waiting = f"{items.quarantined} in quarantine"
    if items.quarantined:
        waiting = f"**{linked(waiting, base, f'quarantine?source={run.source}')}**"
    return " . ".join([*counts, f"{items.unchanged} unchanged", waiting, f"{stale} stale"])


def _difference(found: ReleaseDiff | None, base: str | None) -> str:
    if found is None:
        return ""
    kinds = {
        "added": found.documents.added,
        "changed": found.documents.changed,
        "removed": found.documents.removed,
    }
    place = f"releases?release={found.after}&before={found.before}"
    lines = ["**" + linked(f"Release {found.before} to {found.after}", base, place) + "**", ""]
    for kind, rows in kinds.items():
        release = found.before if kind == "removed" else found.after
        lines += [_entry(kind, row, release, base) for row in rows[:LINES]]
        lines += [f"- ... and {len(rows) - LINES} more {kind}"] if len(rows) > LINES else []
    return "\n".join(lines) if len(lines) > 2 else ""  # noqa: PLR2004 - the head alone


def _entry(kind: str, row: dict[str, Any], release: int, base: str | None) -> str:
    what = f" ({', '.join(row['what'])})" if row.get("what") else ""
    key = plain(row["key"])
    return f"- {kind}: " + linked(key, base, f"documents/{row['document_id']}?release={release}") + what


def _links(run: Run, base: str | None) -> str:
    if base is None:
        return ""
    return f"[Ask this release]({base}#ask?release={run.release}) . [All sources]({base}#sources)"


def _fresh(one: Freshness) -> str:
    allowed = f", at most {one.max_age} allowed" if one.max_age else ""
    return f"**Freshness:** {one.state}; changed at the source {_ago(one.age_s)}{allowed}"


def _ago(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size), UNITS[-1])
    return f"{seconds / size:.0f} {unit} ago"


def plain(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line: names of items may hold anything."""
    kept = " ".join(text.split())
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>()#+!|&~" else one for one in kept)


def moment(at: datetime | None) -> str:
    """Return a time to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "never"

"""The lineage graph: which source feeds which table, context view and dataset, drawn as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.counts import count
from schemas.feature import table_of
from schemas.freshness import Freshness
from schemas.project import Project
from schemas.release import Release

INK, SOFT, EDGE, LATE = "#182125", "#55636a", "#9db0b8", "#8a5300"
COLUMNS = ("sources", "documents and facts", "indexes", "contexts and datasets")
SOURCES, TABLES, INDEXES, MADE = COLUMNS
ROW_IN, COLUMN_IN = 0.5, 2.75
WIDE, HIGH = 0.72, 0.7
"""A box's part of its column's width and of its row's height."""
LETTERS = 36
Node = tuple[str, str]
"""A column and a name in it."""


@dataclass(kw_only=True)
class Graph:
    """What feeds what."""

    notes: dict[Node, str] = field(default_factory=dict)
    """Each node's second line."""
    edges: list[tuple[Node, Node]] = field(default_factory=list)
    late: set[Node] = field(default_factory=set)


def lineage(project: Project, release: Release | None, fresh: Sequence[Freshness]) -> Graph:
    """Return the graph of a project at a release."""
    graph, counts = Graph(), release.counts if release else {}
    documents = (TABLES, "documents")
    graph.notes[documents] = count(counts.get("documents", 0), "row")
    for one in fresh:
        node = (SOURCES, one.source)
        what = "row" if one.kind == "feature" else "document"
        graph.notes[node] = f"{count(one.documents, what)}, {one.state}"
        table = (TABLES, table_of(one.source)) if one.kind == "feature" else documents
        graph.notes.setdefault(table, count(one.documents, "row"))
        graph.edges.append((node, table))
        graph.late |= set() if one.state == "fresh" else {node}
    for name in project.indexes:
        rows = sum(n for counted, n in counts.items() if counted.startswith(f"chunks__{name}"))
        graph.notes[INDEXES, name] = count(rows, "chunk")
        graph.edges.append((documents, (INDEXES, name)))
    _made(project, graph)
    return graph


def _made(project: Project, graph: Graph) -> None:
    for name, view in project.context_views.items():
        node = (MADE, f"context {name}")
        graph.notes[node] = ", ".join(view.sources) if view.sources else "every source"
        graph.edges.append(((INDEXES, view.index), node))
        graph.edges += [((TABLES, table_of(feature)), node) for feature in view.features]
    for name, dataset in project.datasets.items():
        node, view_name = (MADE, f"dataset {name}"), dataset.context_view
        index = project.context_views[view_name].index if view_name else next(iter(project.indexes))
        graph.notes[node] = f"{dataset.type} of {dataset.source or view_name or 'all'}"
        graph.edges.append(((INDEXES, index), node))


def lineage_png(project: Project, release: Release | None, fresh: Sequence[Freshness]) -> bytes:
    """Return the graph as PNG: a column for each step; what is late says so, and has a darker edge."""
    from matplotlib.figure import Figure

    graph = lineage(project, release, fresh)
    columns = [[node for node in graph.notes if node[0] == column] for column in COLUMNS]
    rows = max(len(column) for column in columns)
    drawn = Figure(figsize=(COLUMN_IN * len(COLUMNS), ROW_IN * (rows + 1)))
    axes = drawn.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, len(COLUMNS))
    axes.set_ylim(rows, -1)
    axes.axis("off")
    at = {
        node: (x + 0.5, (rows - len(column)) / 2 + y + 0.5)
        for x, column in enumerate(columns)
        for y, node in enumerate(column)
    }
    for before, after in graph.edges:
        if before in at and after in at:
            _edge(axes, at[before], at[after])
    for node, place in at.items():
        _box(axes, place, node[1], graph.notes[node], LATE if node in graph.late else EDGE)
    for x, column in enumerate(COLUMNS):
        axes.text(x + 0.5, -0.5, column, ha="center", va="center", fontsize=9, color=SOFT)
    out = io.BytesIO()
    drawn.savefig(out, format="png", dpi=110, metadata={"Software": None}, facecolor="white")
    return out.getvalue()


def _box(axes: Any, place: tuple[float, float], name: str, note: str, color: str) -> None:
    from matplotlib.patches import Rectangle

    x, y = place
    corner = (x - WIDE / 2, y - HIGH / 2)
    axes.add_patch(Rectangle(corner, WIDE, HIGH, facecolor="white", edgecolor=color, linewidth=1.3, zorder=2))
    axes.text(x, y - 0.15, _short(name), ha="center", va="center", fontsize=9, color=INK, zorder=3)
    axes.text(x, y + 0.17, _short(note), ha="center", va="center", fontsize=7.5, color=SOFT, zorder=3)


def _edge(axes: Any, before: tuple[float, float], after: tuple[float, float]) -> None:
    """A line from the right side of a box to the left side of another."""
    (x1, y1), (x2, y2) = before, after
    arrow = {"arrowstyle": "-|>", "color": EDGE, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=(x2 - WIDE / 2, y2), xytext=(x1 + WIDE / 2, y1), arrowprops=arrow, zorder=1)


def _short(text: str) -> str:
    return text if len(text) <= LETTERS else text[: LETTERS - 1] + "\u2026"

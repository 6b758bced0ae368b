"""Plots: figures with their intervals as a picture that a page can hold in itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

from schemas.evaluation import Comparison, Estimate

COLORS = ("#1f5fa8", "#c2611f")
ROW_IN = 0.32
"""Height of one figure's row, in inches."""


def figures_png(compared: Comparison) -> bytes:
    """Return the figures as dots with their 95% intervals, one color for each evaluation, as PNG."""
    from matplotlib.figure import Figure

    rows = compared.rows()
    drawn = Figure(figsize=(7, 1.2 + ROW_IN * len(rows)), layout="constrained")
    axes = drawn.add_subplot()
    for n, one in enumerate(filter(None, (compared.evaluation, compared.against))):
        figures = [row[2] if n else row[1] for row in rows]
        at = [place + 0.25 * n for place, figure in enumerate(figures) if figure is not None]
        _dots(axes, [figure for figure in figures if figure is not None], at, COLORS[n],
              f"release {one.release}, {one.view}")  # fmt: skip
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axes.set_xlim(0, 1)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    out = io.BytesIO()
    drawn.savefig(out, format="png", dpi=110, metadata={"Software": None})
    return out.getvalue()


def data_uri(png: bytes) -> str:
    """Return a PNG as a URI that holds it."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _dots(axes: object, figures: list[Estimate], at: list[float], color: str, label: str) -> None:
    values = [figure.value for figure in figures]
    sides = [[f.value - f.low for f in figures], [f.high - f.value for f in figures]]
    floored = [[max(0.0, side) for side in part] for part in sides]
    axes.errorbar(values, at, xerr=floored, fmt="o", color=color, capsize=3, label=label)  # type: ignore[attr-defined]


def trend_png(points: Sequence[tuple[int, float, float]], metric: str) -> bytes:
    """Return a metric by release as PNG; a point is the release, its figure and the least that was wanted."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    drawn = Figure(figsize=(7, 2.8), layout="constrained")
    axes = drawn.add_subplot()
    numbers, values, least = zip(*points, strict=True)
    axes.plot(numbers, values, marker="o", color=COLORS[0], label=metric)
    axes.step(numbers, least, where="mid", linestyle="--", color=COLORS[1], label="at least")
    axes.set_ylim(max(0.0, min(*values, *least) - 0.1), 1.02)
    axes.set_xlabel("release")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(axis="y", alpha=0.3)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    out = io.BytesIO()
    drawn.savefig(out, format="png", dpi=110, metadata={"Software": None})
    return out.getvalue()

"""A dataset's plots: what its rows are of, why others were refused, how long they are."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from flows.plots import COLORS

FILE = "_meta/counts.png"
BARS = 10
BINS = 24


def counts_png(told: Mapping[str, Any], tokens: Sequence[int]) -> bytes:
    """Return the plots of what was counted, as PNG."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(9, 5.4))
    (splits, sources), (refused, lengths) = drawn.subplots(2, 2)
    drawn.subplots_adjust(left=0.16, right=0.98, top=0.93, bottom=0.09, wspace=0.5, hspace=0.45)
    _bars(splits, "rows of each split", told["splits"], COLORS[0])
    _bars(sources, "rows from each source", told["balance"].get("source", {}), COLORS[0])
    _bars(refused, "refused, by reason", told["refused"], COLORS[1])
    lengths.set_title("tokens of a row", fontsize=9, loc="left")
    if tokens:
        lengths.hist(list(tokens), bins=BINS, color=COLORS[0])
    lengths.tick_params(labelsize=8)
    out = io.BytesIO()
    drawn.savefig(out, format="png", dpi=100, metadata={"Software": None})
    return out.getvalue()


def _bars(axes: Any, title: str, counts: Mapping[str, int], color: str) -> None:
    most = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:BARS]
    axes.set_title(title, fontsize=9, loc="left")
    drawn = axes.barh(range(len(most)), [n for _, n in most], color=color, height=0.7)
    axes.bar_label(drawn, fontsize=7, padding=2)
    axes.set_yticks(range(len(most)), [name for name, _ in most], fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    axes.margins(x=0.15)
    axes.invert_yaxis()

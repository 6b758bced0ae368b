"""The benchmark table: what every row measured, against its limit or its peer."""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from tests.benchmarks.measuring import LARGE, REPEATS, SCALE

OUT = "HEADWATER_BENCH_OUT"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number."""

    name: str
    what: str
    value: float
    unit: str
    limit: float | None = None
    at: Literal["most", "least"] = "most"
    peer: float | None = None
    """What the number is compared with when it has no limit."""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The value as a share of its limit, or of its peer."""
        other = self.limit if self.limit is not None else self.peer
        return self.value / other if other else None

    @property
    def passed(self) -> bool | None:
        """Whether it keeps its limit; None without one."""
        if self.limit is None:
            return None
        return self.value <= self.limit if self.at == "most" else self.value >= self.limit

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "passed": self.passed}


ROWS: list[Row] = []


def add(*rows: Row) -> None:
    """Put rows into the table, then fail the test whose row misses its limit."""
    ROWS.extend(rows)
    missed = [
        f"{row.name}: {row.value:.4g} {row.unit}, limit {row.limit:.4g}" for row in rows if _missed(row)
    ]
    assert not missed, "; ".join(missed)


def shown() -> str:
    """Return the table as text, each row's note below it."""
    head = ("row", "what", "value", "limit or peer", "ratio", "")
    rows = sorted(ROWS, key=lambda row: row.name.split()[0])
    cells = [_cells(row) for row in rows]
    widths = [max(len(line[n]) for line in [head, *cells]) for n in range(len(head))]
    lines = [_line(head, widths), _line(tuple("-" * width for width in widths), widths)]
    for row, line in zip(rows, cells, strict=True):
        lines.append(_line(line, widths))
        lines += ["    " + row.note] if row.note else []
    return "\n".join(
        [*lines, "", f"repeats {REPEATS} (medians), scale {SCALE:g}, large {'yes' if LARGE else 'no'}"]
    )


def save() -> None:
    """Write the rows as JSON where HEADWATER_BENCH_OUT says."""
    if out := os.environ.get(OUT):
        whole = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": {
                "cpus": os.cpu_count(),
                "system": platform.platform(),
                "python": platform.python_version(),
            },
            "repeats": REPEATS,
            "scale": SCALE,
            "large": LARGE,
            "rows": [row.as_dict() for row in ROWS],
        }
        Path(out).write_text(json.dumps(whole, indent=2) + "\n")


def _missed(row: Row) -> bool:
    """A shrunken run shows that rows work; it judges nothing."""
    return row.passed is False and SCALE >= 1


def _cells(row: Row) -> tuple[str, ...]:
    other = ""
    if row.limit is not None:
        other = f"{'<=' if row.at == 'most' else '>='} {_number(row.limit)} {row.unit}"
    elif row.peer is not None:
        other = f"peer {_number(row.peer)} {row.unit}"
    verdict = {True: "pass", False: "FAIL", None: ""}[row.passed]
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
    return row.name, row.what, f"{_number(row.value)} {row.unit}", other, ratio, verdict


def _number(value: float) -> str:
    if value and abs(value) < 1:
        return f"{value:.5f}".rstrip("0")
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()

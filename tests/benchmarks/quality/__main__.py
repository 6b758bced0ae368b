"""Ingest the question sets, ask them under each technique, and print what each one gains.

usage: python -m tests.benchmarks.quality WORK [SET[:N] ...] [--model FOLDER]

WORK keeps the stores of one model, by default MiniLM; of SET:N every N-th question is asked.

`coffee` and `covid` are sets that no default was chosen on; they are asked where they are named.
A cell that reaches its goal has a star. "Better leg" is the keyword or the vector leg alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.quality.scores import Asker
from tests.benchmarks.quality.sets import SETS, QuestionSet, ingested, shared_sets
from tests.benchmarks.quality.techniques import GOALS, VIEWS, view_name
from tests.benchmarks.quality.unseen import UNSEEN, written


def main(work: Path, names: list[str], model: str | None = None) -> int:
    """Print one table per set; return 1 where a set's default is below its better leg by more than .01."""
    base = shared_sets()
    if base is None:
        print("HEADWATER_SHARED names no folder with data/retrieval in it: nothing to measure")
        return 0
    settings: dict[str, Any] = {"context_views": {view_name(label): view for label, view in VIEWS.items()}}
    if model is not None:
        settings["indexes"] = {"default": {"embedder": {"model": model}}}
    behind = False
    for asked in names or SETS:
        name, _, step = asked.partition(":")
        folder = written(name, base.parent / "tuning", work) if name in UNSEEN else base / name
        found = QuestionSet(folder, int(step or 1))
        started = time.perf_counter()
        asker = Asker(found, ingested(found, work, settings))
        rows = {label: asker.scores(view_name(label)) for label in VIEWS}
        seconds = time.perf_counter() - started
        print(table(name, rows), f"{len(found.questions)} questions, {seconds:.0f} s\n", sep="\n", flush=True)
        behind |= is_behind(name, rows)
    return int(behind)


def table(name: str, rows: dict[str, dict[str, float]]) -> str:
    """Return the scores of a set, a technique per line, each goal in the head."""
    goals = GOALS.get(name, {})
    measures = list(next(iter(rows.values())))
    heads = [f"{measure} ({goals[measure]:.3g})" if measure in goals else measure for measure in measures]
    lines = [f"| {name} | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    for label, scores in rows.items():
        cells = [_cell(scores[measure], goals.get(measure)) for measure in measures]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def is_behind(name: str, rows: dict[str, dict[str, float]], by: float = 0.01) -> bool:
    """Tell whether the default is below the better leg by more than `by` in a measure that has a goal."""
    return any(
        rows["default"][measure] < max(rows["keyword"][measure], rows["vector"][measure]) - by
        for measure in GOALS.get(name, {})
    )


def _cell(score: float, goal: float | None) -> str:
    return f"{score:.3f}" + ("*" if goal is not None and round(score, 3) >= goal else "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.quality")
    parser.add_argument("work", type=Path)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--model")
    given = parser.parse_args()
    sys.exit(main(given.work, given.sets, given.model))

"""General rows at the end of the train split, against forgetting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from heapq import nsmallest
from pathlib import Path
from typing import Any

from flows.stages.dataset_plan import Plan
from infra.json_lines import rows_of
from schemas.errors import ConfigError
from schemas.identity import digest


def replayed(
    plan: Plan, train: Path, rows: int, columns: tuple[str, ...], held: Callable[[str], str | None]
) -> int:
    """Append general rows to a train split of so many rows, and return how many.

    Which ones is decided by lot, the same lot every time; rows that an evaluation holds a part of are left
    out. Raises ConfigError for a file whose rows have other columns.
    """
    replay, path = plan.section.replay, plan.reads.replay
    if replay is None or path is None or not rows:
        return 0
    wanted = round(rows * replay.share / (1 - replay.share))
    chosen = nsmallest(wanted, _lots(path, columns, held))
    with train.open("a", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for _, line in chosen)
    return len(chosen)


def _lots(
    path: Path, columns: tuple[str, ...], held: Callable[[str], str | None]
) -> Iterator[tuple[str, str]]:
    shape = json.dumps(dict.fromkeys(columns, "..."))
    for where, row in rows_of(path, shape):
        if set(row) != set(columns):
            raise ConfigError(
                f"{where}: has {', '.join(row)}; the dataset's rows have {', '.join(columns)}",
                fix=f"write general rows in the dataset's own format: {shape}",
            )
        if not any(held(text) for text in _texts(row)):
            line = json.dumps({name: row[name] for name in columns}, ensure_ascii=False)
            yield digest("replay", line), line


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)

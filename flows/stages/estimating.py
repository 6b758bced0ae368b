"""Estimates: how long work will take, from the last runs of the same source."""

from __future__ import annotations

from typing import Any

from flows.workspace import Workspace
from infra.store import logs
from transforms.rates import line

RUNS = 20
"""Only the newest runs count: machines, models and documents change."""
START_UP_S = 3.0
LOAD_S = 1.0
"""Seconds to load what parses and judges, and to load a model, until runs of different sizes tell better."""


def estimate_s(workspace: Workspace, name: str, *, parses: int, texts: int | None) -> float | None:
    """Return the seconds that so many parses and new texts would take; None before any run had work to do.

    `texts` None: as many for each parsed item as in the runs seen.
    """
    seen = [run for run in logs.last_reports(workspace.store, name, RUNS) if run["parsed"]]
    if not seen:
        return None if parses or texts else START_UP_S
    if not parses and not texts:
        return round(min(_other_s(run) for run in seen), 1)
    embedded = [run for run in seen if run["embedded"]]
    if texts is None:
        texts = round(parses * sum(run["embedded"] for run in seen) / sum(run["parsed"] for run in seen))
    fixed, each = line([run["parsed"] for run in seen], [_other_s(run) for run in seen], fixed_s=START_UP_S)
    total = fixed + parses * each
    if embedded and texts:
        spent = [run["seconds"]["embed"] for run in embedded]
        fixed, each = line([run["embedded"] for run in embedded], spent, fixed_s=LOAD_S)
        total += fixed + texts * each
    return round(total, 1)


def _other_s(run: dict[str, Any]) -> float:
    return float(run["seconds"]["total"] - run["seconds"].get("embed", 0.0))

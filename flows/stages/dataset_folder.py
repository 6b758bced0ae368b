"""A dataset's folder: rows, lineage, card and manifest, the same bytes for the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from flows.stages.dataset_documents import Documents
from flows.stages.dataset_lineage import lineage_file, rename_split
from flows.stages.dataset_plan import Plan
from flows.stages.dataset_refusals import Refusals
from flows.stages.dataset_replay import replayed
from flows.stages.dataset_sieves import Sieves, groups_of
from flows.stages.dataset_tally import Tally
from flows.stages.dataset_told import write_told
from schemas.counts import count
from schemas.dataset import Example, Refusal
from schemas.errors import RefusedError
from transforms.datasets.splits import Shares, promoted

FIXES = {
    Refusal.AUDIENCE: "name in `audience` those who may read the source, or take a source that all of them "
    "may read",
    Refusal.NOT_LABELED: "label the documents with what `require` names, or require less",
    Refusal.NO_REPLY: "name in `author` somebody who answers others, and read the source with "
    "`records: threads`, so that a document is a thread",
}
"""What to do where nothing is left; the first reason that there was says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a folder holds."""

    splits: Mapping[str, int]
    files: Mapping[str, str]
    """File -> sha256, the manifest included."""


def write_rows(
    partial: Path, examples: Iterable[Example], documents: Documents, plan: Plan, sieves: Sieves
) -> Tally:
    """Write every row to the file of its split, and its lineage; return what was counted."""
    tally = Tally(lengths=sieves.lengths)
    with ExitStack() as stack:
        files: dict[str, TextIO] = {}
        lineage = stack.enter_context(lineage_file(partial / "_meta", plan))
        for example in examples:
            split = plan.split_of(documents.family_of(example.document_id))
            if split not in files:
                path = partial / plan.file_of(split)
                files[split] = stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
            row = plan.write(example)
            line = json.dumps(row, ensure_ascii=False)
            files[split].write(line + "\n")
            tally.add(example, split, row, groups_of(example, documents))
            lineage.add(example, split, tally.splits[split], line)
    return tally


def finish(partial: Path, tally: Tally, plan: Plan, sieves: Sieves, refusals: Refusals) -> Written:
    """Write what a folder says of itself, once its rows and refusals are there.

    Raises RefusedError when fewer rows are left than the definition asks for, or when a row is nearly in two
    splits.
    """
    _check(tally, plan, refusals)
    if not plan.parts:
        if isinstance(plan.splitting, Shares):
            _fill_train(partial, tally)
        columns, held = tuple(tally.examples[0]), sieves.contamination.holds
        tally.replayed = replayed(plan, partial / "train.jsonl", tally.splits["train"], columns, held)
    return Written(splits=tally.counts(), files=write_told(partial, tally, plan, refusals.told(), sieves))


def _check(tally: Tally, plan: Plan, refusals: Refusals) -> None:
    """Raise RefusedError for too few rows, and for rows that are nearly in two splits."""
    rows, least = tally.splits.total(), plan.section.min_rows
    where = f"dataset {plan.name!r} at release {plan.release.release}"
    if rows < least:
        none = "nothing was served yet" if plan.type.interactions else "no documents"
        told = ", ".join(f"{n} {reason}" for reason, n in sorted(refusals.counts.items())) or none
        left = "no row left" if not rows else f"{count(rows, 'row')} left, of which it needs {least}"
        raise RefusedError(
            f"{where} has {left}, for {', '.join(plan.section.audience)}; refused: {told}",
            fix=_fix(refusals, plan),
        )
    if tally.straddling.pairs:
        one, other = tally.straddling.pairs[0]
        raise RefusedError(
            f"{where} has {count(len(tally.straddling.pairs), 'pair')} of rows that are nearly alike in two "
            f"splits, such as {one} and {other}",
            fix="lower `duplicates.near` of the definition",
        )


def _fix(refusals: Refusals, plan: Plan) -> str:
    for reason, fix in FIXES.items():
        if refusals.counts[reason]:
            return fix
    if plan.type.interactions:
        return "serve with `headwater serve`, and send what people say of the answers to /v1/feedback"
    return "look at the definition's source, view and settings"


def _fill_train(partial: Path, tally: Tally) -> None:
    """Rename the largest split to `train` when so few families were there that none fell into it."""
    chosen = promoted(tally.splits)
    if chosen is None:
        return
    (partial / f"{chosen}.jsonl").rename(partial / "train.jsonl")
    tally.splits["train"] = tally.splits.pop(chosen)
    rename_split(partial / "_meta", chosen, "train")

"""A dataset's folder: rows, lineage, card and manifest, the same bytes for the same rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from flows.stages.dataset_lineage import lineage_file, rename_split
from flows.stages.dataset_plan import Plan
from flows.stages.dataset_tally import Tally
from flows.stages.dataset_told import card_of, write_manifest
from schemas.dataset import Example
from transforms.datasets.card import card
from transforms.datasets.splits import promoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a folder holds."""

    splits: Mapping[str, int]
    files: Mapping[str, str]
    """File -> sha256, the manifest included."""

    @property
    def rows(self) -> int:
        """Rows in all splits."""
        return sum(self.splits.values())


def write_folder(
    partial: Path, examples: Iterable[Example], families: Mapping[str, str], plan: Plan, refused: Counter[str]
) -> Written:
    """Write rows, lineage, card and manifest; `refused` is complete once the examples are."""
    (partial / "_meta").mkdir()
    tally = Tally()
    with ExitStack() as stack:
        files: dict[str, TextIO] = {}
        lineage = stack.enter_context(lineage_file(partial / "_meta", plan))
        for example in examples:
            split = plan.split_of(families.get(example.document_id, example.document_id))
            if split not in files:
                path = partial / plan.file_of(split)
                files[split] = stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
            row = plan.write(example)
            line = json.dumps(row, ensure_ascii=False)
            files[split].write(line + "\n")
            tally.add(example, split, row)
            lineage.add(example, split, tally.splits[split], line)
    if not plan.parts:
        _fill_train(partial, tally)
    page = card(card_of(tally, plan, refused))
    (partial / "README.md").write_text(page, encoding="utf-8", newline="\n")
    return Written(splits=tally.counts(), files=write_manifest(partial, tally, plan, refused))


def _fill_train(partial: Path, tally: Tally) -> None:
    """Rename the largest split to `train` when so few families were there that none fell into it."""
    chosen = promoted(tally.splits)
    if chosen is None:
        return
    (partial / f"{chosen}.jsonl").rename(partial / "train.jsonl")
    tally.splits["train"] = tally.splits.pop(chosen)
    rename_split(partial / "_meta", chosen, "train")

"""What has been written of a dataset so far, counted for its card and its manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.dataset import SPLITS, Example

SHOWN_ROWS = 2


@dataclass(kw_only=True)
class Tally:
    """What has been written so far."""

    splits: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    documents: set[str] = field(default_factory=set)
    examples: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, example: Example, split: str, row: Mapping[str, Any]) -> None:
        """Count one row."""
        self.splits[split] += 1
        self.kinds[example.kind] += 1
        self.sources.update(use.source for use in example.uses[:1])
        self.documents.add(example.document_id)
        if len(self.examples) < SHOWN_ROWS:
            self.examples.append(row)

    def counts(self) -> dict[str, int]:
        """Return the rows of each split."""
        return {split: self.splits[split] for split in SPLITS}

"""What has been written of a dataset so far, counted for its card and its manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.dataset import SPLITS, Example
from transforms.datasets.lengths import Lengths
from transforms.datasets.sieves.caps import Groups
from transforms.datasets.sieves.repeats import Straddling
from transforms.datasets.vocabulary import Vocabulary

SHOWN_ROWS = 2


@dataclass(kw_only=True)
class Tally:
    """What has been written so far."""

    lengths: Lengths
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    straddling: Straddling = field(default_factory=Straddling)
    splits: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    balance: dict[str, Counter[str]] = field(default_factory=dict)
    """Kind, such as `source`, `author` or `label:license` -> rows of each."""
    documents: set[str] = field(default_factory=set)
    examples: list[Mapping[str, Any]] = field(default_factory=list)
    replayed: int = 0
    """General rows at the end of the train split."""

    def add(self, example: Example, split: str, row: Mapping[str, Any], groups: Groups) -> None:
        """Count one row."""
        self.splits[split] += 1
        self.kinds[example.kind] += 1
        for kind, name in groups:
            if kind != "document":
                self.balance.setdefault(kind, Counter())[name] += 1
        self.documents.add(example.document_id)
        self.lengths.add(row)
        self.vocabulary.add(example)
        self.straddling.add(split, example)
        if len(self.examples) < SHOWN_ROWS:
            self.examples.append(row)

    def counts(self) -> dict[str, int]:
        """Return the rows of each split, general ones included."""
        found = {split: self.splits[split] for split in SPLITS}
        return {**found, SPLITS[0]: found[SPLITS[0]] + self.replayed}

    def balanced(self) -> dict[str, dict[str, int]]:
        """Return the rows of each source, author and label."""
        return {kind: dict(sorted(rows.items())) for kind, rows in sorted(self.balance.items())}

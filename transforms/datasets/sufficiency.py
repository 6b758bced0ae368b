"""Sufficiency: whether a dataset has enough rows for what it is made for, by a rule that is told with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How many rows a kind of dataset needs. Rules of thumb: only a trained model's evaluation decides."""

    thin: int
    """Fewer are too few."""
    enough: int
    why: str

    def __post_init__(self) -> None:
        """Refuse a rule that no number of rows keeps."""
        if not 0 < self.thin <= self.enough:
            raise ValueError(f"thin is {self.thin} and enough {self.enough}; write 0 < thin <= enough")

    def verdict(self, rows: int) -> str:
        """Return `enough`, `thin` or `too few`."""
        if rows >= self.enough:
            return "enough"
        return "thin" if rows >= self.thin else "too few"

    def told(self, rows: int) -> dict[str, Any]:
        """Return the verdict with its numbers, as the manifest has it."""
        return {"verdict": self.verdict(rows), "rows": rows, "thin": self.thin, "enough": self.enough}


CONVERSATIONS = Rule(
    thin=100,
    enough=1_000,
    why='a style or format can show from about a hundred examples, and LIMA (Zhou et al., "Less Is More for '
    'Alignment", 2023) aligned a model with 1,000 chosen ones',
)
TEXTS = Rule(
    thin=1_000,
    enough=10_000,
    why="further pretraining changes little below millions of tokens; a row has up to a few thousand",
)
ANCHORS = Rule(
    thin=1_000,
    enough=10_000,
    why="an embedder that is trained on fewer pairs learns their wording before it learns their field",
)
QUERIES = Rule(
    thin=50,
    enough=200,
    why='with fewer than 50 questions the order of two systems is often chance (Voorhees and Buckley, "The '
    'Effect of Topic Set Size on Retrieval Experiment Error", 2002)',
)
JUDGMENTS = Rule(
    thin=500,
    enough=5_000,
    why="people disagree on every fourth pair or so (Stiennon et al., "
    '"Learning to Summarize from Human Feedback", 2020), and fewer pairs teach the labeler, not the task',
)
